/**
 * One request and its response: chooses arm and upstream, sends, and passes the response back.
 *
 * What is repeated: a request that no upstream has begun. That is one whose connection was refused or timed out, or that went out on a connection
 * used before, which closed without a byte of answer, when the method is idempotent and there was no body (RFC 9110 section 9.2.2). Upstreams of
 * the same arm come first. When none of the arm accepts a connection, the failure counts as bad for that arm and the request goes to
 * `fallback` (see live-route.ts). Anything else is answered 502 or 504 and counts as bad.
 */
import type { LiveArm, LiveRoute } from '../routes/live-route.ts'
import type { RequestHead } from '../http/request-head.ts'
import type { ResponseHead } from '../http/response-head.ts'
import type { ClientConnection } from './client-connection.ts'
import type { DataPlane } from './data-plane.ts'
import { ResponseSender } from './response-sender.ts'
import type { Piece, ResponseReader } from './upstream-connection.ts'
import { UpstreamConnection } from './upstream-connection.ts'
import type { UpstreamPool } from './upstream-pool.ts'
import { noteAnswer } from './upstream-condition.ts'

type Status = 'new' | 'paused' | 'connecting' | 'sent' | 'responding' | 'tunnel' | 'done'

const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'])

/** A request being served. */
export class Exchange implements ResponseReader {
  readonly method: string
  private readonly client: ClientConnection
  private readonly plane: DataPlane
  private readonly route: LiveRoute
  private readonly head: RequestHead
  private readonly startedAt: number
  private status: Status = 'new'
  private arm: LiveArm | null = null
  private unit: number | null = null
  /** The sticky key it is counted by: the client's, or the one issued. */
  private key: string
  private setCookie = ''
  private pool: UpstreamPool | null = null
  private connection: UpstreamConnection | null = null
  private tried: UpstreamPool[] | null = null
  private attempts = 0
  /** Body bytes that came before an upstream was connected. */
  private early: Buffer[] | null = null
  private requestComplete: boolean
  private sender: ResponseSender | null = null
  private deadline = 0
  /** When the client must have sent more of its body (monotonic ms): from then on the silence is its own. Infinite while it is not its turn. */
  private bodyDue = Number.POSITIVE_INFINITY
  private counted = false

  constructor(client: ClientConnection, head: RequestHead) {
    this.client = client
    this.plane = client.plane
    this.route = client.route
    this.head = head
    this.method = head.method
    this.key = head.stickyKey
    this.requestComplete = head.framing === 'none' || (head.framing === 'length' && head.contentLength === 0)
    this.startedAt = this.plane.world.monotonic()
    this.plane.now = this.startedAt
  }

  /** Begins, or waits at the gate of a paused route. */
  start(): void {
    if (this.route.gate.paused) {
      this.status = 'paused'
      if (!this.route.gate.hold(this)) this.reply(503, 'too many requests wait while the route is paused')
      return
    }
    this.proceed()
  }

  /** Chooses the arm and goes. */
  proceed(): void {
    const choice = this.route.choose(this.key)
    if (!choice) return this.reply(503, 'no release serves here')
    this.unit = choice.unit
    if (choice.issue !== null) {
      this.key = choice.issue
      this.setCookie = `set-cookie: ${this.route.stickyCookie}=${choice.issue}; Path=/; HttpOnly; SameSite=Lax\r\n`
    }
    this.enter(choice.arm)
    this.attempt()
  }

  /** Body bytes, framing included. False: hold the client back. */
  sendBody(bytes: Buffer, complete: boolean): boolean {
    this.requestComplete = complete
    if (this.connection && (this.status === 'sent' || this.status === 'responding')) {
      const taken = this.connection.socket.write(bytes)
      this.giveTurn(taken)
      return taken
    }
    this.early ??= []
    this.early.push(bytes)
    return false
  }

  /** Tunnel bytes from the client. */
  sendTunnel(bytes: Buffer): boolean {
    this.deadline = this.plane.now + this.plane.settings.tunnelIdleTimeoutMs
    return this.connection?.socket.write(bytes) ?? true
  }

  connected(connection: UpstreamConnection): void {
    if (connection === this.connection) this.send(connection)
  }

  drained(): void {
    if (this.status === 'sent' || this.status === 'responding') this.giveTurn(true)
    this.client.resume()
  }

  /** The client takes bytes again. */
  clientDrained(): void {
    if (this.status === 'responding') this.deadline = this.plane.now + this.plane.settings.responseIdleTimeoutMs
    this.connection?.resume()
  }

  interim(head: ResponseHead): void {
    if (this.head.minor === 1) this.client.writeText(`${head.text}\r\n`)
  }

