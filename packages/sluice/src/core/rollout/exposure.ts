/** Who has traffic at a step, and whether there is something to judge it by. */
import { judgesAlone } from '../judge/metrics.ts'
import type { Advancing } from './effects.ts'
import type { Guard, RolloutPlan, Step } from './types.ts'

/**
 * Whether, at the step at `index`, there is a candidate with traffic and a stable to compare it with, or a declared limit for it where there is none: as
 * the last shift before it says.
 */
export const isJudged = ({ steps, spec }: RolloutPlan, index: number): boolean => {
  for (let before = index - 1; before >= 0; before -= 1) {
    const step = steps[before]
    if (step?.kind !== 'shift') continue
    const served = step.shares.filter(({ shareBp }) => shareBp > 0)
    return served.length > 1 || (served.some(({ arm }) => arm === 'candidate') && judgesAlone(spec.judge))
  }
  return false
}

/** The judge's lane as the step at `index` demands it: off where there is nothing to judge by, else on, or going on. */
export const guardAt = (state: Advancing, index: number, at: number): Guard => {
  if (!isJudged(state.plan, index)) return off
  if (state.guard.kind !== 'off') return state.guard
  return { kind: 'due', at: at + state.plan.spec.judge.intervalMs, silentSince: null }
}

/** A larger share that the plan has further on, and the index of the shift that gives it. */
export type Ramp = { readonly shareBp: number; readonly index: number }

/**
 * The judged shares that follow the judgement at `index` with nothing else in between: where evidence may jump to. Whatever is more than a shift and its
 * judgement (a hook, an approval, an instance to start) ends the list, since it may not be passed over.
 */
export const rampAfter = (steps: readonly Step[], index: number): readonly Ramp[] => {
  const ramp: Ramp[] = []
  for (let next = index + 1; ; next += 2) {
    const [shift, judge] = steps.slice(next, next + 2)
    if (shift?.kind !== 'shift' || judge?.kind !== 'judge') return ramp
    const shareBp = shift.shares.find(({ arm }) => arm === 'candidate')?.shareBp
    if (shareBp === undefined) return ramp
    ramp.push({ shareBp, index: next })
  }
}

const off: Guard = { kind: 'off' }
