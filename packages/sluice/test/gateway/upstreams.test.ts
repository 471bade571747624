import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { describe, it } from 'node:test'
import { RawClient, arm, ask, eventually, makeRoute, serve, startGateway, startRaw, startUpstream } from './harness.ts'
import { freePort } from '../free-port.ts'
import type { Upstream } from '../../src/core/routing.ts'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const dead = async (name: string): Promise<Upstream> => ({ instance: name, host: '127.0.0.1', port: await freePort() })

/** Answers the first request of each connection and breaks the connection at the second, as an upstream that is being stopped may. */
const startLeaving = (t: Parameters<typeof startRaw>[0], seen: string[]): Promise<Upstream> =>
  startRaw(t, 'leaving', (socket: Socket) => {
    let requests = 0
    socket.on('data', (bytes) => {
      if (String(bytes).includes('sluice-probe')) return socket.end(ok)
      requests += 1
      seen.push(String(bytes).split(' ', 1)[0] ?? '')
      if (requests > 1) return socket.resetAndDestroy()
      return socket.write(ok)
    })
  })

describe('a request that no upstream has begun', () => {
  it('goes to another upstream of the arm when a connection is refused, and nothing counts as bad', async (t) => {
    const { upstream } = await startUpstream(t, 'alive')
    const { port, control } = await serve(t, [await dead('dead'), upstream])
    for (let count = 0; count < 20; count += 1)
      assert.equal((await ask(port, { method: 'POST', body: 'x' })).body, 'alive')
    assert.deepEqual(
      (await control.observe()).counters.map(({ requests, bad }) => [requests, bad]),
      [[20, 0]],
    )
  })

  it('is sent again on a new connection when a used one breaks before any answer, if it may be repeated', async (t) => {
    const seen: string[] = []
    const { port, control } = await serve(t, [await startLeaving(t, seen)])
    for (let count = 0; count < 6; count += 1) assert.equal((await ask(port)).status, 200)
    assert.ok(seen.length > 6, 'some went out twice')
    assert.equal((await control.observe()).counters[0]?.bad, 0)
  })

  it('goes where the route leads by then, when its upstream leaves meanwhile', async (t) => {
    const sockets: Socket[] = []
    const leaving = await startRaw(t, 'leaving', (socket) =>
      socket.on('data', (bytes) => {
        if (String(bytes).startsWith('GET /second')) sockets.push(socket)
        else socket.write(ok)
      }),
    )
    const { upstream } = await startUpstream(t, 'next')
    const { port, control } = await serve(t, [leaving])
    assert.equal((await ask(port)).body, 'ok')
    const second = ask(port, { path: '/second' })
    await eventually('it is on its way', () => sockets.length === 1)
    await control.send({ kind: 'set_route', route: makeRoute(port, 2, { arms: [arm('stable', 10_000, [upstream])] }) })
    sockets[0]?.resetAndDestroy()
    assert.equal((await second).body, 'next')
    assert.equal((await control.observe()).counters[0]?.bad, 0)
  })

  it('is never sent twice when it might have been begun: a POST, or a first request on a connection', async (t) => {
    const seen: string[] = []
    const { port, control } = await serve(t, [await startLeaving(t, seen)])
    assert.equal((await ask(port)).status, 200)
    assert.equal((await ask(port, { method: 'POST', body: 'x' })).status, 502)
    assert.deepEqual(seen, ['GET', 'POST'])
    const breaking = await startRaw(t, 'breaking', (socket) =>
      socket.once('data', (bytes) => {
        if (!String(bytes).includes('sluice-probe')) seen.push('first')
        socket.resetAndDestroy()
      }),
    )
    await control.send({ kind: 'set_route', route: makeRoute(port, 2, { arms: [arm('stable', 10_000, [breaking])] }) })
    assert.equal((await ask(port)).status, 502)
    assert.deepEqual(seen, ['GET', 'POST', 'first'])
  })

  it('takes no connection that has rested for a while, when it may not be repeated', async (t) => {
    const seen: string[] = []
    const { port } = await serve(t, [await startLeaving(t, seen)], { settings: { unsafeReuseMsMax: -1 } })
    for (let count = 0; count < 4; count += 1)
      assert.equal((await ask(port, { method: 'POST', body: 'x' })).status, 200)
  })

  it('goes to stable when no upstream of the candidate accepts it; that is bad for the candidate, not for the user', async (t) => {
    const { upstream } = await startUpstream(t, 'stable')
    const arms = [arm('stable', 0, [upstream]), arm('candidate', 10_000, [await dead('candidate')])]
    const { port, control } = await serve(t, [], { route: { arms } })
    for (let count = 0; count < 5; count += 1)
      assert.equal((await ask(port, { method: 'POST', body: 'x' })).body, 'stable')
    const { counters } = await control.observe()
    assert.deepEqual(
      counters.map(({ requests, bad }) => [requests, bad]),
      [
        [5, 0],
        [5, 5],
      ],
    )
  })

  it('never goes from stable to the candidate', async (t) => {
    const { upstream, requests } = await startUpstream(t, 'candidate')
    const arms = [arm('stable', 10_000, [await dead('stable')]), arm('candidate', 0, [upstream])]
    const { port, control } = await serve(t, [], { route: { arms } })
    assert.equal((await ask(port)).status, 502)
    assert.equal(requests.length, 0)
    assert.equal((await control.observe()).counters[0]?.bad, 1)
  })

  it('waits where no release serves, and gets 503 when none comes', async (t) => {
    const { port } = await serve(t, [], { route: { arms: [] }, settings: { emptyHoldMs: 100 } })
    assert.equal((await ask(port)).status, 503)
  })
})

