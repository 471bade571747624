/** How an action of a run becomes an effect: its key, its sequence, its fence. */
import type { Decision } from '../machine.ts'
import type { Failure } from '../rollout/types.ts'
import type { RunAction, RunCommon, RunEffect, RunEvent, RunState } from './types.ts'

/** What the machine decides. */
export type RunDecision = Decision<RunState, RunEffect>
/** An answer to an effect. */
export type RunOutcome = Extract<RunEvent, { type: 'effect_succeeded' | 'effect_failed' | 'effect_unknown' }>

/** No effects; with the same object, nothing is recorded. */
export const unchanged = <State extends RunState>(state: State): Decision<State, RunEffect> => ({ state, effects: [] })

/** The key of a job's `run_job`. */
export const jobKey = (run: string, job: string): string => `${run}/job/${job}`

/** The next issue of an action. */
export const issue = (
  state: Pick<RunCommon, 'id' | 'token' | 'sequence'>,
  action: RunAction,
  deadlineMs: number,
): RunEffect => {
  const sequence = state.sequence + 1
  const key =
    action.kind === 'run_job'
      ? jobKey(state.id, action.job)
      : action.kind === 'stop_job'
        ? `${state.id}/stop/${action.job}`
        : `${state.id}/cut`
  return { sequence, key, fence: { token: state.token, sequence }, deadlineMs, action }
}

/** What is recorded when nobody knows whether an effect happened. */
export const unknownFailure = (effect: RunEffect, detail: string): Failure => ({
  code: 'outcome_unknown',
  retry: 'same',
  detail: `${effect.key}: ${detail}`,
  evidence: [],
})
