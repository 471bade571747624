/**
 * What splits traffic, as data: the route of one environment and the wire of the gateway's control socket.
 * Shared by `gateway/` (which serves it) and `routers/gateway` (which asks for it).
 */
import type { MetricEvidence } from './judge/assess.ts'
import type { JudgeStatistics } from './judge/statistics.ts'
import type { Fence, HealthPolicy, JudgePolicy, ReleaseId, RolloutId, RouterName, Sticky } from './model.ts'

/** One side of a traffic split. */
export type ArmName = 'stable' | 'candidate' | 'holdback'

/** Where an instance listens. */
export type Upstream = { readonly instance: string; readonly host: string; readonly port: number }

/** A release's side of the split. `shareBp` is in hundredths of a percent; the shares of a route sum to 10 000, or all are 0. */
export type Arm = {
  readonly name: ArmName
  readonly release: ReleaseId
  readonly shareBp: number
  readonly upstreams: readonly Upstream[]
}

/** When probing need not go on until every upstream answers: once `count` of them do, the others have `graceMs` left. */
export type ProbeEnough = { readonly count: number; readonly graceMs: number }

/** A fail rule armed inside the gateway for one rollout. Once tripped, that rollout never gets candidate traffic again. */
export type Tripwire = { readonly rollout: RolloutId; readonly policy: JudgePolicy }

/** What a rule looks at. `name` in lower case for headers; without `value` its presence is enough. */
export type RouteMatch = {
  readonly kind: 'header' | 'cookie'
  readonly name: string
  readonly value: { readonly kind: 'equals' | 'startsWith'; readonly text: string } | null
}

/** Requests of which all matches hold go to this arm, whatever the split says. Not counted by the judge: who was chosen is no sample. */
export type RouteRule = { readonly arm: ArmName; readonly all: readonly RouteMatch[] }

/** A share of the stable arm's requests that is sent to these upstreams too; their answers are thrown away and never counted as a user's. */
export type Mirror = {
  readonly shareBp: number
  readonly release: ReleaseId
  readonly upstreams: readonly Upstream[]
  /** Absent: those that change nothing (`mirrorMethods`). */
  readonly methods?: readonly string[]
}

/** Methods that are mirrored unless others are named: the safe ones (RFC 9110 section 9.2.1, June 2022). */
export const mirrorMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS']

/** How long a client stays with the release it started on, told by a cookie, also after the split has moved on. */
export type SkewProtection = { readonly cookie: string; readonly maxAgeMs: number }

/** A release without a share that is still up: it serves clients which started on it, and its assets. */
export type Overlap = { readonly release: ReleaseId; readonly upstreams: readonly Upstream[] }

/** When what lasts (WebSockets, event streams) leaves an instance that drains: once nothing came for `idleMs`, at `maxAgeMs` in any case. */
export type DrainPolicy = { readonly idleMs: number; readonly maxAgeMs: number }

/** What is between clients and the release while somebody works on it: a page for everybody, or requests that wait until a moment at most. */
export type Maintenance =
  | { readonly kind: 'page'; readonly html: string | null; readonly retryAfterMs: number }
  | { readonly kind: 'hold'; readonly untilAt: number }

/** An address that is listened on. */
export type ListenAddress = { readonly host: string; readonly port: number }

/** Everything the gateway needs to serve one environment. Replaced as a whole, under a fence. */
export type Route = {
  readonly service: string
  readonly environment: string
  readonly listen: ListenAddress
  /** Where the candidate alone is reached, whatever the split. Absent: nowhere, and nobody listens. */
  readonly preview?: ListenAddress
  /** Absent: the gateway. */
  readonly router?: RouterName
  readonly fence: Fence
  readonly arms: readonly Arm[]
  readonly sticky: Sticky
  /** Mixed into the sticky hash, so that the same users are not always first. */
  readonly salt: string
  readonly tripwire: Tripwire | null
  readonly health: HealthPolicy
  /** In order; the first that matches decides. Absent: none. */
  readonly rules?: readonly RouteRule[]
  readonly mirror?: Mirror
  readonly skew?: SkewProtection
  readonly overlap?: readonly Overlap[]
  /** Beginnings of paths whose 404 (GET and HEAD) is asked of the other releases before it is answered. */
  readonly assets?: readonly string[]
  /** Requests of which all of these hold pass through maintenance. */
  readonly bypass?: readonly RouteMatch[]
  /** Absent: the gateway's own settings. */
  readonly drain?: DrainPolicy
}

/** Cumulative per arm since the arm's release entered this route. Never resets while the gateway's state survives. */
export type ArmCounters = {
  readonly release: ReleaseId
  readonly requests: number
  /** Responses counted bad: status 500–599, timeouts, connection errors. */
  readonly bad: number
  /** Independent units seen: sticky keys, or requests where there is no key. */
  readonly units: number
  readonly badUnits: number
  readonly inFlight: number
  /** Counts in the latency buckets of `latencyBucketsMs` (upper bounds), plus one overflow bucket. */
  readonly latency: readonly number[]
}

/**
 * Requests that are no sample for the judge, and why: a rule or the preview address chose the arm, the client stayed with its release while the split moved on, an asset of
 * another release, or a mirrored copy. Cumulative since the gateway started.
 */
export type ApartCounters = {
  readonly why: 'rule' | 'preview' | 'skew' | 'asset' | 'mirror'
  readonly release: ReleaseId
  readonly requests: number
  readonly bad: number
  /** Copies not sent, because too much was under way or the body was too large; 0 for all but mirrors. */
  readonly skipped: number
}

