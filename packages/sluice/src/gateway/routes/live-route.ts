/** A route in force: its arms with their upstreams, its counts, its armed tripwire. All decisions of the data path about a request are here. */
import {
  hashPoint,
  pickArm,
  cutCandidate,
  routingPoints,
  saltSeed,
  shareOf,
  stickyHash,
  unitHash,
} from '../../core/routing-pick.ts'
import type { ApartCounters, Arm, ArmName, Route, Trip, Upstream } from '../../core/routing.ts'
import type { ReleaseId, RolloutId, Sticky } from '../../core/model.ts'
import type { CopiedSoFar, MirrorCopy } from '../data/mirror.ts'
import type { RequestHead } from '../http/request-head.ts'
import { UpstreamPool, upstreamKey } from '../data/upstream-pool.ts'
import type { GatewaySettings } from '../settings.ts'
import type { World } from '../world.ts'
import { ApartTallies, type Why } from './apart.ts'
import { PauseGate } from './pause-gate.ts'
import { needsSteering, Steering, type SteeringMemory, type Wish } from './steering.ts'
import type { Tally } from './tally.ts'
import { countResponse, emptyTally } from './tally.ts'
import { twinHalf } from '../../core/judge/independence.ts'
import { wholeBp } from '../../core/judge/statistics.ts'
import type { MetricWatch } from './metric-watch.ts'
import type { Watch } from './tripwire.ts'
import { armedWatch, freshCounts, judgeWatch, rearmed, watchBad, watchResponse } from './tripwire.ts'

/** An arm with what the data path needs at hand. A request keeps the one that it was given to, also when another route is in force by its end. */
export type LiveArm = {
  readonly name: ArmName
  readonly shareBp: number
  /** The rollout in which it is compared, and the candidate's share (basis points) in force with it. */
  readonly rollout: RolloutId | null
  readonly candidateBp: number
  /** Why its requests are no sample for the judge; null when they are. */
  readonly apart: Why | null
  readonly tally: Tally
  readonly pools: readonly UpstreamPool[]
}

/** Where a request goes: its arm, the unit it counts as, the key to hand out when it had none, and the cookie line that keeps it with its release. */
export type Choice = {
  readonly arm: LiveArm
  readonly unit: number | null
  readonly issue: string | null
  readonly pin: string | null
}

/** What a live route tells its owner. */
export type RouteListener = {
  /** The tripwire cut; called in the turn of the event loop of the response that decided it, after the cut. */
  readonly tripped: (route: LiveRoute, trip: Trip) => void
  /** The belief in an upstream's health changed. */
  readonly healthChanged: (route: LiveRoute, pool: UpstreamPool, reason: string) => void
}

/** The parts a live route is made of. */
export type LiveRouteParts = {
  readonly world: World
  readonly settings: GatewaySettings
  readonly listener: RouteListener
}

const issuedKey = /^[0-9a-f]{32}$/

const heirs: Readonly<Record<ArmName, readonly ArmName[]>> = {
  candidate: ['stable', 'holdback'],
  holdback: ['stable'],
  stable: [],
}

/** The cookie that the gateway issues to clients without a key of their own. */
const issuedCookie = (sticky: Sticky): string | null => {
  if (sticky.kind === 'cookie') return sticky.name
  return sticky.kind === 'user' ? sticky.fallback : null
}

/** One route in force. */
export class LiveRoute {
  /** What is in force, the shares after any trip included. */
  route: Route
  arms: readonly LiveArm[] = []
  /** Every upstream that serves, or still has something in flight. */
  readonly pools: Map<string, UpstreamPool> = new Map()
  readonly tallies: Map<ReleaseId, Tally> = new Map()
  readonly gate: PauseGate
  watch: Watch
  trip: Trip | null = null
  /** Counts or evidence changed since they were last written. */
  changed = false
  /** Number of the last writing of counts and evidence. */
  writing = 0
  /** What is looked at besides the sticky key; null when nothing is, so that nothing is paid for it. */
  steering: Steering | null = null
  /** What is served at the preview address; null while nothing is. */
  preview: LiveArm | null = null
  stickyCookie: string | null = null
  stickyHeader: string | null = null
  private seed = 0
  private turn = 0
  private readonly memory: SteeringMemory = { apart: new ApartTallies(), mirrors: new Map() }
  private readonly parts: LiveRouteParts

