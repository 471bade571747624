import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { World } from '../../src/gateway/world.ts'
import type { TestGateway } from './harness.ts'
import { RawClient, eventually, serve, startRaw, startUpstream } from './harness.ts'

/** More than two kernels and the gateway hold between a client that reads nothing and its upstream, bytes. */
const heldBytesMax = 12 * 1_048_576

/** Requests whose answers are more than that, at 40 kB each. */
const askedMax = 300

/** A monotonic clock that the test turns. */
const clock = (): { parts: Partial<World>; turn: (ms: number) => Promise<unknown> } => {
  let now = 1
  let looks = 0
  const monotonic = (): number => {
    looks += 1
    return now
  }
  const turn = (ms: number): Promise<unknown> => {
    now += ms
    const from = looks
    return eventually('deadlines have been looked at', () => looks > from + 6)
  }
  return { parts: { monotonic }, turn }
}

/** Reads at least so many bytes more, or to the end; no faster than piece by piece, so that what it is sent is always waiting. */
const read = async (client: RawClient, bytes: number): Promise<void> => {
  const until = client.received.length + bytes
  const pause = (): void => void client.socket.pause()
  client.socket.on('data', pause)
  while (client.received.length < until && !client.closed) {
    client.socket.resume()
    await new Promise((resolve) => setImmediate(resolve))
  }
  client.socket.off('data', pause)
}

/** An upstream whose body has no length: it ends with the connection. */
const startEndless = (t: TestContext, bytes: number): ReturnType<typeof startRaw> =>
  startRaw(t, 'endless', (socket) =>
    socket.once('data', (head) => {
      if (String(head).includes('sluice-probe')) return socket.end()
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      return socket.end(Buffer.alloc(bytes, 'x'))
    }),
  )

describe('a client slower than its upstream', () => {
  it('that takes something now and then is served to the end, however long it takes', async (t) => {
    const { parts, turn } = clock()
    const total = 4 * heldBytesMax
    const { port } = await serve(t, [await startEndless(t, total)], { worldParts: parts })
    const client = new RawClient(t, port)
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    for (let step = 0; step < 3; step += 1) {
      await read(client, heldBytesMax)
      await turn(35_000)
    }
    client.socket.resume()
    const received = await client.end()
    assert.equal(received.length - received.indexOf('\r\n\r\n') - 4, total)
    assert.equal(client.reset, false)
  })

  it('that takes nothing for too long is cut off so that it cannot take what it has for the whole', async (t) => {
    const { parts, turn } = clock()
    const { port, control } = await serve(t, [await startEndless(t, 2 * heldBytesMax)], { worldParts: parts })
    const client = new RawClient(t, port)
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await read(client, 1)
    await turn(1)
    await turn(100_000)
    await eventually('it is cut off', async () => (await control.observe()).counters[0]?.inFlight === 0)
    client.socket.resume()
    await client.end()
    assert.equal(client.reset, true)
  })
  it('gets what is queued for it, when its connection is closed for being idle', async (t) => {
    const { parts, turn } = clock()
    const body = 'x'.repeat(40_000)
    const { upstream } = await startUpstream(t, 'a', (_, response) => response.end(body))
    const settings = { idleTimeoutMs: 5_000 }
    const { port, control } = await serve(t, [upstream], { settings, worldParts: parts })
    const client = new RawClient(t, port)
    client.socket.pause()
    const sent = await sendUntilHeldBack(client, control)
    await turn(1)
    await turn(6_000)
    await turn(6_000)
    client.socket.resume()
    const received = await client.end()
    assert.equal(received.split(body).length - 1, sent)
    assert.equal(client.reset, false)
  })
})

describe('a client that asks and does not read', () => {
  const body = 'x'.repeat(40_000)
  const asked = async (t: TestContext): Promise<{ client: RawClient; control: TestGateway['control'] }> => {
    const { upstream } = await startUpstream(t, 'a', (_, response) => response.end(body))
    const { port, control } = await serve(t, [upstream])
    const client = new RawClient(t, port)
    client.socket.pause()
    return { client, control }
  }

  it('again and again is answered no further than the kernel takes it, and gets the rest as it reads', async (t) => {
    const { client, control } = await asked(t)
    const answered = await sendUntilHeldBack(client, control)
    assert.ok(answered < askedMax, `${answered} answers, and nobody read one`)
    client.send(get.repeat(askedMax))
    client.socket.resume()
    await eventually('all answers', () => client.received.split(body).length - 1 === answered + 1 + askedMax)
  })

  it('all at once is answered no further than the kernel takes it, and gets the rest as it reads', async (t) => {
    const { client, control } = await asked(t)
    client.send(get.repeat(askedMax))
    const answered = await eventually('it is held back', async () => {
      const { requests } = (await control.observe()).counters[0] ?? { requests: 0 }
      await sleep(100)
      return (await control.observe()).counters[0]?.requests === requests && requests
    })
    assert.ok(answered < askedMax, `${answered} answers, and nobody read one`)
    client.socket.resume()
    await eventually('all answers', () => client.received.split(body).length - 1 === askedMax)
  })
})

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

/** Asks again and again without reading, until an answer is held back or enough was asked; gives how many answers the gateway has given. */
const sendUntilHeldBack = async (client: RawClient, control: TestGateway['control']): Promise<number> => {
  for (let sent = 1; sent <= askedMax; sent += 1) {
    client.send(get)
    const until = performance.now() + 250
    while (((await control.observe()).counters[0]?.requests ?? 0) < sent) if (performance.now() > until) return sent - 1
  }
  return askedMax
}
