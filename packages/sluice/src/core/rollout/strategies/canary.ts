import type { CanaryStep, Strategy } from '../../model.ts'
import type { Step } from '../types.ts'
import { allOn, bringUp, first, split, type StrategySteps, takeDown } from './common.ts'

type Options = Extract<Strategy, { kind: 'canary' }>

const evidence = (step: CanaryStep): Step =>
  step.kind === 'bake'
    ? { kind: 'judge', bakeMs: step.bakeMs, unitsMin: step.unitsMin }
    : { kind: 'approve', approvals: 1, reason: `go on beyond ${step.shareBp / 100} %` }

/** Step by step: a share of the traffic, then evidence or a person's word; at last all of it, and a bake with the old one still up. */
export const canary: StrategySteps<Options> = (input, options) => {
  const { from, to } = input
  if (from === null) return first(input)
  const stable = { release: from.release, count: from.instances }
  const candidate = { release: to.release, count: to.instances }
  return [
    ...bringUp(to.release, to.instances, 0),
    ...options.steps.flatMap((step) => [split(stable, candidate, step.shareBp), evidence(step)]),
    allOn(to.release, to.instances),
    ...(options.bakeMs > 0 ? [{ kind: 'wait', ms: options.bakeMs, reason: 'bake at 100 %' } as const] : []),
    ...(options.keepPrevious ? [] : takeDown(from.release, 0)),
  ]
}
