/**
 * How a release goes on from one environment to the next: how long it must have served there, who may take it, and what people chose instead.
 *
 * Time counts in portions, like a bake's: each is counted when somebody was there to look at its end. One that ends much too late (the control plane was down, the clock was set forward)
 * counts nothing, so that a release does not soak while nobody looks. While a rollout is under way in the environment nothing is counted either: what the environment shows then
 * is not the release's alone.
 */
import type { EnvironmentState } from './environment.ts'
import { isoTime } from './iso-time.ts'
import { limits } from './limits.ts'
import type { Actor, EnvironmentSpec, Release, ReleaseId } from './model.ts'

/** Where a release may go from an environment, as the release itself says; frozen into the rollout that brings it there. */
export type Onward = {
  /** The longest time that one of them asks for, ms. */
  readonly soakMs: number
  readonly to: readonly OnwardTo[]
}

/** One environment that takes what this one verified. */
export type OnwardTo = {
  readonly environment: string
  readonly soakMs: number
  /** Whether Sluice takes it there by itself. */
  readonly auto: boolean
}

/** How long a release was seen to serve an environment. */
export type Soak = {
  readonly release: ReleaseId
  /** Up to `onward.soakMs`; more is not counted. */
  readonly servedMs: number
  /** The moment up to which it is counted, epoch ms. */
  readonly countedAt: number
  readonly onward: Onward
}

/** An older release that a person chose: nothing goes past it by itself until a person takes the environment forward again. */
export type Pin = {
  readonly release: ReleaseId
  readonly by: Actor
  readonly at: number
  /** Set by a rollback drill until it returns: the choice that stood before, null for none. */
  readonly drilledOver?: Pin | null
}

/** Which way of a rollback drill a rollout is. */
export type DrillWay = 'back' | 'return'

/** What a settled rollout says about promotion; every part is absent unless configured. */
export type SettledPromotion = {
  readonly onward?: Onward
  /** A rollout back to what served before; what it took away has not soaked. Absent for a way forward. */
  readonly purpose?: 'rollback'
  /** Who chose an older release than the one that served. */
  readonly pinnedBy?: Actor
  /** Set for a way of a rollback drill, which decides nothing unless it becomes real. */
  readonly drill?: DrillWay
}

/** What an environment remembers about promotion. */
export type PromotionState = {
  /** Newest first, bounded; absent when nobody asks for it. */
  readonly soaks?: readonly Soak[]
  readonly pin?: Pin
}

/** Where this release may go from an environment; null when nothing that takes from it asks for time or takes by itself. */
export const onwardFrom = ({ content }: Release, environment: string): Onward | null => {
  const to = content.environments.flatMap((spec) => {
    const { name, after, promotion } = spec
    const soakMs = Math.max(promotion?.soakMs ?? 0, ...(spec.governance?.policies ?? []).map((one) => one.soakMs ?? 0))
    const isAsked = promotion !== undefined || soakMs > 0
    return after === environment && isAsked ? [{ environment: name, soakMs, auto: promotion?.auto ?? false }] : []
  })
  return to.length === 0 ? null : { soakMs: Math.max(...to.map(({ soakMs }) => soakMs)), to }
}

/** How much is counted at once, ms: a twentieth of what is asked for. */
export const portionMs = ({ servedMs, onward }: Soak): number => {
  const portion = Math.min(limits.soakPortionMsMax, Math.max(limits.soakPortionMsMin, onward.soakMs / 20))
  return Math.ceil(Math.min(portion, onward.soakMs - servedMs))
}

type Serving = PromotionState & { readonly serving: ReleaseId | null; readonly live: unknown }

/** The soak that is being counted; null when nothing is. */
const countingSoak = ({ soaks, serving, live }: Serving): Soak | null => {
  if (live !== null || soaks === undefined || serving === null) return null
  const soak = soaks.find(({ release }) => release === serving)
  return soak === undefined || soak.servedMs >= soak.onward.soakMs ? null : soak
}

/** When the next portion ends, epoch ms; null when nothing is counted. */
export const soakAt = (state: Serving): number | null => {
  const soak = countingSoak(state)
  return soak === null ? null : soak.countedAt + portionMs(soak)
}

/** The same state object when no portion has ended; `force` ends it early. */
export const countSoak = (state: EnvironmentState, at: number, ends: 'due' | 'now'): EnvironmentState => {
  const soak = countingSoak(state)
  if (soak === null || at === soak.countedAt) return state
  const elapsedMs = at - soak.countedAt
  const portion = portionMs(soak)
  // A clock that was set back: counted anew from here.
  if (elapsedMs < 0) return withSoak(state, { ...soak, countedAt: at })
  if (elapsedMs < portion && ends === 'due') return state
  const wasWatched = elapsedMs <= portion + limits.soakLateMsMax
  const countedMs = wasWatched ? Math.min(elapsedMs, portion) : 0
  return withSoak(state, { ...soak, servedMs: soak.servedMs + countedMs, countedAt: at })
}

const withSoak = (state: EnvironmentState, soak: Soak): EnvironmentState => ({
  ...state,
  soaks: [soak, ...(state.soaks ?? []).filter(({ release }) => release !== soak.release)].slice(
    0,
    limits.environmentHistoryMax,
  ),
})

