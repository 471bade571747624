/** The simulated router: the gateway's rules about fences, trips and repetitions, over the simulated world. */
import { SluiceError } from '../../../src/core/errors.ts'
import { compareFence } from '../../../src/core/model.ts'
import type { Fence } from '../../../src/core/model.ts'
import type { Share } from '../../../src/core/rollout/types.ts'
import { cutCandidate, isForbiddenByTrip, routeFault } from '../../../src/core/routing-pick.ts'
import type {
  GatewayNotice,
  Maintenance,
  ProbeReceipt,
  Route,
  RouteObservation,
  Trip,
} from '../../../src/core/routing.ts'
import type { Router } from '../../../src/ports/router.ts'
import { Breach, demand } from '../breach.ts'
import { faults } from '../core/faults.ts'
import { instancesMax, slotCount, slotOf } from '../core/releases.ts'
import type { Setting } from '../core/setting.ts'
import { isExclusive } from '../core/world.ts'
import type { Incarnation, Network, Reply } from './network.ts'
import type { Timeline } from './timeline.ts'

/** One candidate unit each so many milliseconds. */
const unitMs = 20

/** What the data plane keeps, whoever asks. */
export class DataPlane {
  route: Route | null = null
  trip: Trip | null = null
  maintenance: Maintenance | null = null
  readonly listeners: Map<Incarnation, (notice: GatewayNotice) => void> = new Map()
  readonly #setting: Setting
  readonly #timeline: Timeline
  #fence: Fence = { token: -1, sequence: -1 }
  #maintained = 0

  constructor(setting: Setting, timeline: Timeline) {
    this.#setting = setting
    this.#timeline = timeline
  }

