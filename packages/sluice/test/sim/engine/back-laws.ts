/** What must hold of every way back: what is left is held, and what was watched does not stay when it is bad. */
import type { MemoryDisk } from '../../../src/adapters/store/memory.ts'
import type { ReleaseId } from '../../../src/core/model.ts'
import type { RolloutPlan } from '../../../src/core/rollout/types.ts'
import type { WatchState } from '../../../src/core/watch/types.ts'
import { Breach, demand } from '../breach.ts'
import { slotOf } from '../core/releases.ts'

/** Invariant: what a rollback leaves is held on the disk once it is answered; null when it is. */
export const breachOfHold = (disk: MemoryDisk, rollout: string): Breach | null => {
  const { state } = [...disk.aggregates()].find(({ key }) => key.id === rollout) ?? {}
  const { plan } = (state ?? {}) as { readonly plan?: RolloutPlan }
  if (plan === undefined) return null
  // The return of a drill is turned around like a deploy, so that either may be what is left.
  const left = plan.purpose === 'rollback' ? [plan.from, plan.to] : [plan.to]
  const isHeld = disk.rows().some(({ type, key }) => type === 'release_held' && left.some((id) => id === key.id))
  return isHeld ? null : new Breach(`${rollout} goes back, and nothing holds what it leaves`)
}

/** Invariant: whoever rolls back takes up again what was set aside before; null when it is so. `rows`: those that there were when it was asked. */
export const breachOfStanding = (disk: MemoryDisk, rollout: string, rows: number): Breach | null => {
  const { state } = [...disk.aggregates()].find(({ key }) => key.id === rollout) ?? {}
  const { status } = (state ?? {}) as { readonly status?: string }
  const parked = disk.rows().findLast(({ key, type }) => key.id === rollout && type === 'work_parked')
  const isStanding = status === 'parked' && parked !== undefined && parked.seq <= rows
  return isStanding ? new Breach(`${rollout} is the way back that was asked for, and stays set aside`) : null
}

/** Invariant: a release that was bad after its promotion does not serve in the end, unless its watch said why it does. */
export const mustHaveWatched = (
  disk: MemoryDisk,
  serving: ReleaseId | null,
  badAfter: readonly (boolean | undefined)[],
): void => {
  for (const { key, state } of disk.aggregates()) {
    if (key.kind !== 'watch') continue
    const watch = state as WatchState
    demand(watch.status === 'ended', `the watch of ${key.id} goes on`)
    const isBad = watch.plan.release === serving && badAfter[slotOf(watch.plan.release)] === true
    if (isBad && watch.outcome === 'passed') demand(false, `the watch of ${key.id} let a bad release pass`)
    if (watch.outcome !== 'rolled_back') continue
    const isThere = [...disk.aggregates()].some((one) => one.key.id === watch.rollback)
    demand(isThere, `the watch of ${key.id} tells of a rollback that there is not`)
  }
}
