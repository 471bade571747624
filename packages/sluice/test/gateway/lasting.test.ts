/** WebSockets and event streams leave an upstream that drains; through a real gateway. */
import assert from 'node:assert/strict'
import type net from 'node:net'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import type { Route, Upstream } from '../../src/core/routing.ts'
import type { TestGateway } from './harness.ts'
import { RawClient, arm, eventually, makeRoute, serve, startRaw, startUpstream } from './harness.ts'

const upgrade =
  'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n'
const going = '\x88\x02\x03\xe9'
const goingMasked = '\x88\x82\0\0\0\0\x03\xe9'
const text = (words: string): string => `\x81${String.fromCharCode(words.length)}${words}`
const masked = (first: string, words: string): string =>
  `${first}${String.fromCharCode(128 + words.length)}\0\0\0\0${words}`

type Socket = { readonly upstream: Upstream; readonly received: () => string; readonly socket: () => net.Socket }

/** A server of WebSockets that says what it is told to. */
const webSocket = async (t: TestContext): Promise<Socket> => {
  let received = ''
  let open: net.Socket | null = null
  const upstream = await startRaw(t, 'ws', (socket) => {
    socket.setEncoding('latin1').once('data', (head) => {
      if (String(head).includes('sluice-probe')) return socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
      open = socket
      return socket.on('data', (bytes) => (received += String(bytes)))
    })
  })
  return { upstream, received: () => received, socket: () => open ?? assert.fail('nobody has connected') }
}

const opened = async (t: TestContext, port: number): Promise<RawClient> => {
  const client = new RawClient(t, port)
  client.send(upgrade)
  await client.until('\r\n\r\n')
  return client
}

const drain = async (
  t: TestContext,
  gateway: TestGateway,
  upstream: Upstream,
  parts: Partial<Route> & { deadlineMs?: number } = {},
) => {
  const { deadlineMs = 5_000, ...route } = parts
  const next = await startUpstream(t, 'next')
  const arms = [arm('stable', 10_000, [next.upstream])]
  await gateway.control.send({ kind: 'set_route', route: makeRoute(gateway.port, 2, { arms, ...route }) })
  const { service, environment } = makeRoute(gateway.port, 1)
  return gateway.control.send({ kind: 'drain', service, environment, upstreams: [upstream], deadlineMs })
}

describe('a WebSocket on an instance that drains', () => {
  it('is closed with 1001 on both sides once no message came for a while, between two messages; pings keep nothing open', async (t) => {
    const server = await webSocket(t)
    const gateway = await serve(t, [server.upstream])
    const client = await opened(t, gateway.port)
    // Half a message of the server, and pings: neither is a time to say goodbye.
    server.socket().write('\x01\x02he', 'latin1')
    await client.until('he')
    const ping = setInterval(() => client.send(masked('\x89', 'p')), 20)
    t.after(() => clearInterval(ping))
    const drained = drain(t, gateway, server.upstream, { drain: { idleMs: 120, maxAgeMs: 60_000 } })
    await new Promise((resolve) => setTimeout(resolve, 400))
    assert.equal(client.closed, false)
    assert.ok(!client.received.includes(going))
    server.socket().write('\x80\x03llo', 'latin1')
    assert.deepEqual(await drained, { inFlight: 0 })
    assert.ok((await client.end()).endsWith(`llo${going}`))
    await eventually('the server hears it', () => server.received().includes(goingMasked))
  })

  it('stays while it talks, and is told at its greatest age in any case', async (t) => {
    const server = await webSocket(t)
    const gateway = await serve(t, [server.upstream])
    const client = await opened(t, gateway.port)
    const talk = setInterval(() => server.socket().write(text('tick'), 'latin1'), 10)
    t.after(() => clearInterval(talk))
    const from = performance.now()
    assert.deepEqual(await drain(t, gateway, server.upstream, { drain: { idleMs: 400, maxAgeMs: 900 } }), {
      inFlight: 0,
    })
    assert.ok(performance.now() - from >= 800)
    assert.ok((await client.end()).endsWith(going))
  })

  it('is told before the drain stops waiting, so that the instance is not stopped under it', async (t) => {
    const server = await webSocket(t)
    const gateway = await serve(t, [server.upstream])
    const client = await opened(t, gateway.port)
    const talk = setInterval(() => server.socket().write(text('tick'), 'latin1'), 10)
    t.after(() => clearInterval(talk))
    assert.deepEqual(await drain(t, gateway, server.upstream, { deadlineMs: 200 }), { inFlight: 0 })
    assert.ok((await client.end()).endsWith(going))
  })

  it('that is in the middle of a frame at its greatest age is ended without a word that could be taken for payload', async (t) => {
    const server = await webSocket(t)
    const gateway = await serve(t, [server.upstream])
    const client = await opened(t, gateway.port)
    server.socket().write('\x81\x7ehalf', 'latin1')
    await client.until('half')
    await drain(t, gateway, server.upstream, { drain: { idleMs: 50, maxAgeMs: 150 } })
    assert.ok((await client.end()).endsWith('half'))
  })
})

describe('an event stream on an instance that drains', () => {
  const streaming = async (t: TestContext, type: string) => {
    let say: (words: string) => void = () => assert.fail('nobody has connected')
    const { upstream } = await startUpstream(t, 'events', (_, response) => {
      response.writeHead(200, { 'content-type': type })
      response.write('data: 0\n\n')
      say = (words) => void response.write(words)
    })
    const gateway = await serve(t, [upstream])
    const client = new RawClient(t, gateway.port)
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await client.until('data: 0')
    return { upstream, gateway, client, say: (words: string) => say(words) }
  }

  it('ends as a whole response once no event came for a while', async (t) => {
    const { upstream, gateway, client, say } = await streaming(t, 'text/event-stream; charset=utf-8')
    // A pause of a busy machine is no end of the events.
    const drained = drain(t, gateway, upstream, { drain: { idleMs: 700, maxAgeMs: 60_000 } })
    for (let count = 0; count < 20; count += 1) {
      say(`data: ${count + 1}\n\n`)
      await client.until(`data: ${count + 1}`)
      await new Promise((resolve) => setTimeout(resolve, 40))
    }
    assert.equal(client.closed, false)
    assert.deepEqual(await drained, { inFlight: 0 })
    assert.match(await client.end(), /data: 20\n\n\r\n0\r\n\r\n$/)
  })

  it('is not what any other slow response is: that is waited for, since half of it could be taken for the whole', async (t) => {
    const { upstream, gateway, client } = await streaming(t, 'text/plain')
    assert.deepEqual(await drain(t, gateway, upstream, { drain: { idleMs: 50, maxAgeMs: 60_000 }, deadlineMs: 400 }), {
      inFlight: 1,
    })
    assert.equal(client.closed, false)
  })
})
