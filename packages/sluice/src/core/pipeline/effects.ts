/** How an action of a run becomes an effect: its key, its sequence, its fence. */
import { type Decision, unreachable } from '../machine.ts'
import type { Failure } from '../rollout/types.ts'
import type { RunAction, RunCommon, RunEffect, RunEvent, RunState } from './types.ts'

/** What the machine decides. */
export type RunDecision = Decision<RunState, RunEffect>
/** An answer to an effect. */
export type RunOutcome = Extract<RunEvent, { type: 'effect_succeeded' | 'effect_failed' | 'effect_unknown' }>

/** No effects; with the same object, nothing is recorded. */
export const unchanged = <State extends RunState>(state: State): Decision<State, RunEffect> => ({ state, effects: [] })

/** The key of a job's `run_job`; its log and its workspace have the same name. The first execution has no number. */
export const jobKey = (run: string, job: string, execution: number): string =>
  `${run}/job/${job}${execution === 1 ? '' : `~${execution}`}`

/** The next issue of an action. */
export const issue = (
  state: Pick<RunCommon, 'id' | 'token' | 'sequence'>,
  action: RunAction,
  deadlineMs: number,
): RunEffect => {
  const sequence = state.sequence + 1
  return { sequence, key: keyOf(state.id, action), fence: { token: state.token, sequence }, deadlineMs, action }
}

const keyOf = (run: string, action: RunAction): string => {
  switch (action.kind) {
    case 'run_job':
    case 'deliver':
      return jobKey(run, action.job, action.execution)
    case 'resolve_job':
      return `${run}/resolve/${action.job}`
    case 'name_outputs':
      return `${run}/outputs/${action.job}`
    case 'stop_job':
      return `${run}/stop/${action.job}`
    case 'judge_gates':
      return `${run}/gates`
    case 'cut_release':
      return `${run}/cut`
    default:
      return unreachable(action)
  }
}

/** What is recorded when nobody knows whether an effect happened. */
export const unknownFailure = (effect: RunEffect, detail: string): Failure => ({
  code: 'outcome_unknown',
  retry: 'same',
  detail: `${effect.key}: ${detail}`,
  evidence: [],
})
