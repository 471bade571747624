/** The gateway's own bounds and times. Each has a unit in its name and a reason here; tests shorten them. */
import { limits } from '../core/limits.ts'

/** Defaults of every gateway setting. */
export const defaultSettings = {
  /** Largest request or response head, bytes. */
  headBytesMax: limits.headBytesMax as number,
  /** Longest request target, bytes; 8,000 is what RFC 9112 section 3 asks everybody to take. */
  targetBytesMax: 8_192,
  /** Most fields of a head: nginx and Apache stand at 100. */
  fieldsMax: 100,
  /** Largest request body, bytes: bodies stream through, so this only stops the absurd. */
  bodyBytesMax: 1_073_741_824,
  /** From the first byte of a head to its last: a slow-loris client is gone after this. */
  headTimeoutMs: 10_000,
  /** A kept-alive client connection without a request. */
  idleTimeoutMs: 65_000,
  /** Between two pieces of a request body. */
  bodyIdleTimeoutMs: 15_000,
  /** A client that takes nothing of what it is sent. */
  stalledClientMs: 30_000,
  /** Until an upstream accepts a connection. */
  connectTimeoutMs: 2_000,
  /** From the whole request sent to the response's head. */
  responseTimeoutMs: 60_000,
  /** Between two pieces of a response body; event streams send heartbeats far more often. */
  responseIdleTimeoutMs: 300_000,
  /** A tunnel (WebSocket) without a byte either way. */
  tunnelIdleTimeoutMs: 3_600_000,
  /** While its upstream drains, a tunnel without a byte for this long is idle and is closed. */
  tunnelDrainIdleMs: 5_000,
  /** A tunnel whose upstream has been draining for this long is closed, idle or not. */
  tunnelDrainAgeMsMax: 300_000,
  /** Longest idle life of an upstream connection: below the 5 s after which Node closes one. */
  upstreamIdleMsMax: 4_000,
  /** A request that may not be repeated takes only a connection used this recently, so that it does not meet one being closed. */
  unsafeReuseMsMax: 1_000,
  /** Idle connections kept for each upstream. */
  upstreamIdleMax: 256,
  /** Upstreams and connections tried for one request. */
  attemptsMax: 8,
  /** After a response that cannot be followed by another request, how long and how much the client may still send. */
  lingerMs: 2_000,
  /** Requests held while a route is paused. */
  pauseQueueMax: limits.pauseQueueMax as number,
  /** How often deadlines are looked at. */
  sweepMs: 250,
  /** How often counters and evidence are written when they changed. */
  evidenceWriteMs: 250,
  /** How long requests in flight may take after SIGTERM. */
  shutdownGraceMs: 30_000,
  /** Keep the forwarding fields that a client sends (the gateway stands behind another proxy). */
  trustForwarded: false,
}

/** Every gateway setting. */
export type GatewaySettings = typeof defaultSettings
