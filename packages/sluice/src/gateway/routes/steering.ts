/**
 * What a route looks at in a request besides its sticky key: rules, a user id, the release that the client started on, assets, a mirror, a way through
 * maintenance. A route that has none of it has no steering, and its requests pay nothing for it.
 */
import type { ReleaseId } from '../../core/model.ts'
import type { ArmName, Route, RouteMatch } from '../../core/routing.ts'
import { type MirrorCopy, type MirrorCounts, noCopies, RouteMirror } from '../data/mirror.ts'
import type { SecondAsk } from '../data/second-ask.ts'
import { requestFields, type RequestFields } from '../http/request-fields.ts'
import type { HeadParser } from '../http/head-parser.ts'
import type { ApartTallies, Why } from './apart.ts'
import type { World } from '../world.ts'
import type { Choice, LiveArm, LiveRoute } from './live-route.ts'
import { type Pin, pinnedName, pinText, readPin, rolloutName } from './skew-pin.ts'

/** What a request says for itself, and what belongs to it besides the answer. Its last two fields change. */
export type Wish = {
  /** The arm that a rule gives it. */
  readonly arm: ArmName | null
  readonly pin: Pin | null
  /** The id of its user; empty when it has none. */
  readonly user: string
  readonly isAsset: boolean
  readonly passes: boolean
  /** Set where it came in by another way than the route's own address. */
  readonly door?: 'preview'
  copy: MirrorCopy | null
  second: SecondAsk | null
}

/** Of a request at the preview address, which says nothing for itself: the candidate serves it. */
export const previewWish = (): Wish => ({
  arm: null,
  pin: null,
  user: '',
  isAsset: false,
  passes: true,
  door: 'preview',
  copy: null,
  second: null,
})

/** What outlives the route that is in force. */
export type SteeringMemory = { readonly apart: ApartTallies; readonly mirrors: Map<ReleaseId, MirrorCounts> }

/** Whether a route looks at anything besides the sticky key. */
export const needsSteering = (route: Route): boolean =>
  (route.rules?.length ?? 0) > 0 ||
  (route.assets?.length ?? 0) > 0 ||
  (route.bypass?.length ?? 0) > 0 ||
  route.skew !== undefined ||
  (route.mirror?.shareBp ?? 0) > 0 ||
  route.sticky.kind === 'user'

/** Whether all of the matches hold for a request. */
const holds = (matches: readonly RouteMatch[], fields: RequestFields): boolean =>
  matches.every(({ kind, name, value }) => {
    const found = kind === 'header' ? fields.header(name.toLowerCase()) : fields.cookie(name)
    if (found === null || value === null) return found !== null
    return value.kind === 'equals' ? found === value.text : found.startsWith(value.text)
  })

const canServe = (arm: LiveArm): boolean => arm.pools.some((pool) => pool.drainingSince === null)

/** The steering of one route in force. */
export class Steering {
  readonly mirror: RouteMirror | null
  private readonly live: LiveRoute
  private readonly route: Route
  private readonly world: World
  private readonly memory: SteeringMemory
  /** Arms of releases that have a share, or had one and are still up, by the name that pins have for them. */
  private readonly pinned: Map<string, LiveArm> = new Map()
  private readonly overlap: readonly LiveArm[]
  private readonly views: Map<string, LiveArm> = new Map()
  private readonly rollout: string

  constructor(live: LiveRoute, parts: { route: Route; world: World; memory: SteeringMemory }) {
    const { route, world, memory } = parts
    this.live = live
    this.route = route
    this.world = world
    this.memory = memory
    this.rollout = rolloutName(route.tripwire?.rollout ?? null)
    this.overlap = (route.overlap ?? []).map(({ release, upstreams }) =>
      live.armOf({ name: 'holdback', release, shareBp: 0, upstreams }),
    )
    for (const arm of [...this.overlap, ...live.arms.filter(({ shareBp }) => shareBp > 0).toReversed()])
      this.pinned.set(pinnedName(arm.tally.release), arm)
    this.mirror = this.mirrorOf()
  }

  /** Every arm that this looks after besides the route's own: its upstreams stay. */
  get others(): readonly LiveArm[] {
    return this.mirror === null ? this.overlap : [...this.overlap, this.mirror.arm]
  }

  /** Reads what a request says for itself. */
  read(parser: HeadParser, text: string): Wish {
    const fields = requestFields(parser, text)
    const { rules = [], skew, sticky, bypass = [] } = this.route
    return {
      arm: rules.find(({ all }) => holds(all, fields))?.arm ?? null,
      pin: skew === undefined ? null : readPin(fields.cookie(skew.cookie)),
      user: sticky.kind === 'user' ? this.userOf(fields) : '',
      isAsset: this.isAsset(fields),
      passes: bypass.length > 0 && holds(bypass, fields),
      copy: null,
      second: null,
    }
  }

