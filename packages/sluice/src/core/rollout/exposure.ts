/** Who has traffic at a step, and whether there is somebody to compare with. */
import type { Advancing } from './effects.ts'
import type { Guard, RolloutPlan } from './types.ts'

/** Whether, at the step at `index`, there is a candidate with traffic and a stable to compare it with: as the last shift before it says. */
export const isCompared = ({ steps }: RolloutPlan, index: number): boolean => {
  for (let before = index - 1; before >= 0; before -= 1) {
    const step = steps[before]
    if (step?.kind === 'shift') return step.shares.filter(({ shareBp }) => shareBp > 0).length > 1
  }
  return false
}

/** How many instances of the candidate may be unhealthy at once: as the plan says, and never all that have been brought up so far. */
export const unhealthyMaxAt = ({ plan, index }: Advancing): number => {
  for (let at = Math.min(index, plan.steps.length - 1); at >= 0; at -= 1) {
    const step = plan.steps[at]
    if (step?.kind === 'probe' && step.release === plan.to) return Math.min(plan.unhealthyMax, step.count - 1)
  }
  return plan.unhealthyMax
}

/** The judge's lane as the step at `index` demands it: off where there is nothing to compare, else on, or going on. */
export const guardAt = (state: Advancing, index: number, at: number): Guard => {
  if (!isCompared(state.plan, index)) return off
  if (state.guard.kind !== 'off') return state.guard
  return { kind: 'due', at: at + state.plan.spec.judge.intervalMs, silentSince: null }
}

const off: Guard = { kind: 'off' }
