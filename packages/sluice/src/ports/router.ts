import type { Fence, HealthPolicy, RouterName } from '../core/model.ts'
import type {
  GatewayNotice,
  Maintenance,
  ProbeEnough,
  ProbeReceipt,
  Route,
  RouteObservation,
  Upstream,
} from '../core/routing.ts'

/** Names an environment's route. */
export type RouteKey = { readonly service: string; readonly environment: string }

/** What splits traffic. Every request is idempotent and fenced; every method rejects with SluiceError only. */
export interface Router {
  /** The router itself asks each instance until it gave `successes` good answers in a row, or the deadline. */
  probe(
    request: {
      readonly upstreams: readonly Upstream[]
      readonly health: HealthPolicy
      readonly successes: number
      readonly deadlineMs: number
      /** Absent: until all of them answer. */
      readonly enough?: ProbeEnough
      /** Which router will send them traffic; absent: the gateway. */
      readonly router?: RouterName
    },
    signal: AbortSignal,
  ): Promise<readonly ProbeReceipt[]>
  /** Puts the route in force and gives what the data plane then shows. `gateway_tripped`, `fence_stale`, `port_in_use`. */
  shift(route: Route, signal: AbortSignal): Promise<RouteObservation>
  /** What is in force and what was counted; null when the router has no such route. */
  observe(key: RouteKey, signal: AbortSignal): Promise<RouteObservation | null>
  /** Waits until nothing is in flight to these instances; gives what is left at the deadline. */
  drain(
    request: RouteKey & { readonly upstreams: readonly Upstream[]; readonly deadlineMs: number },
    signal: AbortSignal,
  ): Promise<number>
  /** Takes the route away. */
  remove(key: RouteKey & { readonly fence: Fence }, signal: AbortSignal): Promise<void>
  /**
   * Puts maintenance in force (null: ends it) under a fence of its own: `fence_stale` for a sequence older than the newest seen, `not_found` without a route.
   * Absent in routers that have none.
   */
  maintain?(
    request: RouteKey & { readonly sequence: number; readonly maintenance: Maintenance | null },
    signal: AbortSignal,
  ): Promise<void>
  /** Tells of trips and health changes until the signal; reconnects by itself. */
  watch(listener: (notice: GatewayNotice) => void, signal: AbortSignal): void
}
