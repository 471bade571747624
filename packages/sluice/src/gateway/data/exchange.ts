/**
 * One request and its response: chooses arm and upstream, sends, and passes the response back.
 *
 * What is repeated: a request that no upstream has begun. That is one whose connection was refused or timed out, or that went out on a connection
 * used before, which closed without a byte of answer, when the method is idempotent and there was no body (RFC 9110 section 9.2.2). Upstreams of
 * the same arm come first. When none of the arm accepts a connection, the failure counts as bad for that arm and the request goes to
 * `fallback` (see live-route.ts). Anything else is answered 502 or 504 and counts as bad.
 */
import type { LiveArm, LiveRoute } from '../routes/live-route.ts'
import { isRepeatable, type RequestHead } from '../http/request-head.ts'
import type { ResponseHead } from '../http/response-head.ts'
import type { Page } from '../routes/pause-gate.ts'
import type { Wish } from '../routes/steering.ts'
import { nobodyText, stopsAtGate } from './at-gate.ts'
import type { ClientConnection } from './client-connection.ts'
import type { DataPlane } from './data-plane.ts'
import { endingOf, endLasting } from './lasting.ts'
import { ResponseSender } from './response-sender.ts'
import { askElsewhere, type FoundAnswer } from './second-ask.ts'
import { openTunnel, type Tunnel } from './tunnel.ts'
import type { Piece, ResponseReader } from './upstream-connection.ts'
import { UpstreamConnection } from './upstream-connection.ts'
import type { UpstreamPool } from './upstream-pool.ts'
import { noteAnswer } from './upstream-condition.ts'

/** `asking`: this release has no such asset, and another one is asked. */
type Status = 'new' | 'paused' | 'connecting' | 'sent' | 'asking' | 'responding' | 'tunnel' | 'done'

/** A request being served. */
export class Exchange implements ResponseReader {
  readonly method: string
  private readonly client: ClientConnection
  readonly plane: DataPlane
  private readonly route: LiveRoute
  private readonly head: RequestHead
  /** Null where the route looks at nothing besides the sticky key. */
  private readonly wish: Wish | null
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
  early: Buffer[] | null = null
  requestComplete: boolean
  private sender: ResponseSender | null = null
  private tunnel: Tunnel | null = null
  private deadline = 0
  /** When the client must have sent more of its body (monotonic ms): from then on the silence is its own. Infinite while it is not its turn. */
  private bodyDue = Number.POSITIVE_INFINITY
  private counted = false

  constructor(client: ClientConnection, head: RequestHead, wish: Wish | null) {
    this.client = client
    this.plane = client.plane
    this.route = client.route
    this.head = head
    this.wish = wish
    this.method = head.method
    this.key = head.stickyKey
    this.requestComplete = head.framing === 'none' || (head.framing === 'length' && head.contentLength === 0)
    this.startedAt = this.plane.world.monotonic()
    this.plane.now = this.startedAt
  }

  /** Begins, or stops at the gate of a route that is paused or under maintenance. */
  start(): void {
    if (this.route.gate.shut && stopsAtGate(this.route, this.head, this.wish)) return this.atGate()
    this.proceed()
  }

  /** Chooses the arm and goes. */
  private proceed(): void {
    const { route, wish } = this
    const choice = wish === null ? route.choose(this.key) : route.chooseSteered(this.key, wish)
    if (!choice) return this.reply(503, nobodyText(wish))
    this.unit = choice.unit
    if (choice.issue !== null) {
      this.key = choice.issue
      this.setCookie = `set-cookie: ${route.stickyCookie}=${choice.issue}; Path=/; HttpOnly; SameSite=Lax\r\n`
    }
    if (choice.pin !== null) this.setCookie += choice.pin
    if (wish !== null && choice.arm.name === 'stable') wish.copy ??= route.copyOf(this.head, this)
    this.enter(choice.arm)
    this.attempt()
  }

  private atGate(): void {
    const { gate } = this.route
    if (gate.page !== null) return this.reply(503, 'maintenance', gate.page)
    this.status = 'paused'
    if (!gate.hold(this)) this.reply(503, 'too many requests wait while the route is paused')
  }

  /** Body bytes, framing included. False: hold the client back. */
  sendBody(bytes: Buffer, complete: boolean): boolean {
    this.requestComplete = complete
    this.wish?.copy?.take(bytes, complete)
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
    this.tunnel?.fromClient(bytes, this.plane.now)
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
    if (head.status === 404 && this.wish?.isAsset === true && this.asksElsewhere({ head, piece, connection })) return
    this.begin(head, piece, connection)
  }

  /** Whether another release is asked for the asset that this one does not have. */
  private asksElsewhere(answer: Omit<FoundAnswer, 'pool'>): boolean {
    const { arm, route, plane, pool, wish, head: request } = this
    if (!arm || !pool || !wish || !this.requestComplete) return false
    wish.second = askElsewhere({ ...answer, arm, route, plane, pool, request }, (better) => {
      wish.second = null
      this.pool = better.pool
      this.connection = better.connection
      better.connection.reader = this
      this.begin(better.head, better.piece, better.connection)
    })
    if (!wish.second) return false
    this.status = 'asking'
    this.deadline = 0
    return true
  }