  /** Puts a route in force, unless its fence or a trip forbids it. */
  set(route: Route, reply: Reply<RouteObservation>): void {
    const { world } = this.#setting
    const order = compareFence(route.fence, this.#fence)
    if (order < 0) return reply.refuse(new SluiceError('fence_stale', { detail: 'older than the newest seen' }))
    if (order === 0 && this.route !== null) return reply.give(this.observation(this.route))
    const fault = routeFault(route)
    if (fault !== null) throw new Breach(`the engine asked for a route that no router takes: ${fault}`)
    if (isForbiddenByTrip(this.route, this.trip, route))
      return reply.refuse(new SluiceError('gateway_tripped', { detail: 'cut' }))
    const shares = sharesOf(route)
    demand(world.ask(shares, route.fence) === 'done', 'the router took a route that the tripwire had cut')
    this.#fence = route.fence
    const isChecked = this.#isChecked(shares)
    if (isChecked && this.#setting.strikes(faults.router_lied)) return reply.give(this.observation(route))
    if (this.#setting.strikes(faults.router_not_applied))
      return reply.give(this.observation(this.route ?? { ...route, arms: [] }))
    if (isChecked && this.#setting.strikes(faults.router_applied_late)) {
      this.#timeline.after(this.#setting.random.below(3_000), () => {
        if (compareFence(route.fence, this.#fence) === 0 && !isForbiddenByTrip(this.route, this.trip, route))
          this.#put(route)
      })
    } else this.#put(route)
    if (
      (route.mirror ?? route.rules ?? route.preview) !== undefined &&
      this.#setting.strikes(faults.router_ignored_mirror)
    ) {
      const { mirror: _mirror, rules: _rules, preview: _preview, ...plain } = route
      return reply.give(this.observation(plain))
    }
    reply.give(this.observation(route))
  }

  /** Puts maintenance in force, or ends it, unless something newer was heard. */
  maintain(sequence: number, maintenance: Maintenance | null, reply: Reply<void>): void {
    if (sequence < this.#maintained)
      return reply.refuse(new SluiceError('fence_stale', { detail: 'older than the newest heard' }))
    if (this.route === null) return reply.refuse(new SluiceError('not_found', { detail: 'no route' }))
    this.#maintained = sequence
    this.maintenance = maintenance
    reply.give()
  }

  /** Takes the route away. */
  remove(fence: Fence, reply: Reply<void>): void {
    if (compareFence(fence, this.#fence) < 0)
      return reply.refuse(new SluiceError('fence_stale', { detail: 'older than the newest seen' }))
    this.#setting.world.ask([], fence)
    this.#fence = fence
    this.route = null
    this.trip = null
    this.maintenance = null
    this.#setting.world.shift([], 0, 'close')
    reply.give()
  }

  /** What is in force and what was counted. */
  observation(route: Route): RouteObservation {
    const { world, badResponses, badAfter } = this.#setting
    const isStale = this.#setting.strikes(faults.metrics_stale)
    const ageMs = isStale ? 1_600 + this.#setting.random.below(10_000) : 0
    const candidate = world.candidate
    const units = Math.max(0, Math.floor((this.#timeline.now - world.shiftedAt - ageMs) / unitMs))
    const badUnits = candidate >= 0 && badResponses[candidate] === true ? units : 0
    const isBlind = route.tripwire === null || this.#setting.strikes(faults.metrics_without_evidence)
    return {
      route,
      counters: route.arms.map(({ release, shareBp }) => {
        const counted = shareBp === 0 ? 0 : units
        const isAlone = route.arms.length === 1 && badAfter[slotOf(release)] === true
        const bad = isAlone ? counted : slotOf(release) === candidate && shareBp > 0 ? badUnits : 0
        return { release, requests: counted, bad, units: counted, badUnits: bad, inFlight: 0, latency: [] }
      }),
      logE: isBlind ? null : badUnits > 2 ? 5 : 0,
      trip: this.trip,
      paused: false,
      observedAt: world.wall() - ageMs,
    }
  }

  /** The tripwire cuts, if one is armed. */
  cut(): void {
    const { world } = this.#setting
    if (this.route === null || this.route.tripwire === null || !world.isArmed()) return
    const { rollout } = this.route.tripwire
    const units = { units: 10, badUnits: 9 }
    const cut = cutCandidate(this.route)
    if (cut === null) throw new Breach('the tripwire had nobody to give the traffic to')
    this.trip = { rollout, at: world.wall(), logE: 5, candidate: units, stable: units, shareBp: 500 }
    this.route = cut
    world.cut()
    const { service, environment } = cut
    this.notify({ kind: 'tripped', service, environment, trip: this.trip })
  }

  /** Tells whoever watches; notices may be lost, doubled, late. */
  notify(notice: GatewayNotice, afterMs: number = 1): void {
    const { random } = this.#setting
    for (const [incarnation, listener] of this.listeners) {
      const tell = (): void => {
        if (incarnation.isAlive) listener(notice)
      }
      if (this.#setting.strikes(faults.notice_dropped)) continue
      this.#timeline.after(afterMs + (random.next() & 63), tell)
      if (this.#setting.strikes(faults.notice_duplicated)) this.#timeline.after(afterMs + random.below(5_000), tell)
    }
  }

  #put(route: Route): void {
    let packed = 0
    for (const { release, upstreams } of route.arms)
      for (const { port } of upstreams) packed |= 1 << (slotOf(release) * instancesMax + (port % 10))
    const { mirror } = route
    if (mirror !== undefined)
      for (const { port } of mirror.upstreams) packed |= 1 << (slotOf(mirror.release) * instancesMax + (port % 10))
    this.#setting.world.shift(reachedBy(route), packed, 'hold')
    if (this.trip?.rollout !== route.tripwire?.rollout) this.trip = null
    this.route = route
  }

  /** Whether a retire comes after, which looks for itself; where nothing does, nobody but the router could know that it lied. */
  #isChecked(shares: readonly Share[]): boolean {
    const { plan } = this.#setting.world
    if (plan === null || plan.from === null) return false
    if (isExclusive(plan)) return shares.length === 0
    return shares[0]?.release !== plan.to || plan.steps.at(-1)?.kind === 'retire'
  }
}

const sharesOf = ({ arms }: Route): readonly Share[] =>
  arms.map(({ name, release, shareBp, upstreams }) => ({ arm: name, release, shareBp, count: upstreams.length }))

/** The shares of a route, and of whom it reaches without one. */
const reachedBy = (route: Route): readonly Share[] => {
  const shares = sharesOf(route)
  const { mirror } = route
  if (mirror === undefined || shares.some(({ release }) => release === mirror.release)) return shares
  return [...shares, { arm: 'candidate', release: mirror.release, shareBp: 0, count: mirror.upstreams.length }]
}

/** One control plane's view of the data plane. */
export const simulatedRouter = (
  setting: Setting,
  timeline: Timeline,
  { plane, network, caller }: { plane: DataPlane; network: Network; caller: Incarnation },
): Router => ({
  probe: ({ upstreams, deadlineMs }, signal) =>
    network.ask<readonly ProbeReceipt[]>(caller, signal, (reply) => {
      const isHealthy = (port: number): boolean =>
        (setting.world.healthy(Math.floor(port / 10)) & (1 << (port % 10))) !== 0
      const receipts = (): readonly ProbeReceipt[] =>
        upstreams.map(({ instance, port }) => {
          const healthy = isHealthy(port)
          return { instance, healthy, successes: healthy ? 1 : 0, last: healthy ? '200' : 'refused' }
        })
      const look = (leftMs: number): void => {
        if (leftMs <= 0 || upstreams.every(({ port }) => isHealthy(port))) return reply.give(receipts())
        timeline.after(Math.min(leftMs, 200), () => look(leftMs - 200))
      }
      look(deadlineMs)
    }),
  shift: (route, signal) => network.ask(caller, signal, (reply) => plane.set(route, reply)),
  observe: (_, signal) =>
    network.ask(caller, signal, (reply) => {
      if (setting.strikes(faults.metrics_missing))
        return reply.refuse(new SluiceError('gateway_unreachable', { detail: 'no answer' }))
      reply.give(plane.route === null ? null : plane.observation(plane.route))
    }),
  drain: (_, signal) => network.ask(caller, signal, (reply) => reply.give(0)),
  remove: ({ fence }, signal) => network.ask(caller, signal, (reply) => plane.remove(fence, reply)),
  maintain: ({ sequence, maintenance }, signal) =>
    network.ask(caller, signal, (reply) => plane.maintain(sequence, maintenance, reply)),
  watch: (listener, signal) => {
    plane.listeners.set(caller, listener)
    signal.addEventListener('abort', () => plane.listeners.delete(caller), { once: true })
  },
})

/** The port that an instance of a slot listens on: its slot and its index, readable. */
export const portOf = (slot: number, index: number): number => slot * 10 + index

/** Every slot, in order. */
export const slots: readonly number[] = Array.from({ length: slotCount }, (_, slot) => slot)