describe('an upstream that takes too long', () => {
  it('is answered for with 504, which counts as bad', async (t) => {
    const upstream = await startRaw(t, 'silent', () => {})
    const { port, control } = await serve(t, [upstream], { settings: { responseTimeoutMs: 100 } })
    assert.equal((await ask(port)).status, 504)
    assert.deepEqual(
      (await control.observe()).counters.map(({ requests, bad, inFlight }) => [requests, bad, inFlight]),
      [[1, 1, 0]],
    )
  })

  it('in the middle of a body breaks the connection, which counts as bad', async (t) => {
    const upstream = await startRaw(t, 'stuck', (socket) =>
      socket.once('data', () => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf')),
    )
    const { port, control } = await serve(t, [upstream], { settings: { responseIdleTimeoutMs: 100 } })
    await assert.rejects(ask(port))
    assert.equal((await control.observe()).counters[0]?.bad, 1)
  })
})

describe('the load of an arm', () => {
  it('goes to the upstream with the least in flight', async (t) => {
    let release: () => void = () => {}
    const slow = await startUpstream(t, 'slow', (_, response) => void (release = () => response.end('slow')))
    const quick = await startUpstream(t, 'quick')
    const { port } = await serve(t, [slow.upstream, quick.upstream])
    const first = ask(port)
    const second = ask(port)
    await eventually('the slow one has a request', () => slow.requests.length === 1)
    for (let count = 0; count < 6; count += 1) assert.equal((await ask(port)).body, 'quick')
    release()
    assert.deepEqual(new Set((await Promise.all([first, second])).map(({ body }) => body)), new Set(['slow', 'quick']))
  })

  it('is spread evenly when nothing is in flight', async (t) => {
    const upstreams = await Promise.all(['a', 'b', 'c'].map((name) => startUpstream(t, name)))
    const { port } = await serve(
      t,
      upstreams.map(({ upstream }) => upstream),
    )
    for (let count = 0; count < 30; count += 1) await ask(port)
    assert.deepEqual(
      upstreams.map(({ requests }) => requests.length),
      [10, 10, 10],
    )
  })
})

describe('the health of an upstream', () => {
  it('is watched: a sick one gets no requests until it is well again, and both are told', async (t) => {
    let sick = false
    const flaky = await startRaw(t, 'flaky', (socket) =>
      socket.on('data', (bytes) => {
        const probe = String(bytes).includes('sluice-probe')
        if (probe && sick) socket.end('HTTP/1.1 500 Sick\r\nContent-Length: 0\r\n\r\n')
        else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nflaky`)
      }),
    )
    const { upstream } = await startUpstream(t, 'well')
    const health = {
      path: '/health',
      intervalMs: 10,
      timeoutMs: 500,
      healthyAfter: 2,
      unhealthyAfter: 2,
      startTimeoutMs: 1_000,
    }
    const { port, control } = await serve(t, [flaky, upstream], { route: { health } })
    await control.send({ kind: 'subscribe' })
    sick = true
    const last = (): boolean | null => {
      const notice = control.notices.at(-1)
      return notice?.kind === 'upstream_health' && notice.instance === 'flaky' ? notice.healthy : null
    }
    await eventually('it is found sick', () => last() === false)
    for (let count = 0; count < 6; count += 1) assert.equal((await ask(port)).body, 'well')
    sick = false
    await eventually('it is found well', () => last() === true)
    await eventually('it serves again', async () => (await ask(port)).body === 'flaky')
  })

  it('does not matter when all are sick: they are asked anyway', async (t) => {
    const sick = await startRaw(t, 'sick', (socket) =>
      socket.on(
        'data',
        (bytes) =>
          void socket.write(
            String(bytes).includes('sluice-probe') ? 'HTTP/1.1 500 Sick\r\nContent-Length: 0\r\n\r\n' : ok,
          ),
      ),
    )
    const health = {
      path: '/health',
      intervalMs: 10,
      timeoutMs: 500,
      healthyAfter: 1,
      unhealthyAfter: 1,
      startTimeoutMs: 1_000,
    }
    const { port, control } = await serve(t, [sick], { route: { health } })
    await control.send({ kind: 'subscribe' })
    await eventually('it is found sick', () => control.notices.length > 0)
    assert.equal((await ask(port)).body, 'ok')
  })
})

describe('a probe', () => {
  it('gives a receipt for each upstream: so many good answers in a row, or what the last answer was', async (t) => {
    const counts = { flaky: 0 }
    const good = await startUpstream(t, 'good')
    const flaky = await startRaw(t, 'flaky', (socket) =>
      socket.on('data', () => {
        counts.flaky += 1
        socket.end(`HTTP/1.1 ${counts.flaky === 2 ? '503 Busy' : '200 OK'}\r\nContent-Length: 0\r\n\r\n`)
      }),
    )
    const gone = await dead('gone')
    const { control } = await startGateway(t)
    const health = {
      path: '/health',
      intervalMs: 10,
      timeoutMs: 200,
      healthyAfter: 1,
      unhealthyAfter: 1,
      startTimeoutMs: 1_000,
    }
    const { receipts } = await control.send({
      kind: 'probe',
      upstreams: [good.upstream, flaky, gone],
      health,
      successes: 3,
      deadlineMs: 400,
    })
    assert.deepEqual(receipts, [
      { instance: 'good', healthy: true, successes: 3, last: '200' },
      { instance: 'flaky', healthy: true, successes: 3, last: '200' },
      { instance: 'gone', healthy: false, successes: 0, last: 'ECONNREFUSED' },
    ])
    assert.equal(counts.flaky, 5)
  })

  it('that needs only some does not wait for one that hangs, and says how it stands', async (t) => {
    const good = await startUpstream(t, 'good')
    const hanging = await startRaw(t, 'hanging', () => {})
    const { control } = await startGateway(t)
    const health = {
      path: '/health',
      intervalMs: 10,
      timeoutMs: 20_000,
      healthyAfter: 1,
      unhealthyAfter: 1,
      startTimeoutMs: 60_000,
    }
    const startedAt = performance.now()
    const { receipts } = await control.send({
      kind: 'probe',
      upstreams: [hanging, good.upstream],
      health,
      successes: 2,
      deadlineMs: 60_000,
      enough: { count: 1, graceMs: 50 },
    })
    assert.deepEqual(
      receipts.map(({ instance, healthy, successes }) => ({ instance, healthy, successes })),
      [
        { instance: 'hanging', healthy: false, successes: 0 },
        { instance: 'good', healthy: true, successes: 2 },
      ],
    )
    assert.ok(performance.now() - startedAt < 10_000)
  })
})

describe('a tunnel', () => {
  const echo = (t: Parameters<typeof startRaw>[0]): Promise<Upstream> =>
    startRaw(t, 'echo', (socket) => {
      let open = false
      socket.on('data', (bytes) => {
        const text = String(bytes)
        if (text.includes('sluice-probe')) return socket.end(ok)
        if (open) return socket.write(`echo ${text}`)
        open = true
        assert.match(text, /connection: upgrade\r\nupgrade: websocket/i)
        return socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\nwelcome',
        )
      })
    })
  const upgrade =
    'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n'

  it('carries bytes both ways after the switch, and counts as in flight', async (t) => {
    const { port, control } = await serve(t, [await echo(t)])
    const client = new RawClient(t, port)
    client.send(upgrade)
    assert.match(await client.until('welcome'), /^HTTP\/1.1 101 .*upgrade: websocket/is)
    client.send('one')
    await client.until('echo one')
    assert.equal((await control.observe()).counters[0]?.inFlight, 1)
    client.socket.destroy()
    await eventually('it is over', async () => (await control.observe()).counters[0]?.inFlight === 0)
  })

  it('gives its upstream all that the client sent before it hung up, also when the upstream goes on talking', async (t) => {
    const total = 24 * 1_048_576
    let received = 0
    let isOver = false
    const chatty = await startRaw(t, 'chatty', (socket) => {
      socket.once('data', (head) => {
        if (String(head).includes('sluice-probe')) return socket.end(ok)
        socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n')
        const talk = setInterval(() => socket.write('x'), 1)
        // Slower than the client, so that something is always on its way.
        socket.on('data', (bytes) => {
          received += bytes.length
          socket.pause()
          setImmediate(() => socket.resume())
        })
        return socket.on('close', () => {
          clearInterval(talk)
          isOver = true
        })
      })
    })
    const { port } = await serve(t, [chatty])
    const client = new RawClient(t, port)
    client.send(upgrade)
    await client.until('101')
    client.socket.end(Buffer.alloc(total, 'x'))
    await eventually('the upstream hears of the end', () => isOver)
    await client.end()
    assert.deepEqual([received, client.reset], [total, false])
  })

  it('drains: it stays while it talks, and is closed once idle', async (t) => {
    const upstream = await echo(t)
    const next = await startUpstream(t, 'next')
    const { port, control } = await serve(t, [upstream], { settings: { tunnelDrainIdleMs: 150 } })
    const client = new RawClient(t, port)
    client.send(upgrade)
    await client.until('welcome')
    await control.send({
      kind: 'set_route',
      route: makeRoute(port, 2, { arms: [arm('stable', 10_000, [next.upstream])] }),
    })
    const drained = control.send({
      kind: 'drain',
      service: 'shop',
      environment: 'production',
      upstreams: [upstream],
      deadlineMs: 5_000,
    })
    for (let count = 0; count < 6; count += 1) {
      client.send(`ping ${count}`)
      await client.until(`echo ping ${count}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    assert.equal(client.closed, false)
    assert.deepEqual(await drained, { inFlight: 0 })
    await client.end()
  })

  it('is closed at its greatest age while it drains, idle or not', async (t) => {
    const upstream = await echo(t)
    const { port, control } = await serve(t, [upstream], { settings: { tunnelDrainAgeMsMax: 150 } })
    const client = new RawClient(t, port)
    client.send(upgrade)
    await client.until('welcome')
    const talk = setInterval(() => client.send('x'), 10)
    t.after(() => clearInterval(talk))
    await control.send({ kind: 'set_route', route: makeRoute(port, 2) })
    await client.end()
  })

  it('that the upstream declines is an ordinary response, after which the connection is closed', async (t) => {
    const { upstream } = await startUpstream(t, 'no', (_, response) => response.writeHead(403).end('no'))
    const { port } = await serve(t, [upstream])
    const client = new RawClient(t, port)
    client.send(`${upgrade}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`)
    assert.match(await client.end(), /^HTTP\/1.1 403 .*\r\nno\r\n0\r\n\r\n$/s)
  })
})