  constructor(route: Route, parts: LiveRouteParts) {
    this.parts = parts
    this.route = route
    this.gate = new PauseGate(parts.settings.pauseQueueMax)
    this.watch = armedWatch(route.tripwire, freshCounts(parts.world.now()))
    this.put(route)
  }

  /** Puts a route in force. The same rollout keeps its evidence, the same release its counts, the same upstream its connections. */
  put(route: Route): void {
    if (route.tripwire?.rollout !== this.watch.tripwire?.rollout) {
      this.watch = armedWatch(route.tripwire, freshCounts(this.parts.world.now()))
      this.trip = null
      this.memory.apart.shares.clear()
    } else {
      this.watch = rearmed(this.watch, route.tripwire)
    }
    this.route = route
    this.seed = saltSeed(route.salt)
    this.stickyCookie = issuedCookie(route.sticky)
    this.stickyHeader = route.sticky.kind === 'header' ? route.sticky.name.toLowerCase() : null
    this.memory.apart.shares.add(shareOf(route, 'candidate'))
    this.arms = route.arms.map((arm) => this.armOf(arm))
    const { memory } = this
    const shown = route.preview === undefined ? undefined : this.arms.find(({ name }) => name === 'candidate')
    this.preview = shown === undefined ? null : memory.apart.view(shown, 'preview')
    this.steering = needsSteering(route) ? new Steering(this, { route, world: this.parts.world, memory }) : null
    this.retireOthers()
    if (route.arms.length === 0) this.gate.await(this.parts.world.now(), this.parts.settings.emptyHoldMs)
    else this.gate.arrived()
    this.changed = true
  }

  /** An arm of the route in force with what the data path needs at hand. */
  armOf({ name, release, shareBp, upstreams }: Arm): LiveArm {
    return {
      name,
      shareBp,
      rollout: this.route.tripwire?.rollout ?? null,
      candidateBp: shareOf(this.route, 'candidate'),
      apart: null,
      tally: this.tallyOf(release),
      pools: upstreams.map((upstream) => this.poolOf(upstream, release)),
    }
  }

  /** Which arm a request goes to. Null when no arm has a share. */
  choose(key: string): Choice | null {
    if (this.route.sticky.kind === 'none' || (key === '' && this.stickyCookie === null)) {
      const arm = pickArm(this.arms, Math.floor(this.parts.world.random() * routingPoints))
      return arm && { arm, unit: null, issue: null, pin: null }
    }
    const known = this.stickyCookie === null || issuedKey.test(key)
    const effective = known ? key : this.parts.world.token()
    const hash = stickyHash(this.seed, effective)
    const arm = pickArm(this.arms, hashPoint(hash))
    return arm && { arm, unit: unitHash(hash), issue: known ? null : effective, pin: null }
  }

  /** Which arm a request goes to that says more than its key. */
  chooseSteered(key: string, wish: Wish): Choice | null {
    if (wish.door === 'preview') return this.preview && { arm: this.preview, unit: null, issue: null, pin: null }
    return this.steering === null ? this.choose(key) : this.steering.choose(key, wish)
  }

  /** A copy of a request, where a share of them is mirrored. */
  copyOf(head: RequestHead, so: CopiedSoFar): MirrorCopy | null {
    return this.steering?.mirror?.copyOf(head, so) ?? null
  }

  /** Which arm a client goes to that is known by this key, whoever gave it. */
  chooseKnown(key: string): Choice | null {
    const hash = stickyHash(this.seed, key)
    const arm = pickArm(this.arms, hashPoint(hash))
    return arm && { arm, unit: unitHash(hash), issue: null, pin: null }
  }

