/** Traffic split by HAProxy: a process of its own for each environment, changed over its runtime API, fenced by a file. */
import { mkdir } from 'node:fs/promises'
import { setTimeout as rest } from 'node:timers/promises'
import { SluiceError } from '../../core/errors.ts'
import { assess } from '../../core/judge/assess.ts'
import { limits } from '../../core/limits.ts'
import { compareFence } from '../../core/model.ts'
import { routeFault } from '../../core/routing-pick.ts'
import type { GatewayNotice, ProbeReceipt, Route, RouteObservation } from '../../core/routing.ts'
import { writeWhole } from '../../lib/files.ts'
import type { Clock, Log } from '../../ports/clock.ts'
import type { RouteKey, Router } from '../../ports/router.ts'
import { beginGeneration, countersOf, foldRows } from './evidence.ts'
import { healthChanges, type HealthSeen } from './health.ts'
import { haproxyLimits } from './limits.ts'
import { HaproxyKeeper } from './keeper.ts'
import { type Place, placeOf } from './place.ts'
import { assignSlots, planKey, planText, routeShown, slotName } from './plan.ts'
import { probeAll } from './probe.ts'
import { endHaproxy, refuseTaken, reloadHaproxy, startHaproxy, type Worker, workerOf } from './process.ts'
import { findHaproxy, usualPlaces } from './program.ts'
import { allRecords, noRecord, readRecord, refuseStale, type RouteRecord, writeRecord } from './record.ts'
import { Runtime, wantedServers } from './runtime.ts'
import { scriptText } from './script.ts'
import { digestOf, refuseUnable, settingsText } from './settings.ts'

/** Where HAProxy's files are, and what it is found by. */
export type HaproxyRouterOptions = {
  readonly stateDir: string
  readonly log: Log
  readonly clock: Pick<Clock, 'now'>
  /** The PATH on which the program is looked for, and the places where it is besides; the usual ones unless given. */
  readonly path: string
  readonly morePlaces?: readonly string[]
}

/** The router, and how it is begun and let go of. */
export type HaproxyRouter = Router & {
  /** Adopts every HAProxy of this state directory that runs, and starts those that should. */
  readonly start: () => Promise<void>
  /** Whether HAProxy has a route of that name in force, or had one whose removal is remembered. */
  readonly knows: (key: RouteKey) => Promise<'route' | 'removal' | 'nothing'>
  /** Lets go; every HAProxy serves on. */
  readonly close: () => Promise<void>
}

/** Makes the router; nothing runs until a route is given, or `start` adopts one. */
export const haproxyRouter = (options: HaproxyRouterOptions): HaproxyRouter => new RuntimeRouter(options)

type InForce = RouteRecord & { readonly route: Route }
const isInForce = (record: RouteRecord | null): record is InForce => record !== null && record.route !== null

class RuntimeRouter implements HaproxyRouter {
  readonly #options: HaproxyRouterOptions
  readonly #keepers = new Map<string, HaproxyKeeper>()
  /** Changes of one route are made one after the other. */
  readonly #turns = new Map<string, Promise<unknown>>()
  readonly #closed = new AbortController()

  constructor(options: HaproxyRouterOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    for (const record of await allRecords(this.#options.stateDir)) if (isInForce(record)) this.#keep(record)
  }

  async knows(key: RouteKey): Promise<'route' | 'removal' | 'nothing'> {
    const record = await readRecord(this.#placeOf(key))
    if (record === null) return 'nothing'
    return record.route === null ? 'removal' : 'route'
  }

  probe(request: Parameters<Router['probe']>[0], signal: AbortSignal): Promise<readonly ProbeReceipt[]> {
    return probeAll(request, signal)
  }

  shift(route: Route): Promise<RouteObservation> {
    return this.#inTurn(route, async (place) => {
      const before = (await readRecord(place)) ?? noRecord(route)
      refuseStale(before, route.fence)
      const isRepetition = before.routeFence !== null && compareFence(before.routeFence, route.fence) === 0
      if (isRepetition && isInForce(before)) return this.#serve(place, before)
      refuseWrong(route)
      // What was counted so far belongs to the split before.
      const counted = isInForce(before) ? await this.#readCounts(place, before).catch(() => before) : before
      const next = nextRecord(counted, route, this.#options.clock.now())
      if (isMoved(before.route, route)) await refuseTaken(route)
      await writeRecord(place, next)
      try {
        return await this.#serve(place, next)
      } catch (error) {
        await this.#takeBack(place, before, { next, error })
        throw error
      }
    })
  }

  observe(key: RouteKey): Promise<RouteObservation | null> {
    return this.#inTurn(key, async (place) => {
      const record = await readRecord(place)
      if (!isInForce(record)) return null
      await this.#awaitWorker(place)
      return this.#observation(place, await this.#readCounts(place, record))
    })
  }

