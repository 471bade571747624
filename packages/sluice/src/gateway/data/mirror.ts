/**
 * Copies of a share of stable's requests, sent to another release beside the real ones. A copy begins once its request is complete, is never waited for,
 * and its answer is read and thrown away; too much at once, or too large a body, and it is left out.
 */
import type { Mirror } from '../../core/routing.ts'
import { mirrorMethods } from '../../core/routing.ts'
import { routingPoints } from '../../core/routing-pick.ts'
import type { RequestHead } from '../http/request-head.ts'
import type { ResponseHead } from '../http/response-head.ts'
import type { LiveArm, LiveRoute } from '../routes/live-route.ts'
import type { DataPlane } from './data-plane.ts'
import type { ResponseReader } from './upstream-connection.ts'
import { UpstreamConnection } from './upstream-connection.ts'
import type { UpstreamPool } from './upstream-pool.ts'

/** What came of the copies for one release. Changed in place. */
export type MirrorCounts = { requests: number; bad: number; skipped: number; inFlight: number }

/** Nothing mirrored yet. */
export const noCopies = (): MirrorCounts => ({ requests: 0, bad: 0, skipped: 0, inFlight: 0 })

/** What there is of a request when its copy is made. */
export type CopiedSoFar = {
  readonly plane: DataPlane
  /** Body bytes that have come. */
  readonly early: readonly Buffer[] | null
  readonly requestComplete: boolean
}

/** The mirror of one route in force. */
export class RouteMirror {
  readonly live: LiveRoute
  readonly arm: LiveArm
  readonly counts: MirrorCounts
  private readonly shareBp: number
  private readonly methods: ReadonlySet<string>

  constructor(mirror: Mirror, parts: { live: LiveRoute; arm: LiveArm; counts: MirrorCounts }) {
    this.live = parts.live
    this.arm = parts.arm
    this.counts = parts.counts
    this.shareBp = mirror.shareBp
    this.methods = new Set(mirror.methods ?? mirrorMethods)
  }

  /** A copy of this request, if it is to have one. Without a body it is on its way at once. */
  copyOf(head: RequestHead, so: CopiedSoFar): MirrorCopy | null {
    const { plane } = so
    if (head.upgrade || !this.methods.has(head.method)) return null
    if (plane.world.random() * routingPoints >= this.shareBp) return null
    if (this.counts.inFlight >= plane.settings.mirrorInFlightMax) {
      this.counts.skipped += 1
      return null
    }
    return new MirrorCopy(this, head, so)
  }
}

/** One copy. */
export class MirrorCopy implements ResponseReader {
  readonly method: string
  private readonly mirror: RouteMirror
  private readonly plane: DataPlane
  private readonly head: RequestHead
  private body: Buffer[] = []
  private bodyBytes = 0
  private status: 'collecting' | 'sent' | 'over' = 'collecting'
  private pool: UpstreamPool | null = null
  private connection: UpstreamConnection | null = null
  private timer: NodeJS.Timeout | undefined
  private answer: ResponseHead | null = null

  constructor(mirror: RouteMirror, head: RequestHead, { plane, early, requestComplete }: CopiedSoFar) {
    this.mirror = mirror
    this.plane = plane
    this.head = head
    this.method = head.method
    mirror.counts.inFlight += 1
    for (const bytes of early ?? []) this.take(bytes, false)
    if (requestComplete) this.send()
  }

  /** Bytes of the request's body, framing included. */
  take(bytes: Buffer, isLast: boolean): void {
    if (this.status !== 'collecting') return
    this.bodyBytes += bytes.length
    if (this.bodyBytes > this.plane.settings.mirrorBodyBytesMax) return this.skip()
    this.body.push(bytes)
    if (isLast) this.send()
  }

  /** The request is over. A copy whose request never became complete is left out. */
  requestEnded(): void {
    if (this.status === 'collecting') this.skip()
  }

  connected(connection: UpstreamConnection): void {
    if (connection === this.connection) this.write(connection)
  }

  interim(): void {}
  drained(): void {}

  responded(head: ResponseHead): void {
    this.count(head.status >= 500)
    this.answer = head
    if (head.status === 101 || this.connection?.framing.done !== false) this.finish()
  }

  received(): void {
    if (this.connection?.framing.done === true) this.finish()
  }

  failed(connection: UpstreamConnection): void {
    if (connection !== this.connection) return
    // An idle connection that closed says nothing of the release.
    if (connection.reused && !connection.answered) this.skip()
    else {
      this.count(true)
      this.end()
    }
  }

  private send(): void {
    if (this.status !== 'collecting') return
    const { plane } = this
    const { live, arm } = this.mirror
    const pool = live.choosePool(arm, null)
    if (!pool) return this.skip()
    this.status = 'sent'
    this.pool = pool
    pool.inFlight += 1
    this.timer = setTimeout(() => this.tookTooLong(), plane.settings.mirrorTimeoutMs)
    this.timer.unref()
    const kept = pool.take(plane.now - plane.settings.unsafeReuseMsMax)
    this.connection = kept ?? new UpstreamConnection(pool, this, { limits: plane.headLimits, buffer: plane.readBuffer })
    if (!kept) return
    kept.expect(this)
    this.write(kept)
  }

  private write(connection: UpstreamConnection): void {
    const { socket } = connection
    socket.cork()
    socket.write(`${this.head.upstreamText.slice(0, -2)}x-sluice-mirror: 1\r\n\r\n`, 'latin1')
    for (const bytes of this.body) socket.write(bytes)
    socket.uncork()
    this.body = []
  }

  private tookTooLong(): void {
    this.count(true)
    this.end()
  }

  private count(bad: boolean): void {
    if (this.answer) return
    this.mirror.counts.requests += 1
    if (bad) this.mirror.counts.bad += 1
  }

  private skip(): void {
    this.mirror.counts.skipped += 1
    this.end()
  }

  /** The whole answer has come. */
  private finish(): void {
    const { connection, pool, answer } = this
    this.connection = null
    if (connection && answer && answer.status !== 101) pool?.giveBack(connection, answer, this.plane)
    else connection?.destroy()
    this.end()
  }

  private end(): void {
    if (this.status === 'over') return
    this.status = 'over'
    this.body = []
    clearTimeout(this.timer)
    this.mirror.counts.inFlight -= 1
    this.connection?.destroy()
    this.connection = null
    const { pool } = this
    if (!pool) return
    pool.ended()
    if (pool.drainingSince !== null && pool.inFlight === 0) this.mirror.live.retireOthers()
  }
}
