import type { CanaryStep, Strategy } from '../../strategy.ts'
import { unreachable } from '../../machine.ts'
import type { Step } from '../types.ts'
import {
  amountOf,
  bringUp,
  first,
  type Party,
  promotion,
  rulesTo,
  split,
  type StrategySteps,
  takeDown,
  verified,
  verifiedFirst,
} from './common.ts'

type Options = Extract<Strategy, { kind: 'canary' }>

/** Step by step: a share of the traffic, then evidence, time or a person's word; at last all of it, watched with the old one still up. */
export const canary: StrategySteps<Options> = (input, options) => {
  const { from, to } = input
  if (from === null) return first(input, options.verify)
  const stable = { release: from.release, count: from.instances }
  const whole = { release: to.release, count: to.instances }
  const counts = countsOf(options.steps, to.instances)
  const before = counts[0] ?? to.instances
  const steps: Step[] = [...bringUp(to.release, before, 0)]
  steps.push(...verifiedFirst(input, { release: to.release, count: before }, { isDemanded: options.verify }))
  let up = before
  for (const [index, stage] of options.steps.entries()) {
    const candidate = { release: to.release, count: counts[index] ?? to.instances }
    if (candidate.count > up) steps.push(...bringUp(to.release, candidate.count, 0))
    up = candidate.count
    steps.push(...stageSteps(stage, { stable, candidate, ramp: options.ramp }))
  }
  if (to.instances > up) steps.push(...bringUp(to.release, to.instances, 0))
  return [
    ...steps,
    ...promotion(input, { stable, candidate: whole }, options),
    ...(options.keepPrevious ? [] : takeDown(from.release, 0)),
  ]
}

/** Instances at each stage: as its scale says, never fewer than at the stage before, and all where no stage says. */
const countsOf = (stages: readonly CanaryStep[], total: number): readonly number[] => {
  if (stages.every(({ scale }) => scale === undefined)) return stages.map(() => total)
  const counts: number[] = []
  for (const { scale } of stages) {
    const before = counts.at(-1)
    const own = scale === undefined ? (before ?? total) : amountOf(scale, total, 'up')
    counts.push(Math.min(total, Math.max(1, own, before ?? 1)))
  }
  return counts
}

type Cast = { readonly stable: Party; readonly candidate: Party; readonly ramp: Options['ramp'] }

const stageSteps = (stage: CanaryStep, { stable, candidate, ramp }: Cast): readonly Step[] => {
  const { shareBp, routes, mirrorBp } = stage
  // A candidate without a share and without a rule has no arm: it only gets the mirror.
  const plain = split(stable, candidate, shareBp)
  const shares = shareBp === 0 && routes === undefined ? plain.shares.slice(0, 1) : plain.shares
  const shift: Step = {
    ...plain,
    shares,
    ...(routes === undefined ? {} : { rules: rulesTo(routes) }),
    ...(mirrorBp === undefined ? {} : { mirror: { shareBp: mirrorBp, ...candidate } }),
  }
  return [shift, ...(stage.verify === true ? [verified(candidate)] : []), evidence(stage, ramp)]
}

const evidence = (stage: CanaryStep, ramp: Options['ramp']): Step => {
  switch (stage.kind) {
    case 'bake': {
      const judgement = { kind: 'judge', bakeMs: stage.bakeMs, unitsMin: stage.unitsMin } as const
      return ramp === 'evidence' ? { ...judgement, until: 'proven' } : judgement
    }
    case 'pause':
      return { kind: 'wait', ms: stage.pauseMs, reason: `at ${stage.shareBp / 100} %` }
    case 'approve':
      return { kind: 'approve', approvals: 1, reason: `go on beyond ${stage.shareBp / 100} %` }
    default:
      return unreachable(stage)
  }
}
