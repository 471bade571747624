/** All routes of this gateway: puts them in force under their fence, keeps them on disk, and says what is in force. */
import { SluiceError } from '../../core/errors.ts'
import type { Fence } from '../../core/model.ts'
import { compareFence } from '../../core/model.ts'
import { routeFault, withoutSideways } from '../../core/routing-pick.ts'
import type { GatewayNotice, Maintenance, Route, RouteObservation, Upstream } from '../../core/routing.ts'
import type { DataPlane } from '../data/data-plane.ts'
import { commitRecord } from './commit-record.ts'
import { addressesOf, closeDoors, isSame } from './doors.ts'
import { emptyEntry, type Entry, missingAddresses, routeKey, type RouteName, shownTrip, withTripped } from './entry.ts'
import { removeEvidence, restoreEvidence } from './evidence-file.ts'
import type { PassedListener, ReceivedListener } from './listener.ts'
import { Listening } from './listening.ts'
import { LiveRoute } from './live-route.ts'
import type { RouteListener } from './live-route.ts'
import { applyMaintenance, inForce } from './maintenance.ts'
import { observationOf } from './observation.ts'
import { checkFence, checkMaintenance, checkTripped } from './refusals.ts'
import type { RouteRecord } from './route-file.ts'
import { type PassedTrip, TripNews } from './trip-news.ts'

/** What a table works with. */
export type RouteTableParts = {
  readonly plane: DataPlane
  readonly folder: string
  readonly notify: (notice: GatewayNotice) => void
  /** Called when a socket was opened or closed; fulfilled when nobody else holds one that was closed. */
  readonly listenersChanged: () => Promise<void>
}

/** The routes of this gateway. */
export class RouteTable {
  readonly entries: Map<string, Entry> = new Map()
  /** This gateway hands over: no command is taken any more. */
  private frozen = false
  private readonly listening: Listening
  private readonly tripNews: TripNews
  private readonly plane: DataPlane
  private readonly folder: string
  private readonly notify: (notice: GatewayNotice) => void
  private readonly listenersChanged: () => Promise<void>

  constructor({ plane, folder, notify, listenersChanged }: RouteTableParts) {
    this.listening = new Listening(plane)
    this.tripNews = new TripNews({ world: plane.world, folder, notify })
    this.plane = plane
    this.folder = folder
    this.notify = notify
    this.listenersChanged = listenersChanged
  }

  /** The route of that name; null when there is none in force. */
  find(name: RouteName): LiveRoute | null {
    return this.entries.get(routeKey(name))?.live ?? null
  }

  /** Every route in force. */
  get all(): readonly LiveRoute[] {
    return [...this.entries.values()].flatMap((entry) => entry.live ?? [])
  }

  /** Puts a route from disk in force, as it was; on the sockets of a predecessor, if there are some. Throws when it does not listen everywhere. */
  async restore(record: RouteRecord, received: readonly ReceivedListener[]): Promise<void> {
    const entry = this.entryOf(record)
    entry.record = record
    if (!record.route) return
    const live = this.make(record.route, entry)
    live.trip = record.trip
    restoreEvidence(this.folder, live)
    const left = record.pausedUntil - this.plane.world.now()
    if (left > 0) live.gate.pause(record.pausedUntil, left)
    applyMaintenance(live, record.maintenance?.maintenance ?? null, this.plane.world.now())
    entry.live = live
    const { doors, failure } = await this.listening.restore(record.route, received, live)
    entry.doors = doors
    if (failure !== null) throw failure
  }

  /** Listens again for a route from disk whose port was taken. */
  async relisten(name: RouteName): Promise<void> {
    await this.inTurn(name, async (entry) => {
      if (!entry.live) return
      const opened = await this.listening.open(missingAddresses(entry, entry.live.route), entry.live)
      entry.doors = [...entry.doors, ...opened]
      if (opened.length > 0) await this.listenersChanged()
    })
  }