  responded(head: ResponseHead, piece: Piece): void {
    const { arm, connection } = this
    if (!arm || !connection) return
    if (head.status === 101 && !this.head.upgrade) return this.failed(connection, 'switched protocols unasked')
    this.count(arm, head.status >= 500)
    this.status = head.status === 101 ? 'tunnel' : 'responding'
    this.sender = new ResponseSender(this.client, this.head, head)
    const keepClient = this.requestComplete && !this.plane.draining
    this.flow(this.sender.begin({ setCookie: this.setCookie, keepClient, piece }), connection)
    if (head.status === 101) return this.beginTunnel(connection)
    if (connection.framing.done) return this.finish(connection)
    this.deadline = this.plane.now + this.plane.settings.responseIdleTimeoutMs
  }

  received(bytes: Buffer, start: number, end: number): void {
    const { connection, sender } = this
    if (!connection || !sender) return
    this.flow(sender.more(bytes, start, end), connection)
    if (this.status === 'tunnel') {
      this.client.activeAt = this.plane.now
      this.deadline = this.plane.now + this.plane.settings.tunnelIdleTimeoutMs
      return
    }
    if (connection.framing.done) return this.finish(connection)
    this.deadline = this.plane.now + this.plane.settings.responseIdleTimeoutMs
  }

  failed(connection: UpstreamConnection, reason: string): void {
    if (connection !== this.connection || !this.pool) return
    if (this.status === 'connecting') return this.connectFailed(this.pool, reason)
    const { pool } = this
    this.letGo()
    if (this.status === 'tunnel') return this.end(() => this.client.linger())
    if (this.status === 'responding') {
      // An upstream may well give up on a client that owes the rest of its body for long.
      if (this.arm && this.plane.now < this.bodyDue) this.route.countBad(this.arm, this.unit)
      return this.end(() => this.client.break())
    }
    const unbegun = connection.reused && !connection.answered && this.repeatable
    if (!unbegun) return this.failArm(502, reason)
    this.status = 'connecting'
    if (pool.drainingSince !== null || this.attempts >= this.plane.settings.attemptsMax) return this.attemptAgain()
    this.attempts += 1
    this.open(pool)
  }

  /** The client went away. */
  abandoned(): void {
    if (this.status === 'paused') this.route.gate.leave(this)
    const { arm, connection } = this
    // A client that gave up waiting was served, if badly: it counts as a request, but nobody knows that it was the release's fault.
    if (arm && this.status === 'sent') this.count(arm, false)
    const tunnel = this.status === 'tunnel'
    this.letGo()
    this.end(() => {})
    if (tunnel) this.hangUp(connection)
    else connection?.destroy()
  }

  /** The request turned out to be at fault while it was being sent. */
  refuse(status: number, detail: string): void {
    const { connection } = this
    const begun = this.status === 'responding'
    this.letGo()
    connection?.destroy()
    this.end(() => (begun ? this.client.break() : this.client.refuse(status, detail)))
  }

  /** Ends what is past its deadline. */
  sweep(now: number): void {
    const { connection, pool } = this
    if (this.status === 'tunnel' && pool && pool.drainingSince !== null) this.sweepTunnel(now, pool.drainingSince)
    if (this.deadline === 0 || now < this.deadline || !connection) return
    // Held back by a slow client, which is given up when it takes nothing at all.
    if (connection.paused) return
    if (now >= this.bodyDue) return this.refuse(408, 'the body took too long')
    connection.destroy()
    if (this.status === 'sent') {
      this.letGo()
      return this.failArm(504, 'the upstream took too long')
    }
    this.failed(connection, 'timeout')
  }

  private sweepTunnel(now: number, drainingSince: number): void {
    const { tunnelDrainIdleMs, tunnelDrainAgeMsMax } = this.plane.settings
    const { connection } = this
    const queued = this.client.socket.writableLength + (connection?.socket.writableLength ?? 0)
    const isIdle = queued === 0 && now - this.client.activeAt >= tunnelDrainIdleMs
    if (!isIdle && now - drainingSince < tunnelDrainAgeMsMax) return
    this.letGo()
    this.hangUp(connection)
    this.end(() => this.client.linger())
  }

  private hangUp(connection: UpstreamConnection | null): void {
    const { stalledClientMs, lingerMs } = this.plane.settings
    connection?.hangUp({ stalledMs: stalledClientMs, graceMs: lingerMs })
  }

  private enter(arm: LiveArm): void {
    if (this.arm) this.arm.tally.inFlight -= 1
    this.arm = arm
    arm.tally.inFlight += 1
  }

  /** Begins the time of whoever is to act next: the client, while its body is not complete and the upstream takes it; else the upstream. */
  private giveTurn(flowing: boolean): void {
    const { now, settings } = this.plane
    const isClients = flowing && !this.requestComplete
    this.bodyDue = isClients ? now + settings.bodyIdleTimeoutMs : Number.POSITIVE_INFINITY
    if (this.status === 'responding') this.deadline = now + settings.responseIdleTimeoutMs
    else this.deadline = isClients ? this.bodyDue : now + settings.responseTimeoutMs
  }

  /** No body, and a method that may be repeated. */
  private get repeatable(): boolean {
    return this.head.framing === 'none' && idempotent.has(this.method)
  }