type Settled = SettledPromotion & {
  readonly at: number
  readonly outcome: 'succeeded' | 'rolled_back'
  readonly from: ReleaseId | null
  readonly to: ReleaseId
}

/** What a settled rollout changes; `state` is the environment after it, before this. */
export const settlePromotion = (state: EnvironmentState, settled: Settled): EnvironmentState => {
  const { at, outcome, from, to, onward, purpose, pinnedBy, drill } = settled
  if (outcome === 'rolled_back') return resumed(state, at)
  if (drill !== undefined) return drilled(state, settled, drill)
  const unpinned = withoutPin(state)
  const next = pinnedBy === undefined ? unpinned : { ...unpinned, pin: { release: to, by: pinnedBy, at } }
  const left = purpose === 'rollback' && from !== null ? forget(next, from) : next
  if (onward === undefined) return left
  const known = left.soaks?.find(({ release }) => release === to)
  return withSoak(left, { release: to, servedMs: known?.servedMs ?? 0, countedAt: at, onward })
}

/** A drill takes away no soak. What somebody chose is put aside while it shows an older release, so that it holds should the drill become real, and comes back with its return. */
const drilled = (state: EnvironmentState, { at, to, pinnedBy }: Settled, way: DrillWay): EnvironmentState => {
  const { pin = null } = state
  const before = way === 'return' && pin?.drilledOver !== undefined ? pin.drilledOver : pin
  // What an earlier drill put over another choice and became real is a choice like any other.
  const stood = before === null ? null : { release: before.release, by: before.by, at: before.at }
  const now = way === 'back' && pinnedBy !== undefined ? { release: to, by: pinnedBy, at, drilledOver: stood } : stood
  return resumed(now === null ? withoutPin(state) : { ...state, pin: now }, at)
}

const withoutPin = (state: EnvironmentState): EnvironmentState => {
  if (state.pin === undefined) return state
  const { pin: _, ...unpinned } = state
  return unpinned
}

/** What was taken away is not soaked: it begins anew, should it come again. */
const forget = (state: EnvironmentState, release: ReleaseId): EnvironmentState =>
  state.soaks === undefined ? state : { ...state, soaks: state.soaks.filter((soak) => soak.release !== release) }

/** What served during a rollout that was taken back goes on soaking from now on. */
const resumed = (state: EnvironmentState, at: number): EnvironmentState => {
  const soak = countingSoak(state)
  return soak === null ? state : withSoak(state, { ...soak, countedAt: at })
}

/** A release that may go on by itself, and where to. */
export type Offer = { readonly environment: string; readonly release: ReleaseId; readonly at: number }

/** What is offered now and was not before: each release once, when its time is over. */
export const offersOf = (before: Serving, after: Serving): readonly Offer[] => {
  const soak = after.soaks?.find(({ release }) => release === after.serving)
  if (soak === undefined || before.soaks === after.soaks) return []
  const servedBefore = before.soaks?.find(({ release }) => release === soak.release)?.servedMs
  return soak.onward.to
    .filter(({ auto, soakMs }) => auto && soak.servedMs >= soakMs && (servedBefore ?? -1) < soakMs)
    .map(({ environment }) => ({ environment, release: soak.release, at: soak.countedAt }))
}

/** How much longer a release must serve in the environment before, ms; 0 once it has soaked. */
export const soakLeftMs = (
  { promotion }: EnvironmentSpec,
  before: PromotionState | null,
  release: ReleaseId,
): number => {
  const soakMs = promotion?.soakMs ?? 0
  const servedMs = before?.soaks?.find((soak) => soak.release === release)?.servedMs ?? 0
  return Math.max(0, soakMs - servedMs)
}

/** Whether an approval still counts. */
export const isValidApproval = (
  { approvalsExpireAfterMs }: EnvironmentSpec,
  approval: { readonly at: number },
  now: number,
): boolean => approvalsExpireAfterMs === undefined || now < approval.at + approvalsExpireAfterMs

/** Why Sluice itself does not take a release into an environment, though a person might; null when it does. */
export type Reluctance = { readonly kind: 'pinned' | 'not_onward'; readonly who: string; readonly detail: string }

/** What automation asks beside the gates: it never goes back, never brings again what was here and left, and never goes past what a person chose. */
export const reluctanceOf = (
  environment: PromotionState & {
    readonly environment: string
    readonly verified: readonly ReleaseId[]
    readonly history: readonly { readonly release: ReleaseId }[]
  },
  { release, serving }: { readonly release: Release; readonly serving: Release | null },
): Reluctance | null => {
  const { pin, verified, history } = environment
  const { version } = release.content
  const name = environment.environment
  if (serving !== null && release.cutAt < serving.cutAt) {
    const detail = `${version} is older than ${serving.content.version}, which serves ${name}; only a person goes back`
    return { kind: 'not_onward', who: serving.content.version, detail }
  }
  if (verified.includes(release.id) || history.some((passage) => passage.release === release.id)) {
    const detail = `${version} was in ${name} before; only a person brings it again`
    return { kind: 'not_onward', who: version, detail }
  }
  if (pin === undefined) return null
  const detail = `${pin.by.name} chose an older release for ${name} at ${isoTime(pin.at)}; only a person goes past it`
  return { kind: 'pinned', who: pin.by.name, detail }
}
