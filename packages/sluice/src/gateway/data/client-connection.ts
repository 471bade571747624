/**
 * One connection from a client. Requests on it are served one after the other; what a client sends ahead (pipelining) waits, unread beyond
 * one piece.
 *
 * Phases: `head` (between requests or reading a head), `body` (reading a body), `response` (waiting for the response), `tunnel`, `linger`
 * (answered, to be closed: what still comes is thrown away, so that the client can read the answer before the connection is reset).
 */
import type net from 'node:net'
import { BodyFraming, broken } from '../http/body-framing.ts'
import { HeadParser, needMore, rejected } from '../http/head-parser.ts'
import type { RequestContext, RequestHead } from '../http/request-head.ts'
import { readRequest } from '../http/request-head.ts'
import { replyText } from '../http/replies.ts'
import type { DoorName } from '../routes/doors.ts'
import type { LiveRoute } from '../routes/live-route.ts'
import { previewWish, type Wish } from '../routes/steering.ts'
import type { DataPlane } from './data-plane.ts'
import { Exchange } from './exchange.ts'

/** An answer of the gateway itself. */
export type Answer = {
  readonly status: number
  readonly detail: string
  readonly fields: string
  readonly keep: boolean
  /** HTML in the place of the detail, as latin1 text of its bytes. */
  readonly page?: string
}

/** Where a client comes in: the route, and by which of its addresses. */
export type Entrance = { readonly route: LiveRoute; readonly door: DoorName }

type Phase = 'head' | 'body' | 'response' | 'tunnel' | 'linger'

/** A client's connection. */
export class ClientConnection {
  readonly plane: DataPlane
  readonly route: LiveRoute
  readonly door: DoorName
  readonly socket: net.Socket
  phase: Phase = 'head'
  /** Monotonic ms after which the phase has taken too long. */
  deadline: number
  private exchange: Exchange | null = null
  private readonly parser: HeadParser
  private readonly framing = new BodyFraming()
  /** Bytes read and not used: a head not yet complete, or what was sent ahead. */
  private held: Buffer | null = null
  private readonly context: RequestContext
  /** Bytes that the client had taken when they last grew, and when that was seen (monotonic ms; 0 while nothing waits for it). */
  private taken = 0
  private takenAt = 0

  constructor(plane: DataPlane, { route, door }: Entrance, socket: net.Socket) {
    this.plane = plane
    this.route = route
    this.door = door
    this.socket = socket
    this.parser = new HeadParser('request', plane.headLimits)
    this.deadline = plane.now + plane.settings.headTimeoutMs
    this.context = {
      clientAddress: plainAddress(socket.remoteAddress ?? 'unknown'),
      trustForwarded: plane.settings.trustForwarded,
      get stickyCookie() {
        return route.stickyCookie
      },
      get stickyHeader() {
        return route.stickyHeader
      },
      makeRequestId: plane.makeRequestId,
      bodyBytesMax: plane.settings.bodyBytesMax,
    }
    plane.connections.add(this)
    socket.on('data', (bytes) => this.read(bytes))
    socket.on('drain', () => this.drained())
    socket.on('error', () => {})
    socket.on('end', () => this.ended())
    socket.on('close', () => this.gone())
  }

  /** Sends latin1 text; false when the client is slower than we are. */
  writeText(text: string): boolean {
    return this.socket.write(text, 'latin1')
  }

  /** Sends bytes that stay as they are. */
  writeBytes(bytes: Buffer): boolean {
    return this.socket.write(bytes)
  }

  /** The upstream takes body bytes (or tunnel bytes) again. */
  resume(): void {
    if (this.phase === 'body' || this.phase === 'tunnel') this.socket.resume()
  }

  /** The exchange is over. `keep`: another request may follow on this connection. */
  completed(keep: boolean): void {
    this.exchange = null
    if (!keep || this.phase !== 'response') return this.linger()
    this.phase = 'head'
    this.deadline = this.plane.now + this.plane.settings.idleTimeoutMs
    // Not in this call: a client that sends a thousand requests at once must not make a stack a thousand deep.
    if (this.held) setImmediate(() => this.readHeld())
    else if (this.plane.ending === 'now') this.linger()
    // Who does not take its answers asks for no more of them, or they would pile up here.
    else if (this.socket.writableNeedDrain) this.socket.pause()
  }

  /** The connection now carries whatever the two sides agreed on; gives what the client had sent ahead. */
  becomeTunnel(): Buffer | null {
    const { held } = this
    this.held = null
    this.phase = 'tunnel'
    this.socket.resume()
    return held
  }

  /** Answers a request from here; `keep`: all of it was read. */
  answer(request: RequestHead, answer: Answer): void {
    const keep = answer.keep && request.keepAlive && request.minor === 1 && !this.plane.draining
    this.writeText(replyText({ ...answer, close: !keep, headOnly: request.method === 'HEAD' }))
    this.completed(keep)
  }

  /** Answers from here and closes, when the request itself was at fault or could not be read to its end. */
  refuse(status: number, detail: string): void {
    this.writeText(replyText({ status, detail, close: true, headOnly: false, fields: '' }))
    this.linger()
  }

  /** Breaks the connection, so that a response cut short cannot be taken for a whole one. */
  break(): void {
    this.exchange = null
    this.socket.resetAndDestroy()
  }

  /** Closes politely: sends what is queued, then ends, and gives the client a moment to close. */
  linger(): void {
    if (this.phase === 'linger') return
    this.phase = 'linger'
    this.exchange = null
    this.held = null
    this.deadline = this.plane.now + this.plane.settings.lingerMs
    this.socket.end()
    this.socket.resume()
  }

  /** Closes the connection if it is between two requests. */
  closeIdle(): void {
    if (this.phase === 'head' && !this.parser.begun && !this.held) this.linger()
  }

