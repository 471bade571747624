/**
 * One buffer for what goes out at once. A response made of strings leaves its size twice in the young heap (the body as text, then the
 * whole of it in one string): half of what a request leaves there, and collecting that is what makes the slowest requests slow.
 */
import type net from 'node:net'
import type { Piece } from './upstream-connection.ts'

const bufferBytes = 65_536

/** A buffer that is used again for as long as the kernel takes everything at once. */
export class WriteBuffer {
  private buffer: Buffer = Buffer.allocUnsafeSlow(bufferBytes)

  /** Sends a head (latin1) and the beginning of its body in one piece; together at most 64 kB. False: the client is slower than we are. */
  send(socket: net.Socket, head: string, { bytes, start, end }: Piece): boolean {
    const { buffer } = this
    const headBytes = buffer.write(head, 0, 'latin1')
    bytes.copy(buffer, headBytes, start, end)
    const taken = socket.write(buffer.subarray(0, headBytes + end - start))
    // Invariant: what the kernel has not taken yet still lies there, and belongs to the socket now.
    if (socket.writableLength > 0) this.buffer = Buffer.allocUnsafeSlow(bufferBytes)
    return taken
  }
}
