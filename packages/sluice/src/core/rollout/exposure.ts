/** Who has traffic at a step, and whether there is somebody to compare with. */
import { type Advancing, type RolloutDecision, unchanged } from './effects.ts'
import type { Share } from './types.ts'

/** The shares in force at a step: those of the last shift before it. */
export const sharesAt = (state: Advancing): readonly Share[] => {
  for (let index = state.index - 1; index >= 0; index -= 1) {
    const step = state.plan.steps[index]
    if (step?.kind === 'shift') return step.shares
  }
  return []
}

/** Whether there is a candidate with traffic and a stable to compare it with. */
export const isCompared = (state: Advancing): boolean => sharesAt(state).length > 1

/** Switches the lane on or off as the step entered demands. */
export const enterGuard = (state: Advancing, at: number): RolloutDecision => {
  if (!isCompared(state)) return unchanged(unguarded(state))
  if (state.guard.kind !== 'off') return unchanged(state)
  return unchanged({ ...state, guard: { kind: 'due', at: at + state.plan.spec.judge.intervalMs, silentSince: null } })
}

/** The same with the lane off. */
export const unguarded = (state: Advancing): Advancing =>
  state.guard.kind === 'off' ? state : { ...state, guard: { kind: 'off' } }
