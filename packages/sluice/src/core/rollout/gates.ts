/** Steps at which something outside says yes or no: checks of the release, and hooks. No answer is never a yes. */
import { gateLimits } from '../limits/gates.ts'
import { type Advancing, type Reverting, type RolloutDecision, unchanged } from './effects.ts'
import type { EffectResult, Failure, HookAnswer, Step } from './types.ts'

type HookStep = Extract<Step, { kind: 'hook' }>

/** The hook that a rollout stands at, forward or back; null at any other step. */
export const hookAt = (state: Advancing | Reverting): HookStep | null => {
  const steps = state.status === 'advancing' ? state.plan.steps : state.plan.revert[state.route]
  const step = steps[state.index]
  return step?.kind === 'hook' ? step : null
}

/** Why a report is no pass; null when it is one. A check that could not look is asked for again, one that failed is not. */
export const verificationFailure = (result: EffectResult): Failure | null => {
  const results = result.kind === 'verified' ? result.report.results : []
  const bad = results.find(({ outcome }) => outcome === 'failed') ?? results.find(({ outcome }) => outcome !== 'passed')
  if (bad === undefined && results.length > 0) return null
  return {
    code: 'verification_failed',
    retry: bad?.outcome === 'failed' ? 'never' : 'later',
    detail: bad === undefined ? 'no check was made, which is no pass' : `${bad.name} ${bad.outcome}: ${bad.detail}`,
    evidence: bad?.evidence ?? [],
  }
}

/** Why a hook's answer is a no; null for a yes, and for one that is not finished. */
export const hookFailure = (name: string, result: EffectResult): Failure | null => {
  if (result.kind !== 'answered')
    return { code: 'hook_unreachable', retry: 'later', detail: `hook ${name} gave no answer`, evidence: [] }
  const { answer } = result
  return answer.status === 'failed'
    ? { code: 'hook_failed', retry: 'never', detail: `hook ${name}: ${answer.detail}`, evidence: answer.evidence }
    : null
}

/** Not finished: the same question again, when the hook says, within bounds. */
export const askAgainLater = (
  state: Advancing | Reverting,
  { retryAfterMs: wanted, detail }: Extract<HookAnswer, { status: 'in_progress' }>,
  at: number,
): RolloutDecision => {
  // Written so that a number that is none is the shortest pause.
  const retryAfterMs = Math.min(
    gateLimits.hookRetryMsMax,
    wanted > gateLimits.hookRetryMsMin ? wanted : gateLimits.hookRetryMsMin,
  )
  return unchanged({ ...state, stage: { kind: 'asking', until: at + retryAfterMs, retryAfterMs, detail } })
}
