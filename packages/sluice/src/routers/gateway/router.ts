/** The built-in router: the gateway, asked over its control socket. */
import { join } from 'node:path'
import type { GatewayAnswer, GatewayNotice, ProbeReceipt, Route, RouteObservation } from '../../core/routing.ts'
import type { Log } from '../../ports/clock.ts'
import type { RouteKey, Router } from '../../ports/router.ts'
import type { ControlConnection } from './connection.ts'
import { GatewayLink } from './link.ts'
import { drainRequest, maintainRequest, observeRequest, probeRequest, removeRequest, shiftRequest } from './requests.ts'

/** Where the gateway is. */
export type GatewayRouterOptions = {
  /** Holds `gateway.sock`. */
  readonly stateDir: string
  readonly log: Log
  /** Called before the gateway is needed for the first time and after; starts one where none runs. */
  readonly ensure: () => void
}

/** The router, and how to let go of it; the gateway serves on. */
export type GatewayRouter = Router & { readonly close: () => void }

/** Makes the router; connects when first asked. */
export const gatewayRouter = (options: GatewayRouterOptions): GatewayRouter => new SocketRouter(options)

class SocketRouter implements GatewayRouter {
  readonly #options: GatewayRouterOptions
  readonly #link: GatewayLink
  readonly #listeners = new Set<(notice: GatewayNotice) => void>()
  /** The last route that was confirmed for each environment; given again to a gateway that came up anew. */
  readonly #confirmed = new Map<string, Route>()
  #met: GatewayAnswer['hello'] | null = null

  constructor(options: GatewayRouterOptions) {
    this.#options = options
    this.#link = new GatewayLink({
      socketFile: join(options.stateDir, 'gateway.sock'),
      onConnect: (connection, hello) => this.#connected(connection, hello),
      onNotice: (notice) => {
        for (const listener of this.#listeners) listener(notice)
      },
    })
  }

  async probe(request: Parameters<Router['probe']>[0], signal: AbortSignal): Promise<readonly ProbeReceipt[]> {
    this.#options.ensure()
    const { receipts } = await this.#link.ask(probeRequest(request), signal)
    return receipts
  }

  async shift(route: Route, signal: AbortSignal): Promise<RouteObservation> {
    this.#options.ensure()
    const observed = await this.#link.ask(shiftRequest(route), signal)
    this.#confirmed.set(keyText(route), route)
    return observed
  }

  observe(key: RouteKey, signal: AbortSignal): Promise<RouteObservation | null> {
    return this.#link.ask(observeRequest(key), signal)
  }

  async drain(request: Parameters<Router['drain']>[0], signal: AbortSignal): Promise<number> {
    const { inFlight } = await this.#link.ask(drainRequest(request), signal)
    return inFlight
  }

  async remove(request: Parameters<Router['remove']>[0], signal: AbortSignal): Promise<void> {
    this.#options.ensure()
    await this.#link.ask(removeRequest(request), signal)
    this.#confirmed.delete(keyText(request))
  }

  async maintain(request: Parameters<NonNullable<Router['maintain']>>[0], signal: AbortSignal): Promise<void> {
    this.#options.ensure()
    await this.#link.ask(maintainRequest(request), signal)
  }

  watch(listener: (notice: GatewayNotice) => void, signal: AbortSignal): void {
    this.#listeners.add(listener)
    signal.addEventListener('abort', () => this.#listeners.delete(listener), { once: true })
    void this.#link.hold(signal)
  }

  close(): void {
    this.#link.close()
  }

  /** On every connection: ask for notices, and see that a gateway which came up anew serves what the last one confirmed. */
  async #connected(connection: ControlConnection, hello: GatewayAnswer['hello']): Promise<void> {
    void connection.send({ kind: 'subscribe' })
    const anew = this.#met !== null && (this.#met.pid !== hello.pid || this.#met.startedAt !== hello.startedAt)
    this.#met = hello
    if (!anew) return
    this.#options.log.warn('gateway_came_up_anew', { pid: hello.pid, startedAt: hello.startedAt })
    for (const route of this.#confirmed.values()) await this.#verify(connection, route)
  }

  /** The same route under the same fence: nothing to a gateway whose snapshot has it, the repair of one whose snapshot was damaged. */
  async #verify(connection: ControlConnection, route: Route): Promise<void> {
    const reply = await connection.send({ kind: 'set_route', route })
    if (reply.kind !== 'refused' || reply.code === 'fence_stale' || reply.code === 'gateway_tripped') return
    const { code, detail } = reply
    this.#options.log.error('route_not_restored', {
      service: route.service,
      environment: route.environment,
      code,
      detail,
    })
  }
}

const keyText = ({ service, environment }: RouteKey): string => `${service}/${environment}`
