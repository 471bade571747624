/** A client's connection that is used again and again, and that says exactly how a request failed. */
import net from 'node:net'
import { type Response, ResponseReader } from './response.ts'

/** How a request failed. `closed_unanswered`: the server hung up on a request that it had been sent. */
export type FailureKind =
  | 'not_connected'
  | 'reset'
  | 'closed_unanswered'
  | 'truncated'
  | 'timeout'
  | 'status'
  | 'wrong_body'
  | 'websocket_cut'

/** A request that did not get what it should have got. */
export class RequestFailure extends Error {
  readonly kind: FailureKind

  constructor(kind: FailureKind, detail: string) {
    super(detail)
    this.kind = kind
  }
}

/** Where to connect. */
export type Target = { readonly host: string; readonly port: number }

/** What is sent: at once, or in pieces with a pause after each. */
export type Outgoing = { readonly pieces: readonly (string | Buffer)[]; readonly pauseMs: number }

const timeoutMs = 15_000

type Waiting = { readonly resolve: (response: Response) => void; readonly reject: (failure: RequestFailure) => void }

/** One connection; opened when needed, opened again after the server closed it between two requests. */
export class Connection {
  readonly #target: Target
  #socket: net.Socket | null = null
  #reader = new ResponseReader()
  #waiting: Waiting | null = null

  constructor(target: Target) {
    this.#target = target
  }

  /** Sends a request and gives its whole response; rejects with RequestFailure. */
  async request(outgoing: Outgoing): Promise<Response> {
    const socket = await this.#open()
    const answer = new Promise<Response>((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
    const timer = setTimeout(() => this.#fail('timeout', `no whole answer within ${timeoutMs} ms`), timeoutMs)
    void write(socket, outgoing)
    try {
      const response = await answer
      if (response.closes) this.close()
      return response
    } finally {
      clearTimeout(timer)
      this.#waiting = null
    }
  }

  /** Hands out the socket after an upgrade; the connection is then nobody's. */
  takeSocket(): { socket: net.Socket; rest: Buffer } {
    const socket = this.#socket
    if (socket === null) throw new RequestFailure('reset', 'the upgraded connection is gone')
    this.#socket = null
    socket.removeAllListeners('data')
    socket.removeAllListeners('close')
    return { socket, rest: this.#reader.takeRest() }
  }

  /** Ends it. */
  close(): void {
    this.#socket?.destroy()
    this.#socket = null
  }

  #open(): Promise<net.Socket> {
    const open = this.#socket
    if (open !== null) return Promise.resolve(open)
    return new Promise((resolve, reject) => {
      const socket = net.connect({ ...this.#target, noDelay: true })
      this.#reader = new ResponseReader()
      let connected = false
      let reason = ''
      socket.on('error', (error) => {
        reason = error.message
        if (!connected) reject(new RequestFailure('not_connected', reason))
      })
      socket.once('connect', () => {
        connected = true
        this.#socket = socket
        resolve(socket)
      })
      socket.on('data', (bytes) => this.#take(bytes))
      socket.on('end', () => {
        if (this.#socket === socket) this.#ended(reason)
      })
      socket.on('close', () => {
        if (this.#socket === socket) this.#ended(reason)
      })
    })
  }

  #take(bytes: Buffer): void {
    try {
      const response = this.#reader.push(bytes)
      if (response !== null) this.#waiting?.resolve(response)
    } catch (error) {
      this.#fail('truncated', String(error))
    }
  }

  /** The server hung up: nothing between two requests, a failure of the one that is on its way. */
  #ended(reason: string): void {
    if (this.#reader.hasBytes) this.#fail('truncated', `the answer ended early ${reason}`)
    else if (reason !== '') this.#fail('reset', reason)
    else this.#fail('closed_unanswered', 'hung up before the answer')
  }

  #fail(kind: FailureKind, detail: string): void {
    this.close()
    this.#waiting?.reject(new RequestFailure(kind, detail))
  }
}

const write = async (socket: net.Socket, { pieces, pauseMs }: Outgoing): Promise<void> => {
  for (const piece of pieces) {
    if (socket.destroyed) return
    socket.write(piece)
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