  /** Takes the next upstream of the arm. */
  private attempt(): void {
    if (!this.arm) return
    this.status = 'connecting'
    this.attempts += 1
    const pool = this.attempts > this.plane.settings.attemptsMax ? null : this.route.choosePool(this.arm, this.tried)
    if (!pool) return this.failArm(502, 'no upstream accepts a connection')
    const kept = pool.take(this.repeatable ? 0 : this.plane.now - this.plane.settings.unsafeReuseMsMax)
    if (!kept) return this.open(pool)
    this.pool = pool
    pool.inFlight += 1
    this.connection = kept
    kept.expect(this)
    this.send(kept)
  }

  /** Opens a connection to the upstream. */
  private open(pool: UpstreamPool): void {
    this.pool = pool
    pool.inFlight += 1
    this.deadline = this.plane.now + this.plane.settings.connectTimeoutMs
    this.connection = new UpstreamConnection(pool, this, {
      limits: this.plane.headLimits,
      buffer: this.plane.readBuffer,
    })
  }

  private send(connection: UpstreamConnection): void {
    this.status = 'sent'
    const { early } = this
    if (early === null) {
      connection.socket.write(this.head.upstreamText, 'latin1')
    } else {
      this.early = null
      connection.socket.cork()
      connection.socket.write(this.head.upstreamText, 'latin1')
      for (const bytes of early) connection.socket.write(bytes)
      connection.socket.uncork()
    }
    const flowing = this.requestComplete || !connection.socket.writableNeedDrain
    this.giveTurn(flowing)
    if (flowing) this.client.resume()
  }

  private connectFailed(pool: UpstreamPool, reason: string): void {
    this.letGo()
    noteAnswer(this.route, pool, { good: false, reason })
    this.tried ??= []
    this.tried.push(pool)
    this.attemptAgain()
  }

  /** The route may have been replaced meanwhile: what was chosen from may be gone. */
  private attemptAgain(): void {
    if (this.arm && !this.route.arms.includes(this.arm)) return this.proceed()
    this.attempt()
  }

  /** The arm could not serve the request: that is bad for it. One that was never begun goes to the fallback. */
  private failArm(status: number, reason: string): void {
    const { arm } = this
    if (!arm) return
    const begun = this.status === 'sent'
    this.count(arm, true)
    const next = begun ? null : this.route.fallback(arm.name)
    if (!next) return this.reply(status, reason)
    this.counted = false
    this.attempts = 0
    this.tried = null
    this.enter(next)
    this.attempt()
  }

  private count(arm: LiveArm, bad: boolean): void {
    if (this.counted) return
    this.counted = true
    const now = this.plane.world.monotonic()
    const { pool, unit } = this
    if (pool !== null && this.route.isWarming(arm, pool, now)) this.route.countUnjudged(arm, unit, now - this.startedAt)
    else this.route.count(arm, unit, now - this.startedAt)
    if (bad) this.route.countBad(arm, this.unit)
  }

  private flow(taken: boolean, connection: UpstreamConnection): void {
    if (!taken) connection.pause()
  }

  private beginTunnel(connection: UpstreamConnection): void {
    this.client.activeAt = this.plane.now
    this.bodyDue = Number.POSITIVE_INFINITY
    this.deadline = this.plane.now + this.plane.settings.tunnelIdleTimeoutMs
    const ahead = this.client.becomeTunnel()
    if (ahead) connection.socket.write(ahead)
  }

  private finish(connection: UpstreamConnection): void {
    const { sender, pool } = this
    if (!sender || !pool) return
    const reusable =
      sender.head.keepAlive && sender.head.framing !== 'close' && !connection.surplus && this.requestComplete
    if (reusable) {
      const { upstreamIdleMsMax } = this.plane.settings
      const offered = sender.head.keepAliveSeconds
      const idleMs =
        offered === null ? upstreamIdleMsMax : Math.min(upstreamIdleMsMax, Math.max(0, offered * 1_000 - 1_000))
      connection.rest()
      pool.keep(connection, this.plane.now, this.plane.now + idleMs)
    } else {
      connection.destroy()
    }
    this.letGo()
    this.end(() => this.client.completed(sender.keepsClient))
  }

  /** Lets go of the upstream: nothing more is counted in flight there. */
  private letGo(): void {
    const { pool } = this
    this.pool = null
    this.connection = null
    if (!pool) return
    pool.ended()
    if (pool.drainingSince !== null && pool.inFlight === 0) this.route.retireOthers()
  }

  private end(then: () => void): void {
    if (this.status === 'done') return
    this.status = 'done'
    if (this.arm) this.arm.tally.inFlight -= 1
    then()
  }

  private reply(status: number, detail: string): void {
    const fields = `${this.setCookie}x-request-id: ${this.head.requestId}\r\n`
    this.end(() => this.client.answer(this.head, { status, detail, fields, keep: this.requestComplete }))
  }
}
