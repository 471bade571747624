/**
 * The split as one value of a map that HAProxy reads on each request, so that a shift is one atomic `set map`. Fields, by `|`:
 * generation, rollout, low end, high end, seed of the sticky hash, then the backends of stable, candidate and holdback.
 */
import type { ReleaseId } from '../../core/model.ts'
import { routingPoints, saltSeed, shareOf } from '../../core/routing-pick.ts'
import type { ArmName, Route } from '../../core/routing.ts'

/** Backends of one route: a release has one for as long as it is routed, and the ones that left keep theirs while they drain. */
export const slotCount = 6

/** The release of each backend; null where none was yet. */
export type Slots = readonly (ReleaseId | null)[]

/** Backends that nobody has yet. */
export const emptySlots: Slots = Array.from({ length: slotCount }, () => null)

/** Name of a backend. */
export const slotName = (index: number): string => `release${index}`

/** Name of the map's only key. */
export const planKey = 'route'

/** What the map says of a route without a share: requests wait. */
const held = 'hold'
const absent = 'none'

/** The backends once a route's releases have theirs: known ones keep it, new ones take a free one, else one whose release is routed no more. */
export const assignSlots = (slots: Slots, before: Route | null, next: Route): Slots => {
  const assigned = [...slots]
  const wanted = next.arms.map(({ release }) => release)
  const recent = before?.arms.map(({ release }) => release) ?? []
  for (const release of wanted) {
    if (assigned.includes(release)) continue
    const isTakeable = (index: number, kept: readonly ReleaseId[]): boolean => {
      const holder = assigned[index] ?? null
      return holder === null || !kept.includes(holder)
    }
    const order = Array.from({ length: slotCount }, (_, index) => index)
    const free =
      order.find((index) => assigned[index] === null) ??
      order.find((index) => isTakeable(index, [...wanted, ...recent])) ??
      order.find((index) => isTakeable(index, wanted))
    if (free !== undefined) assigned[free] = release
  }
  return assigned
}

/** The map's value for a route. */
export const planText = (route: Route, slots: Slots, generation: number): string => {
  const total = route.arms.reduce((sum, { shareBp }) => sum + shareBp, 0)
  const backend = (name: ArmName): string => {
    if (total === 0) return held
    const release = route.arms.find((arm) => arm.name === name && arm.upstreams.length > 0)?.release
    const index = release === undefined ? -1 : slots.indexOf(release)
    return index < 0 ? absent : slotName(index)
  }
  return [
    generation,
    route.tripwire?.rollout ?? absent,
    shareOf(route, 'candidate'),
    routingPoints - shareOf(route, 'holdback'),
    saltSeed(route.salt) >>> 0,
    backend('stable'),
    backend('candidate'),
    backend('holdback'),
  ].join('|')
}

/** The route with the shares that the map really says; an arm that the map does not know has none. */
export const routeShown = (route: Route, slots: Slots, text: string | null): Route => {
  const [, , low = '0', high = String(routingPoints), , ...backends] = (text ?? '').split('|')
  const names: readonly ArmName[] = ['stable', 'candidate', 'holdback']
  const candidate = Number(low)
  const holdback = routingPoints - Number(high)
  const shares = { candidate, holdback, stable: routingPoints - candidate - holdback }
  return {
    ...route,
    arms: route.arms.map((arm) => {
      const backend = backends[names.indexOf(arm.name)]
      const isShown = backend !== undefined && backend === slotName(slots.indexOf(arm.release))
      return { ...arm, shareBp: isShown ? shares[arm.name] : 0 }
    }),
  }
}
