// The server's side of RFC 6455, as much as an echo needs: text frames below 64 kB, ping, close.
import { createHash } from 'node:crypto'

const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

const frame = (opcode, payload) => {
  const long = payload.length > 125
  const head = Buffer.from(
    long ? [0x80 | opcode, 126, payload.length >> 8, payload.length & 255] : [0x80 | opcode, payload.length],
  )
  return Buffer.concat([head, payload])
}

export const acceptWebSocket = (request, socket, head) => {
  const accept = createHash('sha1')
    .update(request.headers['sec-websocket-key'] + guid)
    .digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
  )
  let received = head
  let closing = false
  const close = (code) => {
    if (!closing) socket.write(frame(8, Buffer.from([code >> 8, code & 255])))
    closing = true
  }
  const take = () => {
    if (received.length < 2) return false
    const long = (received[1] & 127) === 126
    const size = long ? (received.length < 4 ? Infinity : received.readUInt16BE(2)) : received[1] & 127
    const start = (long ? 4 : 2) + 4
    if (received.length < start + size) return false
    const mask = received.subarray(start - 4, start)
    const payload = Buffer.from(received.subarray(start, start + size)).map((byte, index) => byte ^ mask[index % 4])
    const opcode = received[0] & 15
    received = received.subarray(start + size)
    if (opcode === 8) {
      close(1000)
      socket.end()
    } else if (opcode === 9) socket.write(frame(10, payload))
    else if (opcode === 1 && !closing) socket.write(frame(1, payload))
    return true
  }
  socket.on('data', (bytes) => {
    received = Buffer.concat([received, bytes])
    while (take());
  })
  socket.on('error', () => {})
  return { close, onEnd: (listener) => socket.on('close', listener) }
}
