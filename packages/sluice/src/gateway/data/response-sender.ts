/** Gives a response to the client: its head with this hop's fields, its body as it comes, without chunks for an HTTP/1.0 client. */
import { BodyFraming } from '../http/body-framing.ts'
import type { RequestHead } from '../http/request-head.ts'
import type { ResponseHead } from '../http/response-head.ts'
import type { ClientConnection } from './client-connection.ts'
import type { Piece } from './upstream-connection.ts'

/** The beginning of a response: bytes are valid during the call only. */
export type Beginning = {
  readonly setCookie: string
  /** The connection may serve another request, as far as this side is concerned. */
  readonly keepClient: boolean
  /** What has come of the body. */
  readonly piece: Piece
}

/** Up to this many bytes of body go out in one piece with the head: cheaper than two. */
const inlineBytesMax = 8_192

/** The sending side of one response. */
export class ResponseSender {
  readonly head: ResponseHead
  /** The client's connection may serve another request after this. */
  keepsClient = false
  private readonly client: ClientConnection
  private readonly request: RequestHead
  private readonly unchunk: BodyFraming | null

  constructor(client: ClientConnection, request: RequestHead, head: ResponseHead) {
    this.client = client
    this.request = request
    this.head = head
    this.unchunk = request.minor === 0 && head.chunked ? new BodyFraming() : null
    this.unchunk?.begin(head.framing, 0)
  }

  /** Sends the head and what has come of the body. False: the client is slower than the upstream. */
  begin(beginning: Beginning): boolean {
    const { bytes, start, end } = beginning.piece
    const text = this.headText(beginning)
    if (this.unchunk) {
      this.client.writeText(text)
      return this.more(bytes, start, end)
    }
    if (end === start) return this.client.writeText(text)
    if (end - start <= inlineBytesMax)
      return this.client.plane.writeBuffer.send(this.client.socket, text, beginning.piece)
    this.client.socket.cork()
    this.client.writeText(text)
    const taken = this.client.writeBytes(Buffer.from(bytes.subarray(start, end)))
    this.client.socket.uncork()
    return taken
  }

  /** Sends more of the body; the bytes are copied, since the read buffer is shared. */
  more(bytes: Buffer, start: number, end: number): boolean {
    if (end === start) return true
    if (!this.unchunk) return this.client.writeBytes(Buffer.from(bytes.subarray(start, end)))
    let taken = true
    this.unchunk.sink = (_, from, to) => {
      taken = this.client.writeBytes(Buffer.from(bytes.subarray(from, to)))
    }
    this.unchunk.consume(bytes, start, end)
    return taken
  }

  private headText(beginning: Beginning): string {
    const { head, request } = this
    const { setCookie } = beginning
    if (head.status === 101) return `${head.text}${setCookie}connection: upgrade\r\n\r\n`
    this.keepsClient =
      beginning.keepClient && request.keepAlive && !request.upgrade && head.framing !== 'close' && !this.unchunk
    const text =
      request.minor === 0 && head.chunked ? head.text.replace(/\r\ntransfer-encoding:[^\r]*/i, '') : head.text
    if (!this.keepsClient) return `${text}${setCookie}connection: close\r\n\r\n`
    return request.minor === 0 ? `${text}${setCookie}connection: keep-alive\r\n\r\n` : `${text}${setCookie}\r\n`
  }
}
