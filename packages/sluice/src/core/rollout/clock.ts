/** What a wall clock that jumps, and a control plane that was away, may not do to a rollout. */
import { type Advancing, type Reverting, retryDelayMs } from './effects.ts'
import type { Guard, Stage } from './types.ts'

/**
 * The same rollout with every mark within its own span of `at`; the same object when all of them are. Without it a clock set back
 * by a day would stop the judge, every bake and every retry for a day.
 */
export const bringNear = (state: Advancing | Reverting, at: number): Advancing | Reverting => {
  const stage = nearStage(state.stage, at)
  const progressAt = Math.min(state.progressAt, at)
  if (state.status === 'reverting')
    return stage === state.stage && progressAt === state.progressAt ? state : { ...state, stage, progressAt }
  const guard = nearGuard(state.guard, state.plan.spec.judge.intervalMs, at)
  const isNear = stage === state.stage && guard === state.guard && progressAt === state.progressAt
  return isNear ? state : { ...state, stage, guard, progressAt }
}

/**
 * The same rollout after nobody was there (the control plane was down, or the clock was set forward): patience begins anew, and so does
 * the time of what is in flight, which a restart has issued again.
 */
export const withoutAbsence = (state: Advancing | Reverting, at: number): Advancing | Reverting => {
  const stage =
    state.stage.kind === 'performing' ? { ...state.stage, deadlineAt: at + state.stage.effect.deadlineMs } : state.stage
  if (state.status === 'reverting') return { ...state, stage, progressAt: at }
  const guard =
    state.guard.kind === 'measuring' ? { ...state.guard, deadlineAt: at + state.guard.effect.deadlineMs } : state.guard
  return { ...state, stage, guard, progressAt: at }
}

const nearStage = (stage: Stage, at: number): Stage => {
  switch (stage.kind) {
    case 'performing': {
      const deadlineAt = Math.min(stage.deadlineAt, at + stage.effect.deadlineMs)
      return deadlineAt === stage.deadlineAt ? stage : { ...stage, deadlineAt }
    }
    case 'backing_off': {
      const until = Math.min(stage.until, at + retryDelayMs(stage.attempt))
      return until === stage.until ? stage : { ...stage, until }
    }
    case 'asking': {
      const until = Math.min(stage.until, at + stage.retryAfterMs)
      return until === stage.until ? stage : { ...stage, until }
    }
    case 'resting':
      return stage.since <= at ? stage : { ...stage, since: at, nextAt: at + stage.nextAt - stage.since }
    default:
      return stage
  }
}

const nearGuard = (guard: Guard, intervalMs: number, at: number): Guard => {
  if (guard.kind === 'off') return guard
  const silentSince = guard.silentSince === null ? null : Math.min(guard.silentSince, at)
  if (guard.kind === 'due') {
    const dueAt = Math.min(guard.at, at + intervalMs)
    return dueAt === guard.at && silentSince === guard.silentSince ? guard : { ...guard, at: dueAt, silentSince }
  }
  const deadlineAt = Math.min(guard.deadlineAt, at + guard.effect.deadlineMs)
  return deadlineAt === guard.deadlineAt && silentSince === guard.silentSince
    ? guard
    : { ...guard, deadlineAt, silentSince }
}
