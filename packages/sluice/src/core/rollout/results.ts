/** What the machine makes of an effect's outcome: ok, failed, unknown. */
import { limits } from '../limits.ts'
import {
  type Advancing,
  type Reverting,
  retryDelayMs,
  type RolloutDecision,
  unchanged,
  unknownOutcome,
} from './effects.ts'
import { currentStep, finishStep, giveUp } from './forward.ts'
import { wasMeasured, wasSilent } from './guard.ts'
import { askAgainLater, hookFailure, verificationFailure } from './gates.ts'
import { finishBack, goCold } from './revert.ts'
import type { EffectResult, Failure, RolloutEvent, Stage } from './types.ts'

type Outcome = Extract<RolloutEvent, { type: 'effect_succeeded' | 'effect_failed' | 'effect_unknown' }>

/** Takes the outcome if it belongs to the effect in flight; anything else changes nothing (law 2). */
export const wasPerformed = (state: Advancing | Reverting, event: Outcome): RolloutDecision => {
  const { stage } = state
  if (stage.kind === 'performing' && stage.effect.sequence === event.sequence) {
    if (event.type === 'effect_succeeded') return succeeded(state, { stage, result: event.result }, event.at)
    return failed(state, { stage, failure: failureOf(stage, event) }, event.at)
  }
  if (
    state.status === 'advancing' &&
    state.guard.kind === 'measuring' &&
    state.guard.effect.sequence === event.sequence
  ) {
    if (event.type === 'effect_succeeded' && event.result.kind === 'measured')
      return wasMeasured(state, event.result, event.at)
    return wasSilent(state, event.at, event.type === 'effect_failed' ? event.failure.detail : 'the counts did not come')
  }
  return unchanged(state)
}

type Performing = Extract<Stage, { kind: 'performing' }>

const failureOf = (stage: Performing, event: Exclude<Outcome, { type: 'effect_succeeded' }>): Failure =>
  event.type === 'effect_failed' ? event.failure : unknownOutcome(stage.effect, event.detail)

/** An answer that is no receipt. */
const nothingProbed = { healthy: 0, detail: 'the router gave no receipt', evidence: [] } as const

const succeeded = (
  state: Advancing | Reverting,
  { stage, result }: { readonly stage: Performing; readonly result: EffectResult },
  at: number,
): RolloutDecision => {
  const { action } = stage.effect
  if (action.kind === 'probe') {
    const { healthy, detail: why, evidence } = result.kind === 'probed' ? result : nothingProbed
    const detail = `${healthy} of ${action.count} instances became healthy: ${why}`
    if (healthy < action.count - action.failuresMax)
      return failed(state, { stage, failure: { code: 'health_failed', retry: 'never', detail, evidence } }, at)
  }
  if (action.kind === 'verify') {
    const failure = verificationFailure(result)
    if (failure !== null) return failed(state, { stage, failure }, at)
  }
  if (action.kind === 'hook') {
    const failure = hookFailure(action.name, result)
    if (failure !== null) return failed(state, { stage, failure }, at)
    if (result.kind === 'answered' && result.answer.status === 'in_progress')
      return askAgainLater(state, result.answer, at)
  }
  return state.status === 'advancing' ? finishStep(state, at) : finishBack(state, at)
}

/** A step that did not work: again after a pause, or (forward) back; on the way back there is no giving up. */
const failed = (
  state: Advancing | Reverting,
  { stage, failure }: { readonly stage: Performing; readonly failure: Failure },
  at: number,
): RolloutDecision => {
  const backingOff = {
    kind: 'backing_off',
    attempt: stage.attempt,
    until: at + retryDelayMs(stage.attempt),
    last: failure,
  } as const
  const isHook = stage.effect.action.kind === 'hook'
  if (state.status === 'reverting') {
    // Who is told on the way back is not asked for leave.
    if (isHook && failure.retry === 'never') return finishBack(state, at)
    const isHopeless = state.route === 'warm' && stage.effect.action.kind === 'probe' && failure.retry === 'never'
    if (isHopeless) return goCold(state, at)
    // What should have no traffic has some: an earlier step is not in force, so the way back is walked again.
    const index = failure.code === 'retire_refused' ? 0 : state.index
    return unchanged({ ...state, index, stage: backingOff })
  }
  // A hook has its own time, within which nobody may answer as often as it likes.
  if (failure.retry !== 'never' && (isHook || stage.attempt < limits.stepAttemptsMax))
    return unchanged({ ...state, stage: backingOff })
  // A rollback tells too, and goes on.
  if (stage.effect.action.kind === 'hook' && stage.effect.action.moment === 'revert') return finishStep(state, at)
  return giveUp(state, { kind: 'step_failed', step: currentStep(state), failure }, at)
}
