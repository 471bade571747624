/**
 * An asset that one release does not have, asked of another: a page of one release may name files that only that one has, while its requests are split
 * over both. The first answer is kept until the second is known, so that a 404 is still the 404 that the client's own release gave.
 */
import type { RequestHead } from '../http/request-head.ts'
import type { ResponseHead } from '../http/response-head.ts'
import type { LiveArm, LiveRoute } from '../routes/live-route.ts'
import type { DataPlane } from './data-plane.ts'
import type { Piece, ResponseReader } from './upstream-connection.ts'
import { UpstreamConnection } from './upstream-connection.ts'
import type { UpstreamPool } from './upstream-pool.ts'

/** The answer of the release that has it not, and who gave it. */
export type FirstAnswer = FoundAnswer & {
  readonly route: LiveRoute
  readonly arm: LiveArm
  readonly request: RequestHead
  readonly plane: DataPlane
}

/** Asks another release, if there is one; null when there is none. `take` gets the better answer, which may be the first one. */
export const askElsewhere = (first: FirstAnswer, take: (answer: FoundAnswer) => void): SecondAsk | null => {
  const { route, arm, request, plane, connection, head } = first
  const other = route.steering?.otherThan(arm) ?? null
  const pool = other && route.choosePool(other, null)
  if (!other || !pool) return null
  const { bytes, start, end } = first.piece
  const piece = { bytes: Buffer.from(bytes.subarray(start, end)), start: 0, end: end - start }
  const startedAt = plane.world.monotonic()
  connection.pause()
  return new SecondAsk({
    plane,
    pool,
    method: request.method,
    text: request.upstreamText,
    found: (answer) => {
      route.count(other, null, plane.world.monotonic() - startedAt)
      first.connection.destroy()
      first.pool.ended()
      take(answer)
    },
    missed: () => {
      take({ connection, head, piece, pool: first.pool })
      connection.resume()
      // It may have broken off while nobody read from it.
      if (connection.socket.destroyed && !connection.framing.done) connection.reader?.failed(connection, 'closed')
    },
  })
}

/** An answer with the connection that it comes from. */
export type FoundAnswer = {
  readonly connection: UpstreamConnection
  readonly pool: UpstreamPool
  readonly head: ResponseHead
  readonly piece: Piece
}

/** The asking. */
export type SecondAskParts = {
  readonly plane: DataPlane
  readonly pool: UpstreamPool
  readonly method: string
  /** The head to send. */
  readonly text: string
  /** The other release has it; whoever takes the answer takes the connection, which counts as in flight. */
  readonly found: (answer: FoundAnswer) => void
  /** It has not, or does not say in time. */
  readonly missed: () => void
}

/** One asking; ends in `found` or `missed`, unless it is called off. */
export class SecondAsk implements ResponseReader {
  readonly method: string
  private readonly parts: SecondAskParts
  private readonly connection: UpstreamConnection
  private readonly timer: NodeJS.Timeout
  private over = false

  constructor(parts: SecondAskParts) {
    this.parts = parts
    this.method = parts.method
    const { plane, pool } = parts
    pool.inFlight += 1
    this.timer = setTimeout(() => this.miss(), plane.settings.assetTimeoutMs)
    // Always a new connection: an idle one may be closing, and there is no second try.
    this.connection = new UpstreamConnection(pool, this, { limits: plane.headLimits, buffer: plane.readBuffer })
  }

  connected(connection: UpstreamConnection): void {
    connection.socket.write(this.parts.text, 'latin1')
  }

  interim(): void {}
  received(): void {}
  drained(): void {}

  responded(head: ResponseHead, piece: Piece): void {
    if (head.status >= 400 || head.status === 101) return this.miss()
    if (this.over) return
    this.over = true
    clearTimeout(this.timer)
    const { connection } = this
    this.parts.found({ connection, pool: this.parts.pool, head, piece })
  }

  failed(): void {
    this.miss()
  }

  /** Nobody wants the answer any more. */
  callOff(): boolean {
    if (this.over) return false
    this.over = true
    clearTimeout(this.timer)
    this.connection.destroy()
    this.parts.pool.ended()
    return true
  }

  private miss(): void {
    if (this.callOff()) this.parts.missed()
  }
}
