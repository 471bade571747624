import type { Strategy } from '../../model.ts'
import type { Step } from '../types.ts'
import { allOn, bringUp, first, split, type StrategySteps, takeDown } from './common.ts'

type Options = Extract<Strategy, { kind: 'rolling' }>

/** How many instances of `total` may fail under a percentage: rounded down, never all of them. */
export const failuresAllowed = (total: number, percent: number): number =>
  Math.min(total - 1, Math.floor((total * percent) / 100))

/** Batch by batch: new ones up and answering, their part of the traffic, then as many old ones down. */
export const rolling: StrategySteps<Options> = (input, options) => {
  const { from, to } = input
  if (from === null) return first(input)
  const failuresMax = failuresAllowed(to.instances, options.maxFailurePercent)
  const steps: Step[] = []
  for (
    let done = Math.min(options.batchSize, to.instances);
    ;
    done = Math.min(done + options.batchSize, to.instances)
  ) {
    const last = done === to.instances
    const candidateBp = Math.round((10_000 * done) / to.instances)
    const keep = last ? 0 : Math.max(1, Math.ceil((from.instances * (to.instances - done)) / to.instances))
    steps.push(...bringUp(to.release, done, Math.min(failuresMax, done - 1)))
    if (last) steps.push(allOn(to.release, done))
    else steps.push(split({ release: from.release, count: keep }, { release: to.release, count: done }, candidateBp))
    steps.push(...takeDown(from.release, keep))
    if (last) return steps
    if (options.pauseMs > 0)
      steps.push({ kind: 'wait', ms: options.pauseMs, reason: `between batches (${done} of ${to.instances})` })
  }
}
