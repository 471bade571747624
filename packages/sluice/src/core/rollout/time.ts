/** What the passing of time does to a rollout, and when it next matters. */
import { limits } from '../limits.ts'
import { assert, unreachable } from '../machine.ts'
import { bringNear, withoutAbsence } from './clock.ts'
import { type Advancing, type Reverting, type RolloutDecision, unchanged } from './effects.ts'
import { accrued, currentStep, finishStep, giveUp, hold, reissue, rest, restMs, windowPassed } from './forward.ts'
import { hookAt } from './gates.ts'
import { measure, wasSilent } from './guard.ts'
import { wasPerformed } from './results.ts'
import { finishBack, reissueBack, turnBack, wayBack } from './revert.ts'
import type { RolloutState, Stage } from './types.ts'
import { windowAt } from './windows.ts'

/** One wake-up. Nothing due: nothing changed. One thing at a time; what else is due comes with the next wake-up, which is at once. */
export const timePassed = (before: Advancing | Reverting, at: number): RolloutDecision => {
  const near = bringNear(before, at)
  if (near !== before) return unchanged(near)
  const state = at - (nextAt(before) ?? at) > limits.wakeLateMsMax ? withoutAbsence(before, at) : before
  const { stage } = state
  if (at >= overdueAt(state)) return state.status === 'advancing' ? overdue(state, at) : finishBack(state, at)
  if (state.status === 'advancing') {
    const windowed = windowPassed(state, at)
    if (windowed !== null) return windowed
    const looked = look(state, at)
    if (looked !== null) return looked
  }
  if (stage.kind === 'performing' && at >= stage.deadlineAt) {
    const { sequence, deadlineMs } = stage.effect
    return wasPerformed(state, { type: 'effect_unknown', at, sequence, detail: `no answer in ${deadlineMs} ms` })
  }
  if ((stage.kind === 'backing_off' || stage.kind === 'asking') && at >= stage.until && !isHeld(state)) {
    const attempt = stage.kind === 'asking' ? 1 : stage.attempt + 1
    return state.status === 'advancing' ? reissue(state, attempt, at) : reissueBack(state, attempt, at)
  }
  if (state.status === 'advancing' && stage.kind === 'resting' && at >= stage.nextAt && !isPaused(state))
    return rested(state, stage, at)
  return unchanged(state)
}

/** When `timePassed` would next change something, epoch ms. */
export const nextAt = (state: RolloutState): number | null => {
  if (state.status !== 'advancing' && state.status !== 'reverting') return null
  const at = state.status === 'reverting' ? Math.min(stageDueAt(state.stage), overdueAt(state)) : forwardDueAt(state)
  return at === Infinity ? null : at
}

const forwardDueAt = (state: Advancing): number => {
  return Math.min(
    isDue(state) ? stageDueAt(state.stage) : Infinity,
    guardDueAt(state),
    overdueAt(state),
    windowAt(state),
  )
}

const stageDueAt = (stage: Stage): number => {
  switch (stage.kind) {
    case 'performing':
      return stage.deadlineAt
    case 'backing_off':
    case 'asking':
      return stage.until
    case 'resting':
      return stage.nextAt
    case 'awaiting':
    case 'ready':
      return Infinity
    default:
      return unreachable(stage)
  }
}

/** Whether the stage waits for a time: a pause begins nothing, but what is in flight has its deadline, and what failed is tried again. */
const isDue = (state: Advancing): boolean =>
  state.stage.kind === 'performing' ||
  (state.stage.kind === 'backing_off' || state.stage.kind === 'asking' ? !isHeld(state) : !isPaused(state))

const guardDueAt = ({ guard }: Advancing): number =>
  guard.kind === 'due' ? guard.at : guard.kind === 'measuring' ? guard.deadlineAt : Infinity

/** Whether a person said so. A source that is silent holds no step that was begun: its being in doubt may be why it is silent. */
const isHeld = (state: Advancing | Reverting): boolean =>
  state.status === 'advancing' && state.paused?.kind === 'command'

const isPaused = (state: Advancing | Reverting): boolean => state.status === 'advancing' && state.paused !== null

/**
 * When lack of progress turns the rollout back; Infinity while it waits for a person or for planned time. Only a hook can be overdue on the
 * way back, and is left then.
 */
const overdueAt = (state: Advancing | Reverting): number => {
  if (state.status === 'reverting') return state.progressAt + (hookAt(state)?.timeoutMs ?? Infinity)
  if (isPaused(state)) return Infinity
  const { kind } = state.stage
  const isJudged = state.plan.steps[state.index]?.kind === 'judge'
  if (kind === 'awaiting' || kind === 'ready' || (kind === 'resting' && !isJudged)) return Infinity
  return state.progressAt + patienceMs(state)
}

/** How long a step may go without progress, milliseconds; a judgement also has its bake, twice, and a hook its own time. */
const patienceMs = ({ plan, index }: Advancing): number => {
  const step = plan.steps[index]
  if (step?.kind === 'hook') return step.timeoutMs
  return plan.spec.progressDeadlineMs + (step?.kind === 'judge' ? 2 * step.bakeMs : 0)
}

const overdue = (state: Advancing, at: number): RolloutDecision => {
  const cause = { kind: 'deadline', step: currentStep(state), afterMs: patienceMs(state) } as const
  const hook = hookAt(state)
  if (hook === null) return giveUp(state, cause, at)
  switch (hook.onTimeout) {
    case 'continue':
      return finishStep(state, at)
    case 'pause':
      return hold(state, cause)
    case 'rollback':
      return turnBack(state, { route: wayBack(state), cause }, at)
    default:
      return unreachable(hook.onTimeout)
  }
}

/** The judge's lane: due to look, or left without an answer. */
const look = (state: Advancing, at: number): RolloutDecision | null => {
  const { guard } = state
  if (guard.kind === 'due' && at >= guard.at) return measure(state, at, guard.silentSince)
  if (guard.kind === 'measuring' && at >= guard.deadlineAt)
    return wasSilent(state, at, `no counts in ${guard.effect.deadlineMs} ms`)
  return null
}

/** A portion of a rest is over. A judged rest ends by verdict, a plain one by time. */
const rested = (state: Advancing, stage: Extract<Stage, { kind: 'resting' }>, at: number): RolloutDecision => {
  const step = state.plan.steps[state.index]
  assert(step !== undefined, 'a resting rollout stands at a step')
  const totalMs = restMs(step)
  const elapsedMs = Math.min(accrued(stage, totalMs, at), totalMs)
  if (step.kind === 'wait' && elapsedMs >= totalMs) return finishStep(state, at)
  // Baked: from now on only a verdict ends it, and each wake-up would be a ledger row for nothing.
  const next =
    elapsedMs >= totalMs
      ? { ...stage, elapsedMs, since: at, nextAt: at + limits.restPortionMsMax }
      : rest(elapsedMs, totalMs, at)
  return unchanged({ ...state, stage: next })
}
