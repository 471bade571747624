/** The gateway's own bounds and times; tests shorten them. */
import { limits } from '../core/limits.ts'

/** Every gateway setting, with its unit in its name and its reason beside it. */
export type GatewaySettings = {
  /** Largest request or response head, bytes. */
  readonly headBytesMax: number
  /** Longest request target, bytes; 8,000 is what RFC 9112 section 3 asks everybody to take. */
  readonly targetBytesMax: number
  /** Most fields of a head: nginx and Apache stand at 100. */
  readonly fieldsMax: number
  /** Largest request body, bytes: bodies stream through, so this only stops the absurd. */
  readonly bodyBytesMax: number
  /** From the first byte of a head to its last: a slow-loris client is gone after this. */
  readonly headTimeoutMs: number
  /** A kept-alive client connection without a request. */
  readonly idleTimeoutMs: number
  /** Between two pieces of a request body, for as long as the upstream takes them. */
  readonly bodyIdleTimeoutMs: number
  /**
   * A client that takes nothing of what it is sent. The kernel tells what it took only once a third of the kernel's buffer is free, so one that
   * takes a few kB/s is silent for long; nginx's `send_timeout` is 60 s, too.
   */
  readonly stalledClientMs: number
  /** Until an upstream accepts a connection. */
  readonly connectTimeoutMs: number
  /** From the whole request sent to the response's head; and for the upstream to take more of a request. */
  readonly responseTimeoutMs: number
  /** Between two pieces of a response body; event streams send heartbeats far more often. */
  readonly responseIdleTimeoutMs: number
  /** A tunnel (WebSocket) without a byte either way. */
  readonly tunnelIdleTimeoutMs: number
  /** While its upstream drains, a tunnel without a byte for this long is idle and is closed. */
  readonly tunnelDrainIdleMs: number
  /** A tunnel whose upstream has been draining for this long is closed, idle or not. */
  readonly tunnelDrainAgeMsMax: number
  /** Longest idle life of an upstream connection: below the 5 s after which Node closes one. */
  readonly upstreamIdleMsMax: number
  /** A request that may not be repeated takes only a connection used this recently, so that it does not meet one being closed. */
  readonly unsafeReuseMsMax: number
  /** Idle connections kept for each upstream. */
  readonly upstreamIdleMax: number
  /** Upstreams and connections tried for one request. */
  readonly attemptsMax: number
  /** After a response that cannot be followed by another request has gone out, how long and how much the client may still send. */
  readonly lingerMs: number
  /** Requests held while a route is paused. */
  readonly pauseQueueMax: number
  /** How long requests wait for a release where none serves: between the old and the new one of a service that may not run twice. */
  readonly emptyHoldMs: number
  /** Copies of requests under way at once, a route; more are left out, so that a slow candidate costs no memory. */
  readonly mirrorInFlightMax: number
  /** Largest body of a request that is copied, bytes: it is held until it is complete. */
  readonly mirrorBodyBytesMax: number
  /** Until the answer to a copy counts as bad. */
  readonly mirrorTimeoutMs: number
  /** Until another release has answered for an asset that the first one does not have. */
  readonly assetTimeoutMs: number
  /** How often deadlines are looked at. */
  readonly sweepMs: number
  /** How often counters and evidence are written when they changed. */
  readonly evidenceWriteMs: number
  /** How long requests in flight may take after SIGTERM. */
  readonly shutdownGraceMs: number
  /** Until a route whose port was taken is tried again. */
  readonly portRetryMs: number
  /** Keep the forwarding fields that a client sends (the gateway stands behind another proxy). */
  readonly trustForwarded: boolean
}

/** What a gateway is started with when nobody says otherwise. */
export const defaultSettings: GatewaySettings = {
  headBytesMax: limits.headBytesMax,
  targetBytesMax: 8_192,
  fieldsMax: 100,
  bodyBytesMax: 1_073_741_824,
  headTimeoutMs: 10_000,
  idleTimeoutMs: 65_000,
  bodyIdleTimeoutMs: 15_000,
  stalledClientMs: 60_000,
  connectTimeoutMs: 2_000,
  responseTimeoutMs: 60_000,
  responseIdleTimeoutMs: 300_000,
  tunnelIdleTimeoutMs: 3_600_000,
  tunnelDrainIdleMs: 5_000,
  tunnelDrainAgeMsMax: 300_000,
  upstreamIdleMsMax: 4_000,
  unsafeReuseMsMax: 1_000,
  upstreamIdleMax: 256,
  attemptsMax: 8,
  lingerMs: 2_000,
  pauseQueueMax: limits.pauseQueueMax,
  emptyHoldMs: 30_000,
  mirrorInFlightMax: 64,
  mirrorBodyBytesMax: 65_536,
  mirrorTimeoutMs: 10_000,
  assetTimeoutMs: 2_000,
  sweepMs: 250,
  evidenceWriteMs: 250,
  shutdownGraceMs: 30_000,
  portRetryMs: 500,
  trustForwarded: false,
}