  /** Puts the route in force: listening, on disk, and only then acknowledged. An equal fence is a repetition and changes nothing. */
  set(route: Route): Promise<RouteObservation> {
    return this.inTurn(route, async (entry) => {
      checkFence(entry.record, route.fence)
      const { live } = entry
      if (live && entry.record.routeFence && compareFence(route.fence, entry.record.routeFence) === 0)
        return this.observation(live)
      const fault = routeFault(route)
      if (fault)
        throw new SluiceError('usage_invalid', {
          detail: `the route of ${route.service} in ${route.environment}: ${fault}`,
        })
      checkTripped(entry.record, route)
      const next = live ?? this.make(route, entry)
      const opened = await this.listening.open(missingAddresses(entry, route), next)
      try {
        await commitRecord(this.folder, entry, (record) => {
          checkTripped(record, route)
          return { ...record, fence: route.fence, routeFence: route.fence, route, trip: shownTrip(record, route) }
        })
      } catch (error) {
        closeDoors(opened)
        throw error
      }
      next.put(route)
      next.trip = entry.record.trip
      entry.live = next
      const left = entry.doors.filter((door) => !addressesOf(route).some((address) => isSame(address, door)))
      entry.doors = [...entry.doors.filter((door) => !left.includes(door)), ...opened]
      this.listening.leave(left, next)
      if (opened.length + left.length > 0) await this.listenersChanged()
      return this.observation(next)
    })
  }

  /** Stops listening and forgets the route, not its fence. */
  remove(name: RouteName, fence: Fence): Promise<void> {
    return this.inTurn(name, async (entry) => {
      checkFence(entry.record, fence)
      await commitRecord(this.folder, entry, (record) => ({
        ...record,
        fence,
        routeFence: null,
        route: null,
        pausedUntil: 0,
        ...(record.maintenance && { maintenance: { ...record.maintenance, maintenance: null } }),
      }))
      const { live, doors } = entry
      entry.live = null
      entry.doors = []
      closeDoors(doors)
      if (doors.length > 0) await this.listenersChanged()
      if (!live) return
      removeEvidence(this.folder, live)
      live.put({ ...live.route, arms: [] })
      live.gate.resume()
      for (const connection of this.plane.connections) if (connection.route === live) connection.closeIdle()
    })
  }

  /** Holds new requests for at most `maxMs`. */
  pause(name: RouteName, fence: Fence, maxMs: number): Promise<boolean> {
    return this.gate(name, fence, (live) => {
      const until = this.plane.world.now() + maxMs
      live.gate.pause(until, maxMs)
      return until
    })
  }

  /** Lets the requests of a paused route go on. */
  resume(name: RouteName, fence: Fence): Promise<boolean> {
    return this.gate(name, fence, (live) => {
      live.gate.resume()
      return 0
    })
  }

  /** Puts maintenance in force, or ends it; on disk before it is acknowledged. */
  maintain(name: RouteName, maintenance: Maintenance | null, sequence: number): Promise<void> {
    return this.inTurn(name, async (entry) => {
      checkMaintenance(entry.record, sequence)
      if (!entry.live)
        throw new SluiceError('not_found', { detail: `no route for ${name.service} in ${name.environment}` })
      await commitRecord(this.folder, entry, (record) => ({ ...record, maintenance: { sequence, maintenance } }))
      applyMaintenance(entry.live, maintenance, this.plane.world.now())
    })
  }

  /** Upstreams that are about to be stopped are no more a way beside the arms, also after a restart: their ports may soon be somebody else's. */
  async leaving(name: RouteName, upstreams: readonly Upstream[]): Promise<void> {
    const route = this.find(name)?.route
    if (route === undefined || withoutSideways(route, upstreams) === route) return
    await this.inTurn(name, async (entry) => {
      if (!entry.live) return
      await commitRecord(this.folder, entry, (record) =>
        record.route ? { ...record, route: withoutSideways(record.route, upstreams) } : record,
      )
      if (entry.record.route) entry.live.put(entry.record.route)
    })
  }

