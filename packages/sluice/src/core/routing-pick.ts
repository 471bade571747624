/**
 * Who gets which arm. The key's hash is a point in 0–9 999; the candidate takes points from the low end, the holdback from the high
 * end, the stable arm what is between. So raising the candidate's share only moves users from stable to candidate, and never anybody else.
 */
import type { ReleaseId } from './model.ts'
import type { Arm, ArmName, Route, Trip, Upstream } from './routing.ts'

/** Points a key can fall on; a share of `n` basis points owns `n` of them. */
export const routingPoints = 10_000

const fnvOffset = 0x811c9dc5
const fnvPrime = 0x01000193

const fold = (seed: number, text: string): number => {
  let hash = seed
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), fnvPrime)
  return hash
}

/** The hash's state after the salt; computed once per route. */
export const saltSeed = (salt: string): number => fold(fnvOffset, `${salt}\0`)

/** 32 well-mixed bits of a sticky key: FNV-1a, finished as MurmurHash3 does (Appleby, 2011, public domain), since FNV's low keys cluster. */
export const stickyHash = (seed: number, key: string): number => {
  let hash = fold(seed, key)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** Other bits of the same key, independent of its point: counting by the bits that chose the arm would count each arm in a corner. */
export const unitHash = (hash: number): number => {
  let mixed = (hash ^ 0x9e3779b9) >>> 0
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d)
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39)
  return (mixed ^ (mixed >>> 15)) >>> 0
}

/** The point (0–9 999) of a hash. */
export const hashPoint = (hash: number): number => Math.floor((hash / 4_294_967_296) * routingPoints)

/** The arm that owns `point`; null when no arm has a share. */
export const pickArm = <A extends Pick<Arm, 'name' | 'shareBp'>>(arms: readonly A[], point: number): A | null => {
  const candidate = arms.find((arm) => arm.name === 'candidate' && arm.shareBp > 0)
  if (candidate && point < candidate.shareBp) return candidate
  const holdback = arms.find((arm) => arm.name === 'holdback' && arm.shareBp > 0)
  if (holdback && point >= routingPoints - holdback.shareBp) return holdback
  return arms.find((arm) => arm.name === 'stable' && arm.shareBp > 0) ?? null
}

/** The share of an arm in basis points; 0 when the route has none of that name. */
export const shareOf = (route: Pick<Route, 'arms'>, name: ArmName): number =>
  route.arms.find((arm) => arm.name === name)?.shareBp ?? 0

/**
 * The route with the candidate's share given back: to stable if it has an upstream, else to the holdback. Null when nobody could take it
 * (a broken release still serves better than nothing at all).
 */
export const cutCandidate = (route: Route): Route | null => {
  const share = shareOf(route, 'candidate')
  if (share === 0) return route
  const heir =
    route.arms.find((arm) => arm.name === 'stable' && arm.upstreams.length > 0) ??
    route.arms.find((arm) => arm.name === 'holdback' && arm.upstreams.length > 0)
  if (!heir) return null
  const arms = route.arms.map((arm) => {
    if (arm.name === 'candidate') return { ...arm, shareBp: 0 }
    return arm.name === heir.name ? { ...arm, shareBp: arm.shareBp + share } : arm
  })
  return withoutRelease({ ...route, arms }, route.arms.find(({ name }) => name === 'candidate')?.release)
}

/** The route without the side ways to a release: no rule leads there, no copy goes there, nobody stays there. */
const withoutRelease = (route: Route, cut: ReleaseId | undefined): Route => {
  const { rules, mirror, overlap, preview, ...rest } = route
  return {
    ...rest,
    ...(preview && releaseOf(route, 'candidate') !== cut && { preview }),
    ...(rules && { rules: rules.filter(({ arm }) => releaseOf(route, arm) !== cut) }),
    ...(mirror && mirror.release !== cut && { mirror }),
    ...(overlap && { overlap: overlap.filter(({ release }) => release !== cut) }),
  }
}

const releaseOf = (route: Pick<Route, 'arms'>, name: ArmName): ReleaseId | undefined =>
  route.arms.find((arm) => arm.name === name)?.release

/** The route without ways beside its arms (copies, clients that stay) to these upstreams; the same object when there are none. */
export const withoutSideways = (route: Route, upstreams: readonly Upstream[]): Route => {
  const { mirror, overlap = [], ...rest } = route
  const gone = new Set(upstreams.map(({ host, port }) => `${host}:${port}`))
  const stays = ({ host, port }: Upstream): boolean => !gone.has(`${host}:${port}`)
  if (![...overlap, ...(mirror ? [mirror] : [])].some((each) => !each.upstreams.every(stays))) return route
  const left = overlap.map((each) => ({ ...each, upstreams: each.upstreams.filter(stays) }))
  const copies = mirror?.upstreams.filter(stays) ?? []
  return {
    ...rest,
    ...(mirror && copies.length > 0 && { mirror: { ...mirror, upstreams: copies } }),
    overlap: left.filter((each) => each.upstreams.length > 0),
  }
}

/** What is wrong with a route's shares and arms, as a sentence; null when nothing is. */
export const routeFault = (
  route: Pick<Route, 'arms' | 'mirror' | 'skew' | 'preview'> & Partial<Pick<Route, 'sticky' | 'listen'>>,
): string | null => {
  if (route.skew !== undefined && route.sticky?.kind !== 'cookie' && route.sticky?.kind !== 'user')
    return 'clients stay with their release (skew) without a cookie that tells them apart (sticky)'
  const { preview, listen } = route
  if (preview !== undefined && preview.port === listen?.port && preview.host === listen.host)
    return `${preview.host}:${preview.port} cannot be both its address and its preview address`
  const copied = route.mirror?.shareBp ?? 0
  if (!Number.isInteger(copied) || copied < 0 || copied > routingPoints)
    return `a share of ${copied} cannot be mirrored`
  const names = new Set(route.arms.map((arm) => arm.name))
  if (names.size !== route.arms.length) return 'two arms have the same name'
  const total = route.arms.reduce((sum, arm) => sum + arm.shareBp, 0)
  if (route.arms.some((arm) => !Number.isInteger(arm.shareBp) || arm.shareBp < 0))
    return 'a share is not a whole number of basis points'
  if (total !== 0 && total !== routingPoints) return `the shares sum to ${total}, not to ${routingPoints} or 0`
  const empty = route.arms.find((arm) => arm.shareBp > 0 && arm.upstreams.length === 0)
  return empty ? `arm ${empty.name} has a share of ${empty.shareBp} but no upstream` : null
}

/**
 * Whether a trip forbids a route: it comes from the rollout whose candidate was cut, and gives that release a share again, under whatever
 * name. A rollout is known by its token, because a route with one arm has no tripwire that could name it.
 */
export const isForbiddenByTrip = (current: Route | null, trip: Trip | null, next: Route): boolean => {
  if (current === null || trip === null || next.fence.token !== current.fence.token) return false
  if (next.tripwire !== null && next.tripwire.rollout !== trip.rollout) return false
  const cut = releaseOf(current, 'candidate')
  return cut !== undefined && reaches(next, cut)
}

/** Whether any request, or a copy of one, gets to a release in this route. */
const reaches = ({ arms, rules = [], mirror, overlap = [], preview }: Route, release: ReleaseId): boolean =>
  arms.some((arm) => arm.release === release && (arm.shareBp > 0 || rules.some((rule) => rule.arm === arm.name))) ||
  (preview !== undefined && releaseOf({ arms }, 'candidate') === release) ||
  (mirror?.release === release && mirror.shareBp > 0) ||
  overlap.some((each) => each.release === release)
