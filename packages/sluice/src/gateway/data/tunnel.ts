/** A connection after a protocol switch: bytes both ways until one side ends it, or its upstream drains. Of WebSockets it knows the frames. */
import type { DrainPolicy } from '../../core/routing.ts'
import type { RequestHead } from '../http/request-head.ts'
import type { ClientConnection } from './client-connection.ts'
import type { Piece, UpstreamConnection } from './upstream-connection.ts'
import type { UpstreamPool } from './upstream-pool.ts'
import { goingAway, goingAwayMasked, WebSocketFrames } from './websocket-frames.ts'

/** What a tunnel tells and asks of the exchange that carries it. */
export type TunnelSides = {
  /** Whether the protocol is WebSocket. */
  readonly isWebSocket: boolean
  readonly toClient: (bytes: Buffer) => void
  readonly toUpstream: (bytes: Buffer) => void
  /** Bytes that were written to either side and are not sent yet. */
  readonly queued: () => number
}

const webSocket = /\r\nupgrade:[ \t]*websocket[ \t]*\r\n/i

/** The tunnel that a request has become, with what has come of it already. */
export const openTunnel = (
  head: RequestHead,
  client: ClientConnection,
  { connection, piece }: { readonly connection: UpstreamConnection; readonly piece: Piece },
): Tunnel => {
  const { now } = client.plane
  const sides = {
    isWebSocket: webSocket.test(head.upstreamText),
    toClient: (bytes: Buffer) => void client.writeBytes(bytes),
    toUpstream: (bytes: Buffer) => void connection.socket.write(bytes),
    queued: () => client.socket.writableLength + connection.socket.writableLength,
  }
  const tunnel = new Tunnel(sides, now)
  tunnel.fromUpstream(piece.bytes, { start: piece.start, end: piece.end, now })
  return tunnel
}

/** When what lasts on a draining upstream ends in any case (monotonic ms). */
export const lastsUntil = (pool: UpstreamPool, { maxAgeMs }: DrainPolicy): number =>
  Math.min((pool.drainingSince ?? Number.POSITIVE_INFINITY) + maxAgeMs, pool.drainUntil)

/** The state of one tunnel. */
export class Tunnel {
  private readonly sides: TunnelSides
  private readonly up: WebSocketFrames | null
  private readonly down: WebSocketFrames | null
  /** When something was said last, either way (monotonic ms). */
  private activeAt: number

  constructor(sides: TunnelSides, now: number) {
    this.sides = sides
    this.activeAt = now
    this.up = sides.isWebSocket ? new WebSocketFrames() : null
    this.down = sides.isWebSocket ? new WebSocketFrames() : null
  }

  /** Bytes of the client. */
  fromClient(bytes: Buffer, now: number): void {
    if (this.up === null || this.up.follow(bytes, 0, bytes.length)) this.activeAt = now
  }

  /** Bytes of the upstream. */
  fromUpstream(bytes: Buffer, piece: { readonly start: number; readonly end: number; readonly now: number }): void {
    if (this.down === null || this.down.follow(bytes, piece.start, piece.end)) this.activeAt = piece.now
  }

  /** Whether it is to end now that its upstream drains: idle and between two messages, or too old. */
  isOver(pool: UpstreamPool, policy: DrainPolicy, now: number): boolean {
    if (now >= lastsUntil(pool, policy)) return true
    if (now - this.activeAt < policy.idleMs || this.sides.queued() > 0) return false
    return isBetween(this.up) && isBetween(this.down)
  }

  /** Tells both sides of a WebSocket that it ends, where that cannot be taken for a part of something else. */
  sayGoodbye(): void {
    if (this.down?.betweenFrames === true) this.sides.toClient(goingAway)
    if (this.up?.betweenFrames === true) this.sides.toUpstream(goingAwayMasked)
  }
}

/** What is no WebSocket has no messages to be cut in two. */
const isBetween = (frames: WebSocketFrames | null): boolean =>
  frames === null || frames.opaque || frames.betweenMessages