  /** Which arm a request goes to; null when no arm has a share. */
  choose(key: string, wish: Wish): Choice | null {
    if (wish.arm !== null) {
      const ruled = this.live.arms.find(({ name }) => name === wish.arm)
      if (ruled && canServe(ruled)) return { arm: this.view(ruled, 'rule'), unit: null, issue: null, pin: null }
    }
    const drawn = wish.user === '' ? this.live.choose(key) : this.live.chooseKnown(wish.user)
    if (drawn === null || this.route.skew === undefined) return drawn
    const { pin } = wish
    const stays = pin === null ? undefined : this.pinned.get(pin.release)
    if (pin === null || stays === undefined || !this.isInTime(pin, this.route.skew.maxAgeMs) || !canServe(stays))
      return { ...drawn, pin: this.pinFor(drawn.arm) }
    return { ...drawn, arm: this.pinnedArm(stays, { pin, drawn: drawn.arm }), pin: null }
  }

  /** Another release that may have an asset which this arm's has not; null when there is none. */
  otherThan(arm: LiveArm): LiveArm | null {
    for (const other of this.pinned.values())
      if (other.tally.release !== arm.tally.release && canServe(other)) return this.view(other, 'asset')
    return null
  }

  /** The arm as it serves requests that are no sample, if `failed` was one of them. */
  alike(failed: LiveArm, next: LiveArm): LiveArm {
    return failed.apart === null ? next : this.view(next, failed.apart)
  }

  /** Whether the arm is one of this steering's making. */
  has(arm: LiveArm): boolean {
    for (const view of this.views.values()) if (view === arm) return true
    return false
  }

  /**
   * The arm of a client that stays. Where arms are compared, its answers are a sample only if chance gave it to the arm in this rollout, and they are
   * weighed at the share that this chance had; those who came before were not drawn, and count in neither arm.
   */
  private pinnedArm(stays: LiveArm, { pin, drawn }: { readonly pin: Pin; readonly drawn: LiveArm }): LiveArm {
    if (stays.shareBp === 0) return this.view(stays, 'skew')
    if (this.route.tripwire === null)
      return drawn.tally.release === stays.tally.release ? drawn : this.view(stays, 'skew')
    if (pin.rollout !== this.rollout || !this.memory.apart.shares.has(pin.shareBp)) return this.view(stays, 'skew')
    return pin.shareBp === stays.candidateBp ? stays : this.weighed(stays, pin.shareBp)
  }

  private isInTime({ at }: Pin, maxAgeMs: number): boolean {
    const age = this.world.now() - at
    return age >= -1_000 && age < maxAgeMs
  }

  private pinFor(arm: LiveArm): string | null {
    const { skew } = this.route
    if (skew === undefined) return null
    const pin = {
      release: pinnedName(arm.tally.release),
      rollout: this.rollout,
      shareBp: arm.candidateBp,
      at: this.world.now(),
    }
    return `set-cookie: ${skew.cookie}=${pinText(pin)}; Path=/; Max-Age=${Math.ceil(skew.maxAgeMs / 1_000)}; HttpOnly; SameSite=Lax\r\n`
  }

  private view(arm: LiveArm, why: Why): LiveArm {
    const key = `${why} ${arm.name} ${arm.tally.release}`
    const known = this.views.get(key) ?? this.memory.apart.view(arm, why)
    this.views.set(key, known)
    return known
  }

  private weighed(arm: LiveArm, candidateBp: number): LiveArm {
    const key = `share ${candidateBp} ${arm.name}`
    const known = this.views.get(key) ?? { ...arm, candidateBp }
    this.views.set(key, known)
    return known
  }

  private userOf(fields: RequestFields): string {
    const { sticky } = this.route
    if (sticky.kind !== 'user') return ''
    return (sticky.from === 'cookie' ? fields.cookie(sticky.name) : fields.header(sticky.name.toLowerCase())) ?? ''
  }

  private isAsset({ method, target }: RequestFields): boolean {
    const { assets = [] } = this.route
    return (method === 'GET' || method === 'HEAD') && assets.some((prefix) => target.startsWith(prefix))
  }

  private mirrorOf(): RouteMirror | null {
    const { mirror } = this.route
    if (mirror === undefined || mirror.shareBp === 0) return null
    const counts = this.memory.mirrors.get(mirror.release) ?? noCopies()
    this.memory.mirrors.set(mirror.release, counts)
    const { release, upstreams } = mirror
    const arm = this.live.armOf({ name: 'holdback', release, shareBp: 0, upstreams })
    return new RouteMirror(mirror, { live: this.live, arm, counts })
  }
}