/** Upper bounds of the latency histogram's buckets, milliseconds. */
export const latencyBucketsMs: readonly number[] = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000,
]

/** What a tripwire saw when it cut. */
export type Trip = {
  readonly rollout: RolloutId
  readonly at: number
  readonly logE: number
  readonly candidate: { readonly units: number; readonly badUnits: number }
  readonly stable: { readonly units: number; readonly badUnits: number }
  readonly shareBp: number
  /** The metric that speaks most against the candidate, and what each says; absent where only errors are judged. */
  readonly metric?: string
  readonly metrics?: readonly MetricEvidence[]
}

/** What the data plane really does now, as it says itself. `route` is what is in force, shares after any trip included. */
export type RouteObservation = {
  readonly route: Route
  readonly counters: readonly ArmCounters[]
  /** Current evidence against the candidate, natural log of the e-value; null when no tripwire is armed. */
  readonly logE: number | null
  /** What the armed tripwire has seen of its rollout; absent when none is armed, and where the router keeps none. */
  readonly statistics?: JudgeStatistics
  readonly trip: Trip | null
  readonly paused: boolean
  readonly observedAt: number
  /** Absent where nothing of the kind is configured. */
  readonly apart?: readonly ApartCounters[]
  /** Absent when there is none. */
  readonly maintenance?: Maintenance
}

/** Requests of the control socket: one JSON object a line, answered by one line with the same `id`. Each is safe to repeat. */
export type GatewayCommand =
  | { readonly kind: 'hello' }
  /** Puts the route in force: written and fsynced, listening, and only then acknowledged. Errors: `fence_stale`, `gateway_tripped`, `port_in_use`. */
  | { readonly kind: 'set_route'; readonly route: Route }
  /** Errors: `fence_stale`. Stops listening and forgets the route. */
  | { readonly kind: 'remove_route'; readonly environment: string; readonly service: string; readonly fence: Fence }
  | { readonly kind: 'observe'; readonly environment: string; readonly service: string }
  /** The gateway itself asks each upstream until `successes` consecutive good answers, or `deadlineMs`. */
  | {
      readonly kind: 'probe'
      readonly upstreams: readonly Upstream[]
      readonly health: HealthPolicy
      readonly successes: number
      readonly deadlineMs: number
      readonly enough?: ProbeEnough
    }
  /** Answers once nothing is in flight to these upstreams, or after `deadlineMs` with what is left. Refuses upstreams still in an arm with a share. */
  | {
      readonly kind: 'drain'
      readonly environment: string
      readonly service: string
      readonly upstreams: readonly Upstream[]
      readonly deadlineMs: number
    }
  /** Holds new requests (bounded queue) until `resume` or `maxMs`, then lets them go on. */
  | {
      readonly kind: 'pause'
      readonly environment: string
      readonly service: string
      readonly fence: Fence
      readonly maxMs: number
    }
  | { readonly kind: 'resume'; readonly environment: string; readonly service: string; readonly fence: Fence }
  /**
   * Puts maintenance in force, or (null) ends it. It has a fence of its own, so that it neither waits for a rollout nor stands in the way of one:
   * a `sequence` older than the newest seen is refused with `fence_stale`. Health requests pass. Errors: `not_found` when there is no route.
   */
  | {
      readonly kind: 'maintain'
      readonly environment: string
      readonly service: string
      readonly sequence: number
      readonly maintenance: Maintenance | null
    }
  /** From now on this connection also receives `GatewayNotice` lines. */
  | { readonly kind: 'subscribe' }
  /** Stops accepting, lets requests in flight end, and exits. */
  | { readonly kind: 'shutdown' }
  /**
   * Replaces the gateway without closing a port: it starts `command` (program and arguments), gives it its listening sockets and its state, and
   * ends when what it has in flight is served. Control connections are closed, so that everybody finds the successor. Errors:
   * `gateway_unreachable` when the successor does not come to serve; then nothing has changed.
   */
  | { readonly kind: 'hand_over'; readonly command: readonly string[] }

/** What each upstream answered to a probe. */
export type ProbeReceipt = {
  readonly instance: string
  readonly healthy: boolean
  readonly successes: number
  /** Status or error of the last answer, for the person who has to fix it. */
  readonly last: string
}

/** Pushed to subscribers without an `id`. */
export type GatewayNotice =
  | { readonly kind: 'tripped'; readonly service: string; readonly environment: string; readonly trip: Trip }
  | {
      readonly kind: 'upstream_health'
      readonly service: string
      readonly environment: string
      readonly instance: string
      /** The release of the arm it belongs to. */
      readonly release: ReleaseId
      readonly healthy: boolean
    }

/** Answers by command kind. */
export type GatewayAnswer = {
  readonly hello: { readonly protocol: 1; readonly pid: number; readonly version: string; readonly startedAt: number }
  readonly set_route: RouteObservation
  readonly remove_route: Record<string, never>
  readonly observe: RouteObservation | null
  readonly probe: { readonly receipts: readonly ProbeReceipt[] }
  readonly drain: { readonly inFlight: number }
  readonly pause: { readonly paused: boolean }
  readonly resume: { readonly paused: boolean }
  readonly maintain: Record<string, never>
  readonly subscribe: Record<string, never>
  readonly shutdown: Record<string, never>
  readonly hand_over: { readonly pid: number }
}

/** One line from the gateway. */
export type GatewayLine =
  | { readonly id: number; readonly ok: true; readonly answer: unknown }
  | { readonly id: number; readonly ok: false; readonly code: string; readonly detail: string }
  | { readonly notice: GatewayNotice }
