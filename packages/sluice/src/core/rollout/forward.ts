/** The way forward: entering steps, resting, finishing. */
import { limits } from '../limits.ts'
import { type Advancing, isAction, issue, performing, type RolloutDecision, stepName, unchanged } from './effects.ts'
import { guardAt } from './exposure.ts'
import { commonOf, turnBack, wayBack } from './revert.ts'
import type { Cause, RolloutState, Stage, Step } from './types.ts'
import { closedBy, hasMissed, isHeldAnyway } from './windows.ts'

/** What haste passes over. A yes that not everybody may give is not for everybody to pass over. */
const waits = (step: Step, state: Advancing): boolean =>
  step.kind === 'judge' || step.kind === 'wait' || (step.kind === 'approve' && !isReserved(state))

/** Whether only some people may say yes to its steps. */
export const isReserved = ({ governance }: Advancing): boolean =>
  governance?.stakes !== undefined || governance?.groups !== undefined

/** Enters the step at `index`, passing over waits when hurried, and settles when there is none left. Nothing is begun while a window is closed. */
export const enter = (state: Advancing, index: number, at: number): RolloutDecision => {
  const { steps, from } = state.plan
  let next = index
  for (let step = steps[next]; step !== undefined && state.hurried !== null && waits(step, state); step = steps[next])
    next += 1
  const step = steps[next]
  if (step === undefined) return unchanged(succeed(state, at))
  const guard = guardAt(state, next, at)
  // Where nothing is compared nothing is measured, so nothing would ever end a pause for a silent source.
  const held = guard.kind === 'off' && state.paused?.kind === 'broken' ? null : state.paused
  const closed = isHeldAnyway(state) ? null : closedBy(state, at, next)
  if (closed !== null && state.governance?.overrun === 'abort')
    return turnBack(state, { route: wayBack(state), cause: closed }, at)
  const paused = closed ?? held
  const isBegun = paused === null && isAction(step)
  if (!isBegun) {
    const stage = paused === null ? restOn(step, at) : ready
    return unchanged({ ...state, index: next, stage, guard, paused, progressAt: at })
  }
  const effect = issue(state, 'forward', step)
  const warm = state.warm && !(step.kind === 'retire' && step.release === from)
  const stage = performing(effect, 1, at)
  const { sequence } = effect
  return { state: { ...state, index: next, stage, guard, paused, progressAt: at, warm, sequence }, effects: [effect] }
}

const ready: Stage = { kind: 'ready' }

/** The step is done; on to the next. */
export const finishStep = (state: Advancing, at: number): RolloutDecision => enter(state, state.index + 1, at)

/** Issues the current action once more: same key, new sequence. */
export const reissue = (state: Advancing, attempt: number, at: number): RolloutDecision => {
  const step = state.plan.steps[state.index]
  if (step === undefined || !isAction(step)) return enter(state, state.index, at)
  const effect = issue(state, 'forward', step)
  return { state: { ...state, sequence: effect.sequence, stage: performing(effect, attempt, at) }, effects: [effect] }
}

/**
 * The rollout cannot go on by itself: back, or, where its config says so, a pause in which it has what it had and a person decides. What
 * the data plane has cut is never held forward, and a rollback is never held at all.
 */
export const giveUp = (state: Advancing, cause: Cause, at: number): RolloutDecision => {
  const { spec, purpose } = state.plan
  const isCut = cause.kind === 'step_failed' && cause.failure.code === 'gateway_tripped'
  return spec.onFail === 'pause' && purpose !== 'rollback' && !isCut
    ? hold(state, cause)
    : turnBack(state, { route: wayBack(state), cause }, at)
}

/** Pauses at the step, which is begun anew when somebody says so; what it was about to do is not waited for any more. */
export const hold = (state: Advancing, cause: Cause): RolloutDecision =>
  unchanged({ ...state, paused: cause, stage: state.stage.kind === 'resting' ? state.stage : ready })

/** The length of one portion of a rest, milliseconds. */
const portionMs = (totalMs: number): number =>
  Math.min(limits.restPortionMsMax, Math.max(limits.restPortionMsMin, Math.ceil(totalMs / limits.restPortionsMax)))

/** A rest begun (or taken up again) now. */
export const rest = (elapsedMs: number, totalMs: number, at: number): Stage => ({
  kind: 'resting',
  elapsedMs,
  since: at,
  nextAt: at + Math.min(portionMs(totalMs), Math.max(limits.restPortionMsMin, totalMs - elapsedMs)),
})

/** Time that counts since the last portion: never negative, never more than two portions. */
export const accrued = (stage: Extract<Stage, { kind: 'resting' }>, totalMs: number, at: number): number =>
  stage.elapsedMs + Math.min(Math.max(0, at - stage.since), 2 * portionMs(totalMs))

/** How long a waiting step rests at the least, milliseconds. */
export const restMs = (step: Step): number => (step.kind === 'judge' ? step.bakeMs : step.kind === 'wait' ? step.ms : 0)

/** The name of the step a rollout stands at. */
export const currentStep = (state: Advancing): string => {
  const step = state.plan.steps[state.index]
  return step === undefined ? 'end' : stepName(step)
}

const restOn = (step: Step, at: number): Stage =>
  step.kind === 'approve' ? { kind: 'awaiting', approvals: [] } : rest(0, restMs(step), at)

const succeed = (state: Advancing, at: number): RolloutState => ({
  ...commonOf(state),
  status: 'succeeded',
  settledAt: at,
  hurried: state.hurried,
})

/** Ends a pause. A rest goes on from now, so that the pause does not count as soak. */
export const takeUp = (state: Advancing, at: number): RolloutDecision => {
  const resumed = { ...state, paused: null, progressAt: at }
  const { stage } = state
  if (stage.kind === 'ready') return enter(resumed, state.index, at)
  if (stage.kind !== 'resting') return unchanged(resumed)
  return unchanged({ ...resumed, stage: { ...stage, since: at, nextAt: at + Math.max(0, stage.nextAt - stage.since) } })
}

/** Time has passed over a window: it closed, or it is open again. Null when neither is so. */
export const windowPassed = (state: Advancing, at: number): RolloutDecision | null => {
  const closed = closedBy(state, at)
  if (closed === null) {
    if (state.paused?.kind === 'window') return takeUp(state, at)
    return hasMissed(state, at) ? unchanged({ ...state, progressAt: at }) : null
  }
  if (state.governance?.overrun === 'abort') return turnBack(state, { route: wayBack(state), cause: closed }, at)
  // It may have slept into the next closure, which ends later.
  const isKnown = state.paused?.kind === 'window' && state.paused.until === closed.until
  return isKnown || isHeldAnyway(state) ? null : unchanged({ ...state, paused: closed })
}

/** Somebody says that it is to go on. While a window is closed the window holds it, and no longer whoever did. */
export const resume = (state: Advancing, at: number): RolloutDecision => {
  if (state.paused === null) return unchanged(state)
  const closed = closedBy(state, at)
  if (closed === null) return takeUp(state, at)
  return state.paused.kind === 'window' ? unchanged(state) : unchanged({ ...state, paused: closed })
}
