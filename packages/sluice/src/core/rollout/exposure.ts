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
    let served = 0
    let isCandidate = false
    for (const { arm, shareBp } of step.shares) {
      if (shareBp === 0) continue
      served += 1
      isCandidate ||= arm === 'candidate'
    }
    return served > 1 || (isCandidate && judgesAlone(spec.judge))
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

/**
 * The share that the exposure budget must allow before the step after the judgement at `index`, basis points: the next one, whatever comes before its shift. All
 * of the traffic leaves no control, and so no bound on what it may cost; there it is enough that the budget is not spent. 0, which is always
 * allowed, after a holdback: the release had all traffic but for its control.
 */
export const shareAsked = ({ steps, to }: Pick<RolloutPlan, 'steps' | 'to'>, index: number): number => {
  const now = steps.findLast((step, at) => at < index && step.kind === 'shift')
  const next = steps.find((step, at) => at > index && step.kind === 'shift')
  if (now?.kind !== 'shift' || next?.kind !== 'shift' || now.shares.some(({ arm }) => arm === 'holdback')) return 0
  return next.shares.length === 1 ? 1 : (next.shares.find(({ release }) => release === to)?.shareBp ?? 0)
}

const off: Guard = { kind: 'off' }