  async drain(request: Parameters<Router['drain']>[0], signal: AbortSignal): Promise<number> {
    const { upstreams, deadlineMs } = request
    const place = this.#placeOf(request)
    const record = await readRecord(place)
    if (!isInForce(record)) return 0
    const leaving = new Set(upstreams.map(({ host, port }) => `${host}:${port}`))
    const serving = record.route.arms.find(
      (arm) => arm.shareBp > 0 && arm.upstreams.some(({ host, port }) => leaving.has(`${host}:${port}`)),
    )
    if (serving === undefined) return new Runtime(place).drain(upstreams, deadlineMs, signal)
    throw new SluiceError('retire_refused', {
      detail: `${request.service} in ${request.environment}: arm ${serving.name} still has ${serving.shareBp / 100} % of the traffic`,
    })
  }

  remove(request: Parameters<Router['remove']>[0]): Promise<void> {
    return this.#inTurn(request, async (place) => {
      const before = (await readRecord(place)) ?? noRecord(request)
      refuseStale(before, request.fence)
      await writeRecord(place, { ...before, fence: request.fence, routeFence: null, route: null })
      const keeper = this.#keepers.get(place.folder)
      this.#keepers.delete(place.folder)
      await endHaproxy(place)
      // It may wait for this very turn; it finds no route then, and ends.
      void keeper?.stop()
    })
  }

  watch(listener: (notice: GatewayNotice) => void, signal: AbortSignal): void {
    void this.#watchHealth(listener, AbortSignal.any([signal, this.#closed.signal]))
  }

  async close(): Promise<void> {
    this.#closed.abort()
    await Promise.all([...this.#keepers.values()].map((keeper) => keeper.stop()))
    await Promise.all(this.#turns.values())
  }

  /** Has what the record says in force, whatever runs or does not run now. */
  async #serve(place: Place, record: InForce): Promise<RouteObservation> {
    const text = planText(record.route, record.slots, record.generation)
    const worker = await this.#ensure(place, record)
    const runtime = new Runtime(place)
    await runtime.put(record.route, record.slots, text)
    this.#keep(record)
    return this.#observation(place, { ...record, counted: { ...record.counted, process: worker.process } })
  }

  /** A worker that runs with the record's settings: the one that does, or it is reloaded, or one is started. */
  async #ensure(place: Place, record: InForce): Promise<Worker> {
    const digest = digestOf(record.route, place)
    await writeFiles(place, record)
    const worker = await workerOf(place)
    if (worker?.digest === digest) return worker
    const { path, morePlaces = usualPlaces } = this.#options
    const program = await findHaproxy([path, ...morePlaces].join(':'))
    if (worker !== null) return reloadHaproxy(place, program, digest)
    const started = await startHaproxy(place, program)
    this.#options.log.info('haproxy_started', { folder: place.folder, process: started.process })
    return started
  }

  /** After a shift that could not be made: a port that is taken leaves everything as it was, but for the fence. */
  async #takeBack(
    place: Place,
    before: RouteRecord,
    { next, error }: { readonly next: RouteRecord; readonly error: unknown },
  ): Promise<void> {
    const isRefused = error instanceof SluiceError && (error.code === 'port_in_use' || error.code === 'tool_missing')
    if (!isRefused) return
    await writeRecord(place, { ...before, fence: next.fence })
    if (isInForce(before)) await writeFiles(place, before)
  }

  async #observation(place: Place, record: InForce): Promise<RouteObservation> {
    const runtime = new Runtime(place)
    const [split, servers] = [await runtime.split(), await runtime.servers()]
    const inFlight = Object.fromEntries(
      record.slots.map((release, slot) => [
        release ?? '',
        servers.reduce((sum, one) => sum + (one.slot === slotName(slot) ? one.sessions : 0), 0),
      ]),
    )
    const { counted, route, slots } = record
    const statistics = counted.evidence?.statistics
    return {
      route: routeShown(route, slots, split),
      counters: countersOf(route, counted, inFlight),
      logE: route.tripwire === null || statistics === undefined ? null : assess(statistics, route.tripwire.policy).logE,
      ...(route.tripwire !== null && statistics !== undefined && { statistics }),
      // It has no tripwire: the engine judges by `logE`.
      trip: null,
      paused: false,
      observedAt: this.#options.clock.now(),
    }
  }

  /** Takes in what was counted since, and keeps it. */
  async #readCounts(place: Place, record: InForce): Promise<InForce> {
    const worker = await workerOf(place)
    if (worker === null) throw unreachable(place)
    const rows = await new Runtime(place).counts()
    const counted = foldRows(record.counted, worker.process, rows)
    const next = { ...record, counted }
    if (JSON.stringify(counted) !== JSON.stringify(record.counted)) await writeRecord(place, next)
    return next
  }

  /** One that died is on its way back. */
  async #awaitWorker(place: Place): Promise<void> {
    for (const until = performance.now() + limits.gatewayAbsentMs; ;) {
      if ((await workerOf(place)) !== null) return
      const record = await readRecord(place)
      if (isInForce(record) && this.#keepers.has(place.folder)) await this.#serve(place, record)
      else if (performance.now() > until) throw unreachable(place)
      else await rest(10)
    }
  }

  #keep(record: RouteRecord): void {
    const place = this.#placeOf(record)
    if (this.#keepers.has(place.folder) || this.#closed.signal.aborted) return
    const { log } = this.#options
    const restore = (): Promise<void> =>
      this.#inTurn(record, async () => {
        const now = await readRecord(place)
        if (!isInForce(now) || this.#closed.signal.aborted || (await workerOf(place)) !== null) return
        log.warn('haproxy_gone', { folder: place.folder })
        await this.#serve(place, now)
      })
    this.#keepers.set(place.folder, new HaproxyKeeper({ place, log, restore }))
  }

  async #watchHealth(listener: (notice: GatewayNotice) => void, signal: AbortSignal): Promise<void> {
    const seen = new Map<string, HealthSeen>()
    while (!signal.aborted) {
      for (const record of await allRecords(this.#options.stateDir).catch(() => [])) {
        if (!isInForce(record)) continue
        const place = this.#placeOf(record)
        const servers = await new Runtime(place).servers().catch(() => null)
        if (servers === null) continue
        const { notices, now } = healthChanges(record.route, servers, seen.get(place.folder) ?? new Map())
        seen.set(place.folder, now)
        for (const notice of notices) listener(notice)
      }
      await rest(haproxyLimits.lookMs, null, { signal, ref: false }).catch(() => null)
    }
  }

  #placeOf(key: RouteKey): Place {
    return placeOf(this.#options.stateDir, key)
  }

  #inTurn<Result>(key: RouteKey, work: (place: Place) => Promise<Result>): Promise<Result> {
    const place = this.#placeOf(key)
    const done = (this.#turns.get(place.folder) ?? Promise.resolve()).then(() => work(place))
    this.#turns.set(
      place.folder,
      done.catch(() => null),
    )
    return done.catch((error: unknown) => {
      throw asSluiceError(error)
    })
  }
}

