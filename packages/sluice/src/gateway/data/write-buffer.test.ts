import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { WriteBuffer } from './write-buffer.ts'

/** Two ends of one connection. */
const pair = async (): Promise<readonly [net.Socket, net.Socket]> => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert(address !== null && typeof address === 'object')
  const far = net.connect(address.port, '127.0.0.1')
  const [near]: net.Socket[] = await once(server, 'connection')
  assert(near)
  server.close()
  return [near, far]
}

test('what a slow client has not taken yet is not written over by what comes after', async () => {
  const [near, far] = await pair()
  const buffer = new WriteBuffer()
  const expected: Buffer[] = []
  for (let index = 0; index < 2_000; index += 1) {
    const body = Buffer.alloc(8_000, index % 251)
    expected.push(Buffer.from(`head ${index}\r\n`), body.subarray(10))
    buffer.send(near, `head ${index}\r\n`, { bytes: body, start: 10, end: body.length })
  }
  assert(near.writableLength > 0, 'the kernel took it all: nothing was tested')
  near.end()
  const got: Buffer[] = []
  for await (const bytes of far) got.push(bytes)
  assert(Buffer.concat(got).equals(Buffer.concat(expected)))
})