  /** What the route really does now. */
  observation(live: LiveRoute): RouteObservation {
    const now = this.plane.world.now()
    return observationOf(live, inForce(this.entries.get(routeKey(live.route))?.record.maintenance, now), now)
  }

  /** Takes no more commands, and gives the listening sockets once those in hand are done. */
  async freeze(): Promise<readonly PassedListener[]> {
    this.frozen = true
    await Promise.all([...this.entries.values()].map((entry) => entry.turn))
    return this.listeners()
  }

  /** The listening sockets, each with its route. */
  listeners(): readonly PassedListener[] {
    return [...this.entries.values()].flatMap(({ record: { service, environment }, doors }) =>
      doors.map(({ listen, server }) => ({ service, environment, listen, server })),
    )
  }

  /** Gives the state directory to a successor, which `tell` reaches. */
  entrust(tell: (passed: PassedTrip) => void): void {
    this.tripNews.entrust(tell)
  }

  /** Takes commands again, and makes up for what was left to a successor that did not come to serve. */
  thaw(): void {
    this.frozen = false
    for (const passed of this.tripNews.takeBack()) this.tripNews.publish(this.entryOf(passed).record, passed)
  }

  /** Cuts what another gateway has cut: the predecessor, since it gave its state away, or the successor. */
  takeTrip(passed: PassedTrip): void {
    const entry = this.entries.get(routeKey(passed))
    const { trip } = passed
    if (!entry || entry.record.tripped.includes(trip.rollout)) return
    if (entry.live?.watch.tripwire?.rollout === trip.rollout) return entry.live.cut(trip)
    // Another rollout is on by now; this one must not come back.
    entry.record = withTripped(entry.record, trip)
    this.tripNews.note(entry.record, passed)
  }

  /** Whether this table has stopped listening for good. */
  get isStopped(): boolean {
    return this.listening.isStopped
  }

  /** Stops accepting on every route, and opens no port any more. */
  stopListening(): void {
    this.listening.stop([...this.entries.values()].flatMap(({ doors }) => doors))
  }

  private gate(name: RouteName, fence: Fence, act: (live: LiveRoute) => number): Promise<boolean> {
    return this.inTurn(name, async (entry) => {
      checkFence(entry.record, fence)
      if (!entry.live)
        throw new SluiceError('not_found', { detail: `no route for ${name.service} in ${name.environment}` })
      const pausedUntil = act(entry.live)
      await commitRecord(this.folder, entry, (record) => ({ ...record, fence, pausedUntil }))
      return entry.live.gate.paused
    })
  }

  private make(route: Route, entry: Entry): LiveRoute {
    const listener: RouteListener = {
      tripped: (live, trip) => {
        entry.record = { ...withTripped(entry.record, trip), route: live.route, trip }
        this.tripNews.publish(entry.record, { service: live.route.service, environment: live.route.environment, trip })
        this.plane.world.log('warn', 'tripped', {
          ...trip,
          service: live.route.service,
          environment: live.route.environment,
        })
      },
      healthChanged: (live, pool, reason) => {
        const { service, environment } = live.route
        const { upstream, release, healthy } = pool
        this.notify({ kind: 'upstream_health', service, environment, instance: upstream.instance, release, healthy })
        this.plane.world.log('warn', 'upstream_health', { service, environment, ...upstream, healthy, reason })
      },
    }
    return new LiveRoute(route, { world: this.plane.world, settings: this.plane.settings, listener })
  }

  private entryOf(name: RouteName): Entry {
    const known = this.entries.get(routeKey(name))
    if (known) return known
    const entry = emptyEntry(name)
    this.entries.set(routeKey(name), entry)
    return entry
  }

  private inTurn<T>(name: RouteName, work: (entry: Entry) => Promise<T>): Promise<T> {
    if (this.frozen) {
      return Promise.reject(
        new SluiceError('gateway_unreachable', {
          detail: 'this gateway is handing over; connect again, its successor answers',
        }),
      )
    }
    const entry = this.entryOf(name)
    const done = entry.turn.then(() => work(entry))
    entry.turn = done.catch(() => {})
    return done
  }
}
