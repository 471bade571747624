/** One connection to the gateway's control socket: numbered lines out, answers and notices in. It ends with the gateway. */
import net from 'node:net'
import { limits } from '../../core/limits.ts'
import type { GatewayCommand, GatewayLine, GatewayNotice } from '../../core/routing.ts'

/** What came of a command. `lost`: the connection ended before the answer. */
export type Reply =
  | { readonly kind: 'answered'; readonly answer: unknown }
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string }
  | { readonly kind: 'lost' }

/** Connects; null when nobody listens there. */
export const openConnection = (
  socketFile: string,
  onNotice: (notice: GatewayNotice) => void,
): Promise<ControlConnection | null> =>
  new Promise((resolve) => {
    const socket = net.connect(socketFile)
    const refused = (): void => resolve(null)
    socket.once('error', refused)
    socket.once('connect', () => {
      socket.off('error', refused)
      resolve(new ControlConnection(socket, onNotice))
    })
  })

/** See the file's header. */
export class ControlConnection {
  /** Fulfilled once the connection has ended, by either side. */
  readonly closed: Promise<void>
  readonly #socket: net.Socket
  readonly #onNotice: (notice: GatewayNotice) => void
  readonly #waiting = new Map<number, (reply: Reply) => void>()
  #rest = ''
  #lastId = 0
  #open = true

  constructor(socket: net.Socket, onNotice: (notice: GatewayNotice) => void) {
    this.#socket = socket
    this.#onNotice = onNotice
    socket.setEncoding('utf8')
    socket.on('error', () => {})
    socket.on('data', (text) => this.#read(String(text)))
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#open = false
        for (const settle of this.#waiting.values()) settle({ kind: 'lost' })
        this.#waiting.clear()
        resolve()
      })
    })
  }

  /** Whether commands can still be sent. */
  get isOpen(): boolean {
    return this.#open
  }

  /** How many commands have no answer yet. */
  get unanswered(): number {
    return this.#waiting.size
  }

  /** Sends a command; never rejects. */
  send(command: GatewayCommand): Promise<Reply> {
    if (!this.#open) return Promise.resolve({ kind: 'lost' })
    this.#lastId += 1
    const id = this.#lastId
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      this.#socket.write(`${JSON.stringify({ id, ...command })}\n`)
    })
  }

  /** Ends the connection at once; what is unanswered is lost. */
  close(): void {
    this.#open = false
    this.#socket.destroy()
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#take(line)
    // A gateway that sends no end of line is none of ours; the connection is given up rather than the memory.
    if (this.#rest.length > limits.controlLineBytesMax) this.#socket.destroy()
  }

  #take(text: string): void {
    const line = parseLine(text)
    if (line === null) {
      this.#socket.destroy()
    } else if ('notice' in line) {
      this.#onNotice(line.notice)
    } else {
      const settle = this.#waiting.get(line.id)
      this.#waiting.delete(line.id)
      settle?.(
        line.ok ? { kind: 'answered', answer: line.answer } : { kind: 'refused', code: line.code, detail: line.detail },
      )
    }
  }
}

/** Documented parser: the shape of a line is looked at; its answer is what protocol 1 says, since the gateway is Sluice's own program. */
const parseLine = (text: string): GatewayLine | null => {
  try {
    const line: unknown = JSON.parse(text)
    if (typeof line !== 'object' || line === null) return null
    if ('notice' in line) return line as GatewayLine
    return 'id' in line && typeof line.id === 'number' && 'ok' in line ? (line as GatewayLine) : null
  } catch {
    return null
  }
}