  /** The answer goes to the client. */
  private begin(head: ResponseHead, piece: Piece, connection: UpstreamConnection): void {
    this.status = head.status === 101 ? 'tunnel' : 'responding'
    this.sender = new ResponseSender(this.client, this.head, head)
    const keepClient = this.requestComplete && !this.plane.draining
    if (!this.sender.begin({ setCookie: this.setCookie, keepClient, piece })) connection.pause()
    if (head.status === 101) return this.beginTunnel(connection, piece)
    if (connection.framing.done) return this.finish(connection)
    this.deadline = this.plane.now + this.plane.settings.responseIdleTimeoutMs
  }

  received(bytes: Buffer, start: number, end: number): void {
    const { connection, sender } = this
    if (!connection || !sender) return
    if (!sender.more(bytes, start, end)) connection.pause()
    if (this.tunnel) {
      this.tunnel.fromUpstream(bytes, { start, end, now: this.plane.now })
      this.deadline = this.plane.now + this.plane.settings.tunnelIdleTimeoutMs
      return
    }
    if (connection.framing.done) return this.finish(connection)
    this.deadline = this.plane.now + this.plane.settings.responseIdleTimeoutMs
  }

  failed(connection: UpstreamConnection, reason: string): void {
    if (connection !== this.connection || !this.pool || this.status === 'asking') return
    if (this.status === 'connecting') return this.connectFailed(this.pool, reason)
    const { pool } = this
    this.letGo()
    if (this.status === 'tunnel') return this.end(() => this.client.linger())
    if (this.status === 'responding') {
      // An upstream may well give up on a client that owes the rest of its body for long.
      if (this.arm && this.plane.now < this.bodyDue) this.route.countBad(this.arm, this.unit)
      return this.end(() => this.client.break())
    }
    const unbegun = connection.reused && !connection.answered && isRepeatable(this.head)
    if (!unbegun) return this.failArm(502, reason)
    this.status = 'connecting'
    if (pool.drainingSince !== null || this.attempts >= this.plane.settings.attemptsMax) return this.attemptAgain()
    this.attempts += 1
    this.open(pool)
  }

  /** The client went away. */
  abandoned(): void {
    if (this.status === 'paused') this.route.gate.leave(this)
    this.wish?.second?.callOff()
    const { arm, connection } = this
    // A client that gave up waiting was served, if badly: it counts as a request, but nobody knows that it was the release's fault.
    if (arm && this.status === 'sent') this.count(arm, false)
    const tunnel = this.status === 'tunnel'
    this.letGo()
    this.end(() => {})
    if (tunnel) connection?.hangUp(this.plane.settings)
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
    if (pool && pool.drainingSince !== null) this.sweepDraining(now, pool)
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

  /** What lasts leaves an upstream that drains. */
  private sweepDraining(now: number, pool: UpstreamPool): void {
    const { client, connection, sender, tunnel } = this
    if (!connection || !sender) return
    const idleSince = this.deadline - this.plane.settings.responseIdleTimeoutMs
    const lasting = { client, pool, connection, sender, tunnel, minor: this.head.minor, idleSince }
    const ending = endingOf(lasting, now)
    if (ending === null) return
    this.letGo()
    this.end(() => endLasting(lasting, ending))
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

  /** Takes the next upstream of the arm. */
  private attempt(): void {
    if (!this.arm) return
    this.status = 'connecting'
    this.attempts += 1
    const pool = this.attempts > this.plane.settings.attemptsMax ? null : this.route.choosePool(this.arm, this.tried)
    if (!pool) return this.failArm(502, 'no upstream accepts a connection')
    const kept = pool.take(isRepeatable(this.head) ? 0 : this.plane.now - this.plane.settings.unsafeReuseMsMax)
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
    this.early = null
    connection.sendRequest(this.head.upstreamText, early)
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
    if (this.arm && !this.route.isCurrent(this.arm)) return this.proceed()
    this.attempt()
  }

  /** The arm could not serve the request: that is bad for it. One that was never begun goes to the fallback. */
  private failArm(status: number, reason: string): void {
    const { arm } = this
    if (!arm) return
    const begun = this.status === 'sent'
    this.count(arm, true)
    const next = begun ? null : this.route.fallback(arm)
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

  private beginTunnel(connection: UpstreamConnection, piece: Piece): void {
    this.tunnel = openTunnel(this.head, this.client, { connection, piece })
    this.bodyDue = Number.POSITIVE_INFINITY
    this.deadline = this.plane.now + this.plane.settings.tunnelIdleTimeoutMs
    const ahead = this.client.becomeTunnel()
    if (ahead) this.sendTunnel(ahead)
  }

  private finish(connection: UpstreamConnection): void {
    const { sender, pool } = this
    if (!sender || !pool) return
    if (this.requestComplete) pool.giveBack(connection, sender.head, this.plane)
    else connection.destroy()
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
    this.wish?.copy?.requestEnded()
    if (this.arm) this.arm.tally.inFlight -= 1
    then()
  }

  private reply(status: number, detail: string, page?: Page): void {
    const fields = `${this.setCookie}${page?.fields ?? ''}x-request-id: ${this.head.requestId}\r\n`
    const answer = { status, detail, fields, keep: this.requestComplete, ...(page && { page: page.body }) }
    this.end(() => this.client.answer(this.head, answer))
  }
}