  /** Whether the arm is still one that requests are given to. */
  isCurrent(arm: LiveArm): boolean {
    return arm === this.preview || this.arms.includes(arm) || this.steering?.has(arm) === true
  }

  /** The counts of what is no sample; null where nothing of the kind is configured and none was seen. */
  apartCounters(): readonly ApartCounters[] | null {
    const copies = [...this.memory.mirrors].map(([release, { requests, bad, skipped }]) => ({
      why: 'mirror' as const,
      release,
      requests,
      bad,
      skipped,
    }))
    const counters = [...this.memory.apart.counters(), ...copies]
    return this.steering === null && counters.length === 0 ? null : counters
  }

  /**
   * The arm that takes a request which no upstream of `failed` accepted and none has begun: stable for the candidate and the holdback, else
   * the holdback for the candidate. Never the candidate: users of the stable release are not sent to one on trial. Nobody at the preview address,
   * where the candidate answers or nobody does.
   */
  fallback(failed: LiveArm): LiveArm | null {
    if (failed.apart === 'preview') return null
    for (const name of heirs[failed.name]) {
      const arm = this.arms.find((each) => each.name === name && each.pools.length > 0)
      if (arm) return this.steering?.alike(failed, arm) ?? arm
    }
    return null
  }

  /** The upstream with the least in flight among the healthy ones not yet tried; among all when none is healthy. Null when all were tried. */
  choosePool(arm: LiveArm, tried: readonly UpstreamPool[] | null): UpstreamPool | null {
    const { pools } = arm
    const [only] = pools
    if (only && pools.length === 1 && tried === null && only.drainingSince === null) return only
    this.turn += 1
    let best: UpstreamPool | null = null
    for (let index = 0; index < pools.length; index += 1) {
      const pool = pools[(index + this.turn) % pools.length]
      if (!pool || pool.drainingSince !== null || tried?.includes(pool)) continue
      if (
        best === null ||
        (pool.healthy && !best.healthy) ||
        (pool.healthy === best.healthy && pool.inFlight < best.inFlight)
      )
        best = pool
    }
    return best
  }

  /** Counts a response, or a failure in its place; a slow one is weighed, and cuts in this same turn of the event loop when the evidence suffices. */
  count(arm: LiveArm, unit: number | null, latencyMs: number): void {
    this.countUnjudged(arm, unit, latencyMs)
    if (this.watch.slow.length > 0 && this.isWatched(arm)) this.countSlow(arm, unit, latencyMs)
  }

  /** Counts a response whose time says nothing: that of a candidate's instance that is still warming up. */
  countUnjudged(arm: LiveArm, unit: number | null, latencyMs: number): void {
    countResponse(arm.tally, latencyMs, unit)
    this.changed = true
    if (!this.isWatched(arm)) return
    const { watch } = this
    if (arm.name !== 'candidate') return watchResponse(watch.stable, unit)
    watchResponse(watch.candidate, unit)
    if (arm.candidateBp === wholeBp) watchResponse(watch.alone, unit)
  }

  /**
   * Whether an instance of the candidate is in the time in which a cold cache is no regression; begins it with its first response. Only the candidate's: to forgive
   * the stable arm would make the candidate look worse than it is.
   */
  isWarming(arm: LiveArm, pool: UpstreamPool, now: number): boolean {
    const warmupMs = this.watch.tripwire?.policy.latency?.warmupMs ?? 0
    if (warmupMs === 0 || arm.name !== 'candidate' || arm.apart !== null) return false
    if (pool.firstAnsweredAt === null) pool.firstAnsweredAt = now
    return now - pool.firstAnsweredAt < warmupMs
  }

