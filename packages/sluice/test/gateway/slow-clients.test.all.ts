import assert from 'node:assert/strict'
import type http from 'node:http'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestGateway } from './harness.ts'
import { RawClient, clock, eventually, serve, startRaw, startUpstream } from './harness.ts'

/** More than two kernels and the gateway hold between a client that reads nothing and its upstream, bytes. */
const heldBytesMax = 12 * 1_048_576

/** Requests whose answers are more than that, at 40 kB each. */
const askedMax = 300

/** The number once it has stopped growing. */
const settled = async (look: () => number | Promise<number>): Promise<number> => {
  let last = -1
  let same = 0
  return eventually('it settles', async () => {
    await sleep(10)
    const now = await look()
    same = now === last ? same + 1 : 0
    last = now
    return same === 10 && now
  })
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
    const answered = await settled(async () => (await control.observe()).counters[0]?.requests ?? 0)
    assert.ok(answered < askedMax, `${answered} answers, and nobody read one`)
    client.socket.resume()
    await eventually('all answers', () => client.received.split(body).length - 1 === askedMax)
  })
})

describe('a client that sends its body while it is being answered', () => {
  const chunk = '3\r\nabc\r\n'
  type Talk = {
    readonly client: RawClient
    readonly response: http.ServerResponse
    readonly turn: (ms: number) => Promise<unknown>
    readonly bad: () => Promise<number | undefined>
  }

  /** A request whose answer has begun and whose body has not ended. */
  const talk = async (t: TestContext): Promise<Talk> => {
    const { parts, turn } = clock()
    const responses: http.ServerResponse[] = []
    let received = 0
    const { upstream } = await startUpstream(t, 'a', (request, response) => {
      request.on('data', (data: Buffer) => (received += data.length)).on('error', () => {})
      response.write('begun')
      responses.push(response)
    })
    const { port, control } = await serve(t, [upstream], { worldParts: parts })
    const client = new RawClient(t, port)
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`)
    await client.until('begun')
    client.send(chunk)
    // Before time is turned: what came after that would end the silence again.
    await eventually('both parts have arrived', () => received === 6)
    const [response] = responses
    assert.ok(response)
    const bad = async (): Promise<number | undefined> => (await control.observe()).counters[0]?.bad
    return { client, response, turn, bad }
  }

  it('may be silent for as long as the response may, and is cut off after that, which counts against no release', async (t) => {
    const { client, response, turn, bad } = await talk(t)
    await turn(200_000)
    response.write('more')
    await client.until('more')
    await turn(301_000)
    await client.end()
    assert.deepEqual([client.reset, await bad()], [true, 0])
  })

  it('leaves the response its own time when the body has ended', async (t) => {
    const { client, response, turn } = await talk(t)
    client.send('0\r\n\r\n')
    await eventually('the body has ended', () => response.req.complete)
    await turn(200_000)
    response.end('more')
    await client.until('more')
  })

  it('makes its upstream give up by its silence, which counts against no release', async (t) => {
    const { client, response, turn, bad } = await talk(t)
    await turn(20_000)
    response.destroy()
    await client.end()
    assert.deepEqual([client.reset, await bad()], [true, 0])
  })

  it('sees its upstream break, which counts against the release', async (t) => {
    const { client, response, bad } = await talk(t)
    response.destroy()
    await client.end()
    assert.deepEqual([client.reset, await bad()], [true, 1])
  })
})

describe('an upstream held back by its client', () => {
  it('is not taken for one that is silent', async (t) => {
    const { parts, turn } = clock()
    const upstream = await startEndless(t, 2 * heldBytesMax)
    const settings = { responseIdleTimeoutMs: 5_000 }
    const { port, control } = await serve(t, [upstream], { settings, worldParts: parts })
    const client = new RawClient(t, port)
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await read(client, 1)
    await turn(1)
    await turn(20_000)
    assert.equal((await control.observe()).counters[0]?.bad, 0)
    client.socket.resume()
    const received = await client.end()
    assert.equal(received.length - received.indexOf('\r\n\r\n') - 4, 2 * heldBytesMax)
  })
})

describe('an upstream slower than its client', () => {
  type Upload = {
    readonly client: RawClient
    readonly request: http.IncomingMessage
    readonly turn: (ms: number) => Promise<unknown>
    readonly bad: () => Promise<number | undefined>
  }

  /** A request whose body fills everything up to its upstream, which does not read it. */
  const upload = async (t: TestContext): Promise<Upload> => {
    const { parts, turn } = clock()
    const upstream = await startUpstream(t, 'a', (request, response) => {
      request.on('end', () => response.end('all of it')).on('error', () => {})
    })
    const { port, control } = await serve(t, [upstream.upstream], { worldParts: parts })
    const client = new RawClient(t, port)
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${4 * heldBytesMax}\r\n\r\n`)
    client.socket.write(Buffer.alloc(4 * heldBytesMax, 'x'))
    const request = await eventually('the request', () => upstream.requests[0])
    await settled(() => client.socket.bytesWritten - client.socket.writableLength)
    return { client, request, turn, bad: async () => (await control.observe()).counters[0]?.bad }
  }

  it('is not taken for a client that does not go on, nor for one that is stuck, while it takes something now and then', async (t) => {
    const { client, request, turn, bad } = await upload(t)
    for (let step = 0; step < 4; step += 1) {
      await turn(40_000)
      let taken = 0
      await eventually('the upstream takes something', () => {
        for (let piece = request.read(); piece; piece = request.read()) taken += piece.length
        return taken >= (2 * heldBytesMax) / 3
      })
    }
    request.resume()
    await client.until('all of it')
    assert.equal(await bad(), 0)
  })

  it('that takes nothing is answered for with 504, which counts against its release', async (t) => {
    const { client, turn, bad } = await upload(t)
    await turn(61_000)
    await eventually('it is over', async () => (await bad()) === 1)
    client.socket.destroy()
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
