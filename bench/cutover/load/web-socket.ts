/** The client's side of RFC 6455, as much as an echo needs; knows a close frame from a connection that was cut. */
import { randomBytes } from 'node:crypto'
import type net from 'node:net'

/** What came: a text, or the end, with whether a close frame announced it. */
export type WebSocketEvent =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'end'; readonly clean: boolean }

/** An open WebSocket. */
export class WebSocketClient {
  readonly #socket: net.Socket
  readonly #listener: (event: WebSocketEvent) => void
  #received: Buffer
  #closeSeen = false

  constructor(socket: net.Socket, rest: Buffer, listener: (event: WebSocketEvent) => void) {
    this.#socket = socket
    this.#received = rest
    this.#listener = listener
    socket.on('data', (bytes) => {
      this.#received = Buffer.concat([this.#received, bytes])
      while (this.#take());
    })
    socket.on('error', () => {})
    socket.once('close', () => listener({ kind: 'end', clean: this.#closeSeen }))
  }

  /** Sends a text below 126 bytes; false once the other side said goodbye. */
  send(text: string): boolean {
    if (this.#closeSeen || this.#socket.destroyed) return false
    this.#socket.write(maskedFrame(1, Buffer.from(text)))
    return true
  }

  /** Says goodbye; the end comes as an event. */
  close(): void {
    this.#socket.write(maskedFrame(8, Buffer.from([3, 232])))
  }

  #take(): boolean {
    if (this.#received.length < 2) return false
    const [first = 0, second = 0] = this.#received
    const size = second & 127
    if (this.#received.length < 2 + size) return false
    const payload = this.#received.subarray(2, 2 + size)
    this.#received = this.#received.subarray(2 + size)
    const opcode = first & 15
    if (opcode === 8) {
      if (!this.#closeSeen) this.close()
      this.#closeSeen = true
      this.#socket.end()
    } else if (opcode === 9) this.#socket.write(maskedFrame(10, payload))
    else if (opcode === 1) this.#listener({ kind: 'text', text: payload.toString() })
    return true
  }
}

const maskedFrame = (opcode: number, payload: Buffer): Buffer => {
  const mask = randomBytes(4)
  const masked = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0))
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length]), mask, masked])
}