  /** Whether a request is being served. */
  get busy(): boolean {
    return this.exchange !== null
  }

  /** Ends what is past its deadline. */
  sweep(now: number): void {
    if (this.isStalled(now)) return this.abort()
    if (this.exchange) return this.exchange.sweep(now)
    // What is queued goes out first, however slowly.
    if (this.phase === 'linger' && this.socket.writableLength > 0) this.deadline = now + this.plane.settings.lingerMs
    if (now < this.deadline) return
    if (this.phase === 'head' && this.parser.begun) return this.refuse(408, 'the head took too long')
    if (this.phase === 'head') return this.linger()
    this.socket.destroy()
  }

  /** The client is given up, with whatever it had asked for; it cannot take a part of a response for the whole. */
  abort(): void {
    const isCut = this.exchange !== null || this.socket.writableLength > 0
    this.gone()
    if (isCut) this.socket.resetAndDestroy()
    else this.socket.destroy()
  }

  /** Whether the client has taken nothing of what waits for it, for too long. A slow one is always behind; it counts whether it gets on. */
  private isStalled(now: number): boolean {
    const { bytesWritten, writableLength } = this.socket
    if (writableLength === 0) {
      this.takenAt = 0
      return false
    }
    const taken = bytesWritten - writableLength
    if (this.takenAt === 0 || taken > this.taken) {
      this.taken = taken
      this.takenAt = now
    }
    return now - this.takenAt > this.plane.settings.stalledClientMs
  }

  /** The client sends no more. Then it waits for no answer either; only a tunnel still gives both sides what is on its way. */
  private ended(): void {
    const { exchange } = this
    if (!exchange) return
    if (this.phase !== 'tunnel') return this.abort()
    this.linger()
    exchange.abandoned()
  }

  private gone(): void {
    const { exchange } = this
    this.exchange = null
    this.held = null
    exchange?.abandoned()
    this.plane.connections.delete(this)
  }

  private drained(): void {
    if (this.exchange) return this.exchange.clientDrained()
    if (this.phase !== 'head' || !this.socket.isPaused()) return
    if (this.held) this.readHeld()
    else this.socket.resume()
  }

  private read(bytes: Buffer): void {
    switch (this.phase) {
      case 'head':
        return this.readHead(this.held ? Buffer.concat([this.held, bytes]) : bytes)
      case 'body':
        return this.readBody(bytes, 0)
      case 'response':
        return this.hold(bytes)
      case 'tunnel':
        if (this.exchange && !this.exchange.sendTunnel(bytes)) this.socket.pause()
        return
      default:
    }
  }

  private hold(bytes: Buffer): void {
    this.held = this.held ? Buffer.concat([this.held, bytes]) : bytes
    this.socket.pause()
  }

  /** Reads what was sent ahead, once the client takes bytes. Nothing more is read from the socket before, or the order would be lost. */
  private readHeld(): void {
    const { held } = this
    if (!held || this.phase !== 'head' || this.socket.destroyed || this.socket.writableNeedDrain) return
    this.held = null
    this.readHead(held)
    if (this.wantsMore) this.socket.resume()
  }

  /** Whether to read on after what was held: the rest of a head, a hang-up, or the next request of a client that takes its answers. */
  private get wantsMore(): boolean {
    if (this.phase === 'head' && this.parser.begun) return true
    return !this.held && (this.phase === 'response' || (this.phase === 'head' && !this.socket.writableNeedDrain))
  }

  private readHead(bytes: Buffer): void {
    const fresh = !this.parser.begun
    const after = this.parser.parse(bytes, 0, bytes.length)
    if (after === rejected) return this.refuse(this.parser.rejection, this.parser.reason)
    if (after === needMore) {
      if (fresh) this.deadline = this.plane.now + this.plane.settings.headTimeoutMs
      this.held = bytes
      return
    }
    this.held = null
    const text = bytes.toString('latin1', 0, after)
    const request = readRequest(this.parser, text, this.context)
    if ('reason' in request) return this.refuse(request.status, request.reason)
    this.framing.begin(request.framing, request.contentLength)
    this.phase = this.framing.done ? 'response' : 'body'
    const exchange = new Exchange(this, request, this.wishOf(text))
    this.exchange = exchange
    if (after < bytes.length) {
      if (this.phase === 'body') this.readBody(bytes, after)
      else this.hold(bytes.subarray(after))
    }
    // A body refused at its first bytes has ended the exchange already.
    if (this.exchange !== exchange) return
    // Until an upstream takes it. Not when all of it is here: then nobody would resume, and the next request never be read.
    if (this.phase === 'body') this.socket.pause()
    exchange.start()
  }

  private wishOf(text: string): Wish | null {
    return this.door === 'preview' ? previewWish() : (this.route.steering?.read(this.parser, text) ?? null)
  }

  private readBody(bytes: Buffer, start: number): void {
    const { exchange } = this
    if (!exchange) return
    const end = this.framing.consume(bytes, start, bytes.length)
    if (end === broken) return exchange.refuse(400, 'the chunks of the body are broken')
    if (this.framing.dataBytes > this.plane.settings.bodyBytesMax) {
      return exchange.refuse(413, `a body of more than ${this.plane.settings.bodyBytesMax} bytes`)
    }
    const complete = this.framing.done
    if (complete) this.phase = 'response'
    const flowing = exchange.sendBody(
      start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end),
      complete,
    )
    if (complete && end < bytes.length && this.exchange) this.hold(bytes.subarray(end))
    else if (!flowing && !complete) this.socket.pause()
  }
}

/** IPv4 clients of a dual-stack socket show their IPv4 address. */
const plainAddress = (address: string): string => (address.startsWith('::ffff:') ? address.slice(7) : address)
