/** One upstream instance as the data path sees it: its idle connections, what is in flight, and whether it is believed healthy. */
import type { Health } from '../../core/health.ts'
import { unknownHealth } from '../../core/health.ts'
import type { ReleaseId } from '../../core/model.ts'
import type { Upstream } from '../../core/routing.ts'
import type { ResponseHead } from '../http/response-head.ts'
import type { UpstreamConnection } from './upstream-connection.ts'

/** Names an upstream within a route: the same instance at another address is another upstream. */
export const upstreamKey = (upstream: Upstream): string => `${upstream.instance} ${upstream.host}:${upstream.port}`

/** The time, and how long an idle connection lives at most. */
export type KeepingTime = { readonly now: number; readonly settings: { readonly upstreamIdleMsMax: number } }

/** The connections and the condition of one upstream. */
export class UpstreamPool {
  readonly upstream: Upstream
  readonly key: string
  /** The release of the arm it is, or was last, in. */
  release: ReleaseId
  /** Requests and tunnels using it, those still connecting included. */
  inFlight = 0
  health: Health = unknownHealth
  /** Not believed unhealthy; requests prefer such upstreams. */
  healthy = true
  /** When it left every arm or a drain was asked for (monotonic ms); null while it serves. */
  drainingSince: number | null = null
  /** When a drain no longer waits (monotonic ms): what lasts is ended then, so that it need not be cut. */
  drainUntil: number = Number.POSITIVE_INFINITY
  /** When it gave its first response to a user as the candidate's (monotonic ms); null before. */
  firstAnsweredAt: number | null = null
  /** Waiters of `drain`; called whenever something in flight ends. */
  readonly onIdle: Set<() => void> = new Set()
  private readonly idle: UpstreamConnection[] = []
  private readonly idleMax: number

  constructor(upstream: Upstream, release: ReleaseId, idleMax: number) {
    this.upstream = upstream
    this.release = release
    this.key = upstreamKey(upstream)
    this.idleMax = idleMax
  }

  /** An idle connection last used after `usedAfter` (monotonic ms), the most recent first; null when there is none. */
  take(usedAfter: number): UpstreamConnection | null {
    for (let connection = this.idle.pop(); connection; connection = this.idle.pop()) {
      if (connection.idleUntil === 0) continue
      if (connection.idleSince >= usedAfter) {
        connection.idleUntil = 0
        return connection
      }
      connection.destroy()
    }
    return null
  }

  /** Gives a connection back until `idleUntil` (monotonic ms). */
  keep(connection: UpstreamConnection, now: number, idleUntil: number): void {
    if (this.drainingSince !== null || this.idle.length >= this.idleMax || idleUntil <= now) return connection.destroy()
    connection.idleSince = now
    connection.idleUntil = idleUntil
    this.idle.push(connection)
  }

  /** Gives back a connection whose response is complete, for as long as both sides would keep it. */
  giveBack(connection: UpstreamConnection, head: ResponseHead, { now, settings }: KeepingTime): void {
    if (!head.keepAlive || head.framing === 'close' || connection.surplus) return connection.destroy()
    const { upstreamIdleMsMax } = settings
    const offered = head.keepAliveSeconds
    const idleMs =
      offered === null ? upstreamIdleMsMax : Math.min(upstreamIdleMsMax, Math.max(0, offered * 1_000 - 1_000))
    connection.rest()
    this.keep(connection, now, now + idleMs)
  }

  /** Forgets an idle connection that closed. */
  forget(connection: UpstreamConnection): void {
    const index = this.idle.indexOf(connection)
    if (index >= 0) this.idle.splice(index, 1)
  }

  /** Closes idle connections whose time is over; the oldest stand first. */
  sweep(now: number): void {
    while (this.idle[0] && this.idle[0].idleUntil <= now) this.idle.shift()?.destroy()
  }

  /** Closes every idle connection, so that an upstream being stopped is not held up by them. */
  closeIdle(): void {
    for (const connection of this.idle.splice(0)) connection.destroy()
  }

  /** Something in flight ended. */
  ended(): void {
    this.inFlight -= 1
    if (this.onIdle.size > 0) for (const listener of this.onIdle) listener()
  }
}