const nextRecord = (before: RouteRecord, route: Route, at: number): InForce => {
  const generation = before.generation + 1
  return {
    ...before,
    fence: route.fence,
    routeFence: route.fence,
    route,
    slots: assignSlots(before.slots, before.route, route),
    generation,
    counted: beginGeneration(before.counted, route, { number: generation, at }),
  }
}

/** Everything that is read at a start, from the record; the record alone is the truth. */
const writeFiles = async (place: Place, { route, slots, generation }: InForce): Promise<void> => {
  await mkdir(place.folder, { recursive: true, mode: 0o700 })
  const wanted = wantedServers(route, slots)
  const servers = slots.map((_, slot) => wanted.flatMap((one) => (one.slot === slot ? [one.upstream] : [])))
  await writeWhole(place.scriptFile, scriptText(place.mapFile))
  await writeWhole(place.mapFile, `${planKey} ${planText(route, slots, generation)}\n`)
  await writeWhole(place.settingsFile, settingsText(route, place, servers))
}

const refuseWrong = (route: Route): void => {
  refuseUnable(route)
  const fault = routeFault(route)
  if (fault === null) return
  throw new SluiceError('usage_invalid', {
    detail: `the route of ${route.service} in ${route.environment}: ${fault}`,
  })
}

const isMoved = (before: Route | null, { listen }: Route): boolean =>
  before === null || before.listen.host !== listen.host || before.listen.port !== listen.port

const unreachable = (place: Place): SluiceError =>
  new SluiceError('gateway_unreachable', {
    detail: `no HAProxy answers at ${place.adminSocket}`,
    hint: `it is started again by the control plane; its log is ${place.logFile}`,
  })

const asSluiceError = (error: unknown): SluiceError =>
  error instanceof SluiceError
    ? error
    : new SluiceError('unexpected', { detail: `the HAProxy router: ${String(error)}`, cause: error })
