/** What the passing of time does to a rollout, and when it next matters. */
import { assert } from '../machine.ts'
import { type Advancing, type Reverting, type RolloutDecision, unchanged } from './effects.ts'
import { accrued, currentStep, finishStep, reissue, rest, restMs } from './forward.ts'
import { measure, wasSilent } from './guard.ts'
import { wasPerformed } from './results.ts'
import { reissueBack, turnBack } from './revert.ts'
import type { RolloutState, Stage } from './types.ts'

/** One wake-up. Nothing due: nothing changed. One thing at a time; what else is due comes with the next wake-up, which is at once. */
export const timePassed = (state: Advancing | Reverting, at: number): RolloutDecision => {
  const { stage } = state
  if (state.status === 'advancing') {
    const late = overdue(state)
    if (late !== null && at >= late.at) return turnBack(state, state.warm ? 'warm' : 'cold', late.cause, at)
    const looked = look(state, at)
    if (looked !== null) return looked
  }
  if (stage.kind === 'performing' && at >= stage.deadlineAt) {
    const { sequence, deadlineMs } = stage.effect
    return wasPerformed(state, { type: 'effect_unknown', at, sequence, detail: `no answer in ${deadlineMs} ms` })
  }
  if (stage.kind === 'backing_off' && at >= stage.until && !isPaused(state)) {
    return state.status === 'advancing'
      ? reissue(state, stage.attempt + 1, at)
      : reissueBack(state, stage.attempt + 1, at)
  }
  if (state.status === 'advancing' && stage.kind === 'resting' && at >= stage.nextAt && !isPaused(state))
    return rested(state, stage, at)
  return unchanged(state)
}

/** When `timePassed` would next change something, epoch ms. */
export const nextAt = (state: RolloutState): number | null => {
  if (state.status !== 'advancing' && state.status !== 'reverting') return null
  const times: number[] = []
  const { stage } = state
  if (stage.kind === 'performing') times.push(stage.deadlineAt)
  if (stage.kind === 'backing_off' && !isPaused(state)) times.push(stage.until)
  if (state.status === 'advancing') {
    if (stage.kind === 'resting' && !isPaused(state)) times.push(stage.nextAt)
    if (state.guard.kind === 'due') times.push(state.guard.at)
    if (state.guard.kind === 'measuring') times.push(state.guard.deadlineAt)
    const late = overdue(state)
    if (late !== null) times.push(late.at)
  }
  return times.length === 0 ? null : Math.min(...times)
}

const isPaused = (state: Advancing | Reverting): boolean => state.status === 'advancing' && state.paused !== null

/** When lack of progress turns the rollout back; null while it waits for a person or for planned time. */
const overdue = (
  state: Advancing,
): { at: number; cause: Extract<RolloutState, { status: 'rolled_back' }>['cause'] } | null => {
  if (isPaused(state)) return null
  const { stage, plan, index } = state
  const step = plan.steps[index]
  if (stage.kind === 'awaiting' || stage.kind === 'ready' || (stage.kind === 'resting' && step?.kind !== 'judge'))
    return null
  const afterMs = plan.spec.progressDeadlineMs + (step?.kind === 'judge' ? 2 * step.bakeMs : 0)
  return { at: state.progressAt + afterMs, cause: { kind: 'deadline', step: currentStep(state), afterMs } }
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
  return unchanged({ ...state, stage: rest(elapsedMs, totalMs, at) })
}
