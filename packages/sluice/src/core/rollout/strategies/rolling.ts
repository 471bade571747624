import type { ReleaseId } from '../../model.ts'
import type { Strategy } from '../../strategy.ts'
import type { Step } from '../types.ts'
import {
  allOn,
  amountOf,
  bringUp,
  first,
  split,
  type StrategyInput,
  type StrategySteps,
  takeDown,
  verifiedAfter,
  verifiedFirst,
} from './common.ts'

type Options = Extract<Strategy, { kind: 'rolling' }>

/** How many instances of `total` may fail under a percentage: rounded down, never all of them. */
export const failuresAllowed = (total: number, percent: number): number =>
  Math.min(total - 1, Math.floor((total * percent) / 100))

/** Batch by batch: new ones up and answering, their part of the traffic, then as many old ones down. */
export const rolling: StrategySteps<Options> = (input, options) => {
  const { from, to } = input
  if (from === null) return first(input)
  const checked = (count: number): readonly Step[] => verifiedFirst(input, { release: to.release, count }, {})
  const after = verifiedAfter(input, { release: to.release, count: to.instances })
  if (options.surge !== undefined)
    return verifyingFirst(verifyingLast(surging({ from, to }, options, options.surge), from.release, after), checked)
  const steps: Step[] = []
  const isFirst = (done: number): boolean => done === Math.min(options.batchSize, to.instances)
  for (
    let done = Math.min(options.batchSize, to.instances);
    ;
    done = Math.min(done + options.batchSize, to.instances)
  ) {
    const last = done === to.instances
    const candidateBp = Math.round((10_000 * done) / to.instances)
    const keep = last ? 0 : Math.max(1, Math.ceil((from.instances * (to.instances - done)) / to.instances))
    steps.push(...bringUp(to.release, done, failuresAt(to.instances, done, options)))
    if (isFirst(done)) steps.push(...checked(done))
    if (last) steps.push(allOn(to.release, done))
    else steps.push(split({ release: from.release, count: keep }, { release: to.release, count: done }, candidateBp))
    steps.push(...takeDown(from.release, keep))
    if (last) return verifyingLast(steps, from.release, after)
    steps.push(...pauseBetween(done, to.instances, options))
  }
}

/** The steps with the checks after the first instances have answered. */
const verifyingFirst = (steps: readonly Step[], checked: (count: number) => readonly Step[]): readonly Step[] => {
  const at = steps.findIndex(({ kind }) => kind === 'probe')
  const probe = steps[at]
  return probe?.kind === 'probe' ? steps.toSpliced(at + 1, 0, ...checked(probe.count)) : steps
}

/** The steps with the checks after all traffic has moved, while the last old instances are still up: what fails then has a warm way back. */
const verifyingLast = (steps: readonly Step[], old: ReleaseId, checks: readonly Step[]): readonly Step[] => {
  const at = steps.findLastIndex((step) => step.kind === 'drain' && step.release === old)
  return at < 0 ? [...steps, ...checks] : steps.toSpliced(at, 0, ...checks)
}

const failuresAt = (total: number, done: number, { maxFailurePercent }: Options): number =>
  Math.min(failuresAllowed(total, maxFailurePercent), done - 1)

const pauseBetween = (done: number, total: number, { pauseMs }: Options): readonly Step[] =>
  pauseMs > 0 ? [{ kind: 'wait', ms: pauseMs, reason: `between batches (${done} of ${total})` }] : []

type Both = { readonly from: NonNullable<StrategyInput['from']>; readonly to: StrategyInput['to'] }

/**
 * As a Deployment of Kubernetes does it (maxSurge rounded up, maxUnavailable down; kubernetes.io, Deployments, 2026-08): never more
 * instances than wanted and surge, never fewer than wanted without the unavailable. One old instance stays until a new one answers,
 * whatever the settings: an environment that serves goes on serving.
 */
const surging = (
  { from, to }: Both,
  options: Options,
  { maxSurge, maxUnavailable }: NonNullable<Options['surge']>,
): readonly Step[] => {
  const total = to.instances
  const unavailable = Math.min(total, amountOf(maxUnavailable, total, 'down'))
  const surge = Math.max(amountOf(maxSurge, total, 'up'), unavailable === 0 ? 1 : 0)
  const steps: Step[] = []
  let old = from.instances
  for (let done = 0; ;) {
    const keep = Math.min(old, Math.max(done === 0 ? 1 : 0, total - unavailable - done))
    const isLast = done === total
    if (keep < old || isLast) {
      steps.push(shareOut(from.release, isLast ? 0 : keep, { release: to.release, count: done }))
      if (old > 0) steps.push(...takeDown(from.release, isLast ? 0 : keep))
      old = keep
    } else if (done > 0) steps.push(shareOut(from.release, old, { release: to.release, count: done }))
    if (isLast) return steps
    if (done > 0) steps.push(...pauseBetween(done, total, options))
    // At least one more: where the one old instance that must stay takes up all the room, it is one beyond it.
    done = Math.min(total, Math.max(done + 1, total + surge - old))
    steps.push(...bringUp(to.release, done, failuresAt(total, done, options)))
  }
}

/** Traffic by instances: as much for each old one as for each new one. */
const shareOut = (old: Both['from']['release'], keep: number, fresh: { release: typeof old; count: number }): Step => {
  if (fresh.count === 0) return allOn(old, keep)
  if (keep === 0) return allOn(fresh.release, fresh.count)
  const candidateBp = Math.round((10_000 * fresh.count) / (fresh.count + keep))
  return split({ release: old, count: keep }, fresh, candidateBp)
}
