/** The end of a run whose jobs all succeeded: its release is cut. */
import { limits } from '../limits.ts'
import type { Artifact } from '../model.ts'
import { retryDelayMs } from '../rollout/effects.ts'
import type { Failure } from '../rollout/types.ts'
import { issue, type RunDecision, type RunOutcome, unchanged, unknownFailure } from './effects.ts'
import type { RunCommon, RunState } from './types.ts'

type Cutting = Extract<RunState, { status: 'cutting' }>

/** Issues the cut. */
export const cut = (
  common: RunCommon,
  artifacts: readonly Artifact[],
  { at, attempt }: { readonly at: number; readonly attempt: number },
): RunDecision => {
  const effect = issue(common, { kind: 'cut_release', artifacts }, limits.cutDeadlineMs)
  const stage = { kind: 'performing', effect, attempt, deadlineAt: at + effect.deadlineMs } as const
  return { state: { ...common, sequence: effect.sequence, status: 'cutting', stage }, effects: [effect] }
}

/** Takes the answer to the cut in flight; anything else changes nothing. */
export const cutAnswered = (state: Cutting, outcome: RunOutcome): RunDecision => {
  const { stage, ...common } = state
  if (stage.kind !== 'performing' || stage.effect.sequence !== outcome.sequence) return unchanged(state)
  if (outcome.type === 'effect_succeeded') {
    if (outcome.result.kind !== 'release_cut') return unchanged(state)
    return unchanged({ ...common, status: 'succeeded', settledAt: outcome.at, release: outcome.result.release })
  }
  const failure: Failure =
    outcome.type === 'effect_failed' ? outcome.failure : unknownFailure(stage.effect, outcome.detail)
  if (failure.retry !== 'never' && stage.attempt < limits.stepAttemptsMax) {
    const until = outcome.at + retryDelayMs(stage.attempt)
    return unchanged({ ...state, stage: { kind: 'backing_off', attempt: stage.attempt, until, last: failure } })
  }
  return unchanged({ ...common, status: 'failed', settledAt: outcome.at, cause: { kind: 'cut_failed', failure } })
}

/** The pause is over, or the answer did not come. */
export const cutTime = (state: Cutting, at: number): RunDecision => {
  const { stage, ...common } = state
  if (stage.kind === 'backing_off') {
    const artifacts = state.jobs.flatMap((job) => (job.status === 'succeeded' ? job.artifacts : []))
    return at >= stage.until ? cut(common, artifacts, { at, attempt: stage.attempt + 1 }) : unchanged(state)
  }
  if (at < stage.deadlineAt) return unchanged(state)
  const detail = `no answer in ${stage.effect.deadlineMs} ms`
  return cutAnswered(state, { type: 'effect_unknown', at, sequence: stage.effect.sequence, detail })
}
