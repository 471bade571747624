/** One connection to an upstream: connects, sends a request, and reads heads and bodies of responses for the exchange that holds it. */
import net from 'node:net'
import { HeadParser, needMore, rejected } from '../http/head-parser.ts'
import type { HeadLimits } from '../http/head-parser.ts'
import { BodyFraming, broken } from '../http/body-framing.ts'
import type { ResponseHead } from '../http/response-head.ts'
import { readResponse } from '../http/response-head.ts'
import type { UpstreamPool } from './upstream-pool.ts'

/** Bytes from `start` to `end`, valid during the call in which they are handed over. */
export type Piece = { readonly bytes: Buffer; readonly start: number; readonly end: number }

/** What a connection tells the exchange that holds it. */
export type ResponseReader = {
  readonly method: string
  connected(connection: UpstreamConnection): void
  /** An interim (1xx) head, passed on as it is. */
  interim(head: ResponseHead): void
  /**
   * The final head, with what has come of the body. With status 101 the bytes are the tunnel's.
   */
  responded(head: ResponseHead, piece: Piece): void
  /** More of the body, framing included. Valid during the call only. */
  received(bytes: Buffer, start: number, end: number): void
  /** The response cannot go on; `reason` is for the log and the reply. */
  failed(connection: UpstreamConnection, reason: string): void
  /** The upstream takes bytes again. */
  drained(): void
}

/** The buffer that all upstream sockets read into: what is read is used up before the next read. */
export type ReadBuffer = Buffer

/** A connection to an upstream. */
export class UpstreamConnection {
  readonly pool: UpstreamPool
  readonly socket: net.Socket
  readonly framing: BodyFraming = new BodyFraming()
  reader: ResponseReader | null
  /** It has served a request before: a failure may be the upstream closing an idle connection. */
  reused = false
  /** A byte has come since the request was sent. */
  answered = false
  /** The upstream sent more than its response: bytes that answer nothing, so it is not asked again on this connection. */
  surplus = false
  idleSince = 0
  /** Not read from: the client is slower than the upstream. */
  paused = false
  /** When an idle connection is closed (monotonic ms); 0 while it is used. */
  idleUntil = 0
  private readonly parser: HeadParser
  private partial: Buffer | null = null
  private inBody = false
  private tunnel = false
  private hungUp = false
  private reason = ''

  constructor(pool: UpstreamPool, reader: ResponseReader, options: { limits: HeadLimits; buffer: ReadBuffer }) {
    this.pool = pool
    this.reader = reader
    this.parser = new HeadParser('response', options.limits)
    const { host, port } = pool.upstream
    this.socket = net.connect({
      host,
      port,
      noDelay: true,
      onread: {
        buffer: options.buffer,
        callback: (length): boolean => {
          this.read(options.buffer, length)
          return true
        },
      },
    })
    this.socket.once('connect', () => this.reader?.connected(this))
    this.socket.on('drain', () => this.reader?.drained())
    this.socket.on('error', (error) => {
      this.reason = 'code' in error ? String(error.code) : error.message
    })
    this.socket.on('end', () => this.ended())
    this.socket.on('close', () => this.closed())
  }

  /** Makes ready for the next response. */
  expect(reader: ResponseReader): void {
    this.reader = reader
    this.answered = false
    this.inBody = false
    this.parser.reset()
  }

  /** Sends the head, and what of the body came before there was a connection. */
  sendRequest(head: string, early: readonly Buffer[] | null): void {
    const { socket } = this
    if (early === null) {
      socket.write(head, 'latin1')
      return
    }
    socket.cork()
    socket.write(head, 'latin1')
    for (const bytes of early) socket.write(bytes)
    socket.uncork()
  }

  /** Lets go of the connection without closing it: nothing is expected any more. */
  rest(): void {
    this.reader = null
    this.reused = true
    this.resume()
  }

  /** Stops reading until `resume`: the client is slower than the upstream. */
  pause(): void {
    this.paused = true
    this.socket.pause()
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    this.socket.resume()
  }

  /** Ends a tunnel: what was written still goes out, and the upstream has a moment to close; what comes is no longer wanted. */
  hangUp({ stalledClientMs, lingerMs }: { readonly stalledClientMs: number; readonly lingerMs: number }): void {
    const { socket } = this
    this.reader = null
    this.hungUp = true
    this.resume()
    const destroyIn = (ms: number): NodeJS.Timeout => setTimeout(() => socket.destroy(), ms).unref()
    let timer = destroyIn(stalledClientMs)
    socket.once('finish', () => {
      clearTimeout(timer)
      timer = destroyIn(lingerMs)
    })
    socket.once('close', () => clearTimeout(timer))
    socket.end()
  }

  destroy(): void {
    this.reader = null
    if (this.idleUntil !== 0) this.pool.forget(this)
    this.idleUntil = 0
    this.socket.destroy()
  }

  private read(bytes: Buffer, length: number): void {
    if (!this.reader) return this.hungUp ? undefined : this.destroy()
    this.answered = true
    if (this.tunnel) return this.reader.received(bytes, 0, length)
    if (this.inBody) return this.readBody(bytes, length)
    if (!this.partial) return this.readHead(bytes, length)
    const joined = Buffer.concat([this.partial, bytes.subarray(0, length)])
    this.partial = null
    this.readHead(joined, joined.length)
  }

  private readHead(bytes: Buffer, length: number): void {
    let start = 0
    while (this.reader) {
      const after = this.parser.parse(bytes, start, length)
      if (after === rejected) return this.fail(`malformed response: ${this.parser.reason}`)
      if (after === needMore) {
        this.partial = Buffer.from(bytes.subarray(start, length))
        return
      }
      const head = readResponse(this.parser, bytes.toString('latin1', start, after), this.reader.method)
      if (typeof head === 'string') return this.fail(`malformed response: ${head}`)
      start = after
      if (head.status >= 200 || head.status === 101) return this.begin(head, { bytes, start, end: length })
      this.reader.interim(head)
      if (start === length) return
    }
  }

  private begin(head: ResponseHead, piece: Piece): void {
    const { reader } = this
    if (!reader) return
    if (head.status === 101) {
      this.tunnel = true
      reader.responded(head, piece)
      return
    }
    this.inBody = true
    this.framing.begin(head.framing, head.contentLength)
    const end = this.framing.consume(piece.bytes, piece.start, piece.end)
    if (end === broken) return this.fail('malformed response: broken chunks')
    this.surplus = end < piece.end
    reader.responded(head, { bytes: piece.bytes, start: piece.start, end })
  }

  private readBody(bytes: Buffer, length: number): void {
    const { reader } = this
    if (!reader) return
    const end = this.framing.consume(bytes, 0, length)
    if (end === broken) return this.fail('malformed response: broken chunks')
    this.surplus = end < length
    reader.received(bytes, 0, end)
  }

  private fail(reason: string): void {
    const { reader } = this
    this.destroy()
    reader?.failed(this, reason)
  }

  /** The upstream will send no more. That ends a body without a length, and breaks anything else. */
  private ended(): void {
    const { reader } = this
    if (!reader) return this.hungUp ? undefined : this.destroy()
    if (this.tunnel || !this.inBody || this.framing.kind !== 'close') return
    this.framing.done = true
    reader.received(emptyBytes, 0, 0)
  }

  private closed(): void {
    if (this.idleUntil !== 0) this.pool.forget(this)
    this.idleUntil = 0
    const { reader } = this
    this.reader = null
    reader?.failed(this, this.reason === '' ? 'the upstream closed the connection' : this.reason)
  }
}

const emptyBytes = Buffer.alloc(0)