  /**
   * Counts what came as bad, weighs it at the share that chose its arm, and cuts in this same turn of the event loop when the evidence suffices.
   * What comes late from an arm of another rollout is no evidence in this one: the same release may be stable by now.
   */
  countBad(arm: LiveArm, unit: number | null): void {
    arm.tally.bad += 1
    this.changed = true
    if (!this.isWatched(arm)) {
      // Whether a sticky unit had been counted then is not known any more.
      if (unit === null) arm.tally.badUnits += 1
      return
    }
    if (!this.weigh(this.watch.errors, arm, unit)) return
    arm.tally.badUnits += 1
    this.judge(arm)
  }

  /** Says that the belief in an upstream changed. */
  healthChanged(pool: UpstreamPool, reason: string): void {
    this.parts.listener.healthChanged(this, pool, reason)
  }

  /** Takes the candidate's share away and remembers why. */
  cut(trip: Trip): void {
    const route = cutCandidate(this.route)
    if (!route) return
    this.put(route)
    this.trip = trip
    this.parts.listener.tripped(this, trip)
  }

  private countSlow(arm: LiveArm, unit: number | null, latencyMs: number): void {
    const { slow, window } = this.watch
    let weighed = false
    for (let index = 0; index < slow.length; index += 1) {
      const metric = slow[index]
      if (metric === undefined) continue
      const limitMs = metric.metric.kind === 'slow' ? metric.metric.limitMs : (window?.thresholds[index] ?? Infinity)
      if (latencyMs > limitMs && this.weigh(metric, arm, unit)) weighed = true
    }
    if (arm.name !== 'candidate') window?.learn(latencyMs)
    if (weighed) this.judge(arm)
  }

  private weigh(metric: MetricWatch, arm: LiveArm, unit: number | null): boolean {
    const half = twinHalf(unit ?? Math.floor(this.parts.world.random() * 4_294_967_296))
    const candidate = arm.name === 'candidate'
    return watchBad(this.watch, metric, { candidate, unit, shareBp: arm.candidateBp, half })
  }

  /** What came from the candidate may have decided; what came from another arm only speaks for it. */
  private judge({ name }: LiveArm): void {
    if (name !== 'candidate') return
    const trip = judgeWatch(this.watch, shareOf(this.route, 'candidate'), this.parts.world.now())
    if (trip) this.cut(trip)
  }

  private isWatched(arm: LiveArm): boolean {
    return arm.apart === null && arm.rollout === (this.watch.tripwire?.rollout ?? null)
  }

  private tallyOf(release: ReleaseId): Tally {
    const tally = this.tallies.get(release) ?? emptyTally(release)
    this.tallies.set(release, tally)
    return tally
  }

  private poolOf(upstream: Upstream, release: ReleaseId): UpstreamPool {
    const key = upstreamKey(upstream)
    const pool = this.pools.get(key) ?? new UpstreamPool(upstream, release, this.parts.settings.upstreamIdleMax)
    pool.drainingSince = null
    pool.drainUntil = Number.POSITIVE_INFINITY
    pool.release = release
    this.pools.set(key, pool)
    return pool
  }

  /** Upstreams that left every arm take no more requests; they and their release are forgotten once nothing is in flight. */
  retireOthers(): void {
    const others = this.steering?.others ?? []
    const serving = new Set([...this.arms, ...others].flatMap((arm) => arm.pools))
    for (const pool of this.pools.values()) {
      if (serving.has(pool)) continue
      pool.drainingSince ??= this.parts.world.monotonic()
      pool.closeIdle()
      if (pool.inFlight === 0) this.pools.delete(pool.key)
    }
    const releases = new Set(this.route.arms.map((arm) => arm.release))
    for (const [release, tally] of this.tallies)
      if (!releases.has(release) && tally.inFlight === 0) this.tallies.delete(release)
    for (const { tally } of others) releases.add(tally.release)
    this.memory.apart.keepOnly(releases)
    for (const release of this.memory.mirrors.keys()) if (!releases.has(release)) this.memory.mirrors.delete(release)
  }
}
