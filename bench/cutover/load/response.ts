/** Reads HTTP/1.1 responses from a byte stream and knows exactly whether one is whole. */

/** A whole response. */
export type Response = { readonly status: number; readonly closes: boolean; readonly body: Buffer }

type Head = { readonly status: number; readonly closes: boolean; readonly framing: number | 'chunked' | 'none' }

const headEnd = Buffer.from('\r\n\r\n')

/** Gathers the bytes of one response after another. */
export class ResponseReader {
  #received: Buffer = Buffer.alloc(0)

  /** Whether anything of the next response came. */
  get hasBytes(): boolean {
    return this.#received.length > 0
  }

  /** Bytes after the last whole response: what follows a 101. */
  takeRest(): Buffer {
    const rest = this.#received
    this.#received = Buffer.alloc(0)
    return rest
  }

  /** Takes bytes in; gives the response once it is whole. Throws on what is no HTTP. */
  push(bytes: Buffer): Response | null {
    this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes])
    const end = this.#received.indexOf(headEnd)
    if (end < 0) return null
    const head = parseHead(this.#received.toString('latin1', 0, end))
    const start = end + headEnd.length
    const found = bodyIn(this.#received.subarray(start), head)
    if (found === null) return null
    this.#received = this.#received.subarray(start + found.used)
    return { status: head.status, closes: head.closes, body: found.body }
  }
}

const parseHead = (text: string): Head => {
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(`${text} `)?.[1])
  if (Number.isNaN(status)) throw new Error(`not a response: ${text.slice(0, 60)}`)
  const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1]
  const chunked = /\r\ntransfer-encoding: *chunked/i.test(text)
  const framing = chunked ? 'chunked' : length === undefined ? 'none' : Number(length)
  return { status, closes: /\r\nconnection: *close/i.test(text), framing }
}

const bodyIn = (bytes: Buffer, { framing, status }: Head): { used: number; body: Buffer } | null => {
  if (framing === 'none') {
    if (status === 101 || status === 204) return { used: 0, body: Buffer.alloc(0) }
    throw new Error(`a response with status ${status} says nothing of its length`)
  }
  if (framing === 'chunked') return chunksIn(bytes)
  return bytes.length < framing ? null : { used: framing, body: bytes.subarray(0, framing) }
}

const chunksIn = (bytes: Buffer): { used: number; body: Buffer } | null => {
  const pieces: Buffer[] = []
  for (let at = 0; ;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return null
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    if (Number.isNaN(size)) throw new Error('a chunk has no size')
    const start = lineEnd + 2
    if (bytes.length < start + size + 2) return null
    if (size === 0) return { used: start + 2, body: Buffer.concat(pieces) }
    pieces.push(bytes.subarray(start, start + size))
    at = start + size + 2
  }
}
