/** A second environment of the engine simulator, for trains: one instance of one release, and a route to it. Calm in itself; the way there is as bad as any. */
import { SluiceError } from '../../../src/core/errors.ts'
import {
  compareFence,
  type EnvironmentSpec,
  type Fence,
  type Instance,
  type Release,
  type ReleaseId,
} from '../../../src/core/model.ts'
import type { Route, RouteObservation } from '../../../src/core/routing.ts'
import type { Ports } from '../../../src/engine/ports.ts'
import { demand } from '../breach.ts'
import { faults } from '../core/faults.ts'
import { slotOf } from '../core/releases.ts'
import type { Setting } from '../core/setting.ts'
import type { Incarnation, Network, Reply } from './network.ts'

/** The name of the second environment. */
export const secondName = 'second'

const firstPort = 9_000

/** The same release with a second environment to go to, where nothing is judged, asked or watched. */
export const withSecondPlace = (release: Release): Release => {
  const [spec] = release.content.environments
  if (spec === undefined) return release
  const { metrics: _m, externalJudge: _e, hooks: _h, onFail: _o, rollback: _r, ...plain } = spec
  const second: EnvironmentSpec = {
    ...plain,
    name: secondName,
    listen: { host: '127.0.0.1', port: 8_081 },
    instances: 1,
    strategy: { kind: 'rolling', batchSize: 1, pauseMs: 0, maxFailurePercent: 0 },
  }
  return { ...release, content: { ...release.content, environments: [spec, second] } }
}

/** See the file's header. */
export class SecondPlace {
  readonly #setting: Setting
  readonly #network: Network
  readonly #running = new Set<ReleaseId>()
  #route: Route | null = null
  #fence: Fence = { token: -1, sequence: -1 }

  constructor(setting: Setting, network: Network) {
    this.#setting = setting
    this.#network = network
  }

  /** Serves from before the schedule. */
  begin(release: ReleaseId): void {
    this.#running.add(release)
  }

  /** A control plane's way to both environments. */
  over(ports: Ports, process: Incarnation): Ports {
    const { driver, router } = ports
    const ask = <Answer>(signal: AbortSignal, arrive: (reply: Reply<Answer>) => void): Promise<Answer> =>
      this.#network.ask(process, signal, arrive)
    return {
      ...ports,
      driver: {
        ...driver,
        start: async (request, signal) => {
          if (request.spec.name !== secondName) return driver.start(request, signal)
          await ask<void>(signal, (reply) => this.#start(request.release.id, request.fence, reply))
          return this.#instances()
        },
        retire: (request, signal) =>
          request.environment === secondName
            ? ask<void>(signal, (reply) => this.#retire(request.release, request.fence, reply))
            : driver.retire(request, signal),
        observe: (service, environment, signal) =>
          environment === secondName
            ? ask(signal, (reply) => reply.give(this.#instances()))
            : driver.observe(service, environment, signal),
      },
      router: {
        ...router,
        probe: (request, signal) =>
          request.upstreams.some(({ port }) => port >= firstPort)
            ? ask(signal, (reply) =>
                reply.give(
                  request.upstreams.map(({ instance }) => ({ instance, healthy: true, successes: 1, last: '200' })),
                ),
              )
            : router.probe(request, signal),
        shift: (route, signal) =>
          route.environment === secondName
            ? ask(signal, (reply) => this.#shift(route, reply))
            : router.shift(route, signal),
        observe: (key, signal) =>
          key.environment === secondName
            ? ask(signal, (reply) => reply.give(this.#route === null ? null : this.#observation(this.#route)))
            : router.observe(key, signal),
        drain: (request, signal) =>
          request.environment === secondName ? ask(signal, (reply) => reply.give(0)) : router.drain(request, signal),
        remove: (request, signal) => {
          demand(request.environment !== secondName, 'the route of an environment that served was taken away')
          return router.remove(request, signal)
        },
      },
    }
  }

  /** Invariant: the second environment serves what the ledger says, and nothing else runs there. */
  mustServe(release: ReleaseId | null, left: readonly ReleaseId[]): void {
    demand(release !== null && this.#running.has(release), `what ${secondName} is said to serve does not run`)
    const shown = this.#route?.arms.map((arm) => arm.release) ?? [release]
    demand(shown.length === 1 && shown[0] === release, `${secondName} does not serve what the ledger says`)
    for (const one of this.#running)
      demand(one === release || left.includes(one), `slot ${slotOf(one)} was left behind in ${secondName}`)
  }

  /** Whether a request is older than the newest that was heard. */
  #isStale(fence: Fence, reply: Pick<Reply<never>, 'refuse'>): boolean {
    if (compareFence(fence, this.#fence) < 0) {
      reply.refuse(new SluiceError('fence_stale', { detail: 'older than the newest seen' }))
      return true
    }
    this.#fence = fence
    return false
  }

  #start(release: ReleaseId, fence: Fence, reply: Reply<void>): void {
    if (this.#isStale(fence, reply)) return
    if (this.#setting.strikesBeside(faults.member_does_not_start, 256))
      return reply.refuse(new SluiceError('start_failed', { detail: 'the start command ended at once' }))
    this.#running.add(release)
    reply.give()
  }

  #retire(release: ReleaseId, fence: Fence, reply: Reply<void>): void {
    if (this.#isStale(fence, reply)) return
    const isServing = this.#route?.arms.some((arm) => arm.release === release && arm.shareBp > 0) === true
    demand(!isServing, `what serves ${secondName} was retired`)
    this.#running.delete(release)
    reply.give()
  }

  #shift(route: Route, reply: Reply<RouteObservation>): void {
    if (this.#isStale(route.fence, reply)) return
    for (const { release } of route.arms)
      demand(this.#running.has(release), `traffic goes to slot ${slotOf(release)} of ${secondName}, which does not run`)
    this.#route = route
    reply.give(this.#observation(route))
  }

  #observation(route: Route): RouteObservation {
    const none = { requests: 0, bad: 0, units: 0, badUnits: 0, inFlight: 0, latency: [] }
    return {
      route,
      counters: route.arms.map(({ release }) => ({ release, ...none })),
      logE: route.tripwire === null ? null : 0,
      trip: null,
      paused: false,
      observedAt: this.#setting.world.wall(),
    }
  }

  #instances(): readonly Instance[] {
    return [...this.#running].map((release) => ({
      id: `${secondName}-${slotOf(release)}`,
      release,
      index: 0,
      host: '127.0.0.1',
      port: firstPort + slotOf(release),
      status: 'running',
      restarts: 0,
    }))
  }
}
