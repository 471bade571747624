import type { CanaryRung, Strategy } from '../../model.ts'
import type { Step } from '../types.ts'
import { allOn, bringUp, first, split, type StrategySteps, takeDown } from './common.ts'

type Options = Extract<Strategy, { kind: 'canary' }>

const evidence = (rung: CanaryRung): Step =>
  rung.kind === 'bake'
    ? { kind: 'judge', bakeMs: rung.bakeMs, unitsMin: rung.unitsMin }
    : { kind: 'approve', approvals: 1, reason: `go on beyond ${rung.shareBp / 100} %` }

/** Rung by rung: a share of the traffic, then evidence or a person's word; at last all of it, and a bake with the old one still up. */
export const canary: StrategySteps<Options> = (input, options) => {
  const { from, to } = input
  if (from === null) return first(input)
  const stable = { release: from.release, count: from.instances }
  const candidate = { release: to.release, count: to.instances }
  return [
    ...bringUp(to.release, to.instances, 0),
    ...options.rungs.flatMap((rung) => [split(stable, candidate, rung.shareBp), evidence(rung)]),
    allOn(to.release, to.instances),
    ...(options.bakeMs > 0 ? [{ kind: 'wait', ms: options.bakeMs, reason: 'bake at 100 %' } as const] : []),
    ...(options.keepPrevious ? [] : takeDown(from.release, 0)),
  ]
}
