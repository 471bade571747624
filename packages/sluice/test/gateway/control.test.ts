import assert from 'node:assert/strict'
import fs from 'node:fs'
import net from 'node:net'
import { once } from 'node:events'
import path from 'node:path'
import { describe, it } from 'node:test'
import { freePort } from '../free-port.ts'
import { Control, RawClient, arm, ask, eventually, makeRoute, serve, startGateway, startUpstream } from './harness.ts'

const name = { service: 'shop', environment: 'production' } as const

describe('the control socket', () => {
  it('is for this user only, says who is there, and answers what it does not understand', async (t) => {
    const { control, stateDir } = await startGateway(t)
    const socketFile = path.join(stateDir, 'gateway.sock')
    assert.deepEqual([fs.statSync(socketFile).mode & 0o777, fs.statSync(stateDir).mode & 0o777], [0o600, 0o700])
    const hello = await control.send({ kind: 'hello' })
    assert.deepEqual([hello.protocol, hello.pid], [1, process.pid])
    const raw = net.connect(socketFile).setEncoding('utf8')
    t.after(() => raw.destroy())
    const lines = ['not json', '{"id":7,"kind":"dance"}', '{"id":8,"kind":"set_route","route":{}}', '{"id":9}']
    raw.write(`${lines.join('\n')}\n`)
    let received = ''
    raw.on('data', (text) => (received += String(text)))
    await eventually('four answers', () => received.split('\n').length === 5)
    const answers = received
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(
      answers.map(({ id, ok, code }) => [id, ok, code]),
      [0, 7, 8, 9].map((id) => [id, false, 'usage_invalid']),
    )
    assert.match(answers[1].detail, /dance/)
  })

  it('drops a peer whose line never ends', async (t) => {
    const { control, stateDir } = await startGateway(t)
    const raw = net.connect(path.join(stateDir, 'gateway.sock'))
    raw.on('error', () => {})
    raw.write('x'.repeat(1_100_000))
    await eventually('it is dropped', () => raw.destroyed)
    assert.equal((await control.send({ kind: 'hello' })).protocol, 1)
  })

  it('is taken over from a dead gateway, and refused to a second one while the first lives', async (t) => {
    const { stateDir, stop } = await startGateway(t)
    await assert.rejects(startGateway(t, { stateDir }), { code: 'gateway_running' })
    await stop()
    const orphan = net.createServer().listen(path.join(stateDir, 'gateway.sock'))
    await once(orphan, 'listening')
    orphan.close()
    fs.writeFileSync(path.join(stateDir, 'gateway.sock'), 'left behind')
    const next = await startGateway(t, { stateDir })
    assert.equal((await next.control.send({ kind: 'hello' })).protocol, 1)
  })

  it('refuses a route that cannot serve', async (t) => {
    const { control, port } = await startGateway(t)
    const upstream = { instance: 'a', host: '127.0.0.1', port: 9 }
    for (const [arms, reason] of [
      [[arm('stable', 9_999, [upstream])], /sum to 9999/],
      [[arm('stable', 10_000, [])], /no upstream/],
    ] as const) {
      await assert.rejects(control.send({ kind: 'set_route', route: makeRoute(port, 1, { arms }) }), reason)
    }
    assert.equal(await control.send({ kind: 'observe', ...name }), null)
  })
})

describe('a fence', () => {
  it('lets the newest command win: an older one is refused, an equal one is a repetition that changes nothing', async (t) => {
    const [a, b] = [await startUpstream(t, 'a'), await startUpstream(t, 'b')]
    const { control, port } = await serve(t, [a.upstream])
    const set = (token: number, sequence: number, upstream = b.upstream): Promise<unknown> =>
      control.send({
        kind: 'set_route',
        route: makeRoute(port, sequence, { fence: { token, sequence }, arms: [arm('stable', 10_000, [upstream])] }),
      })
    await assert.rejects(set(1, 0), /^Error: fence_stale: .*\(1, 0\) is older than \(1, 1\)/)
    await set(1, 1)
    assert.equal((await ask(port)).body, 'a', 'an equal fence is the route that is there already')
    await set(1, 5)
    assert.equal((await ask(port)).body, 'b')
    await set(2, 0, a.upstream)
    assert.equal((await ask(port)).body, 'a')
    await assert.rejects(set(1, 99), /fence_stale/)
    await assert.rejects(
      control.send({ kind: 'pause', ...name, fence: { token: 1, sequence: 100 }, maxMs: 1_000 }),
      /fence_stale/,
    )
    await assert.rejects(
      control.send({ kind: 'remove_route', ...name, fence: { token: 1, sequence: 100 } }),
      /fence_stale/,
    )
    assert.equal((await ask(port)).body, 'a')
  })

  it('outlives the route: what comes late does not bring a removed route back', async (t) => {
    const { upstream } = await startUpstream(t, 'a')
    const { control, port, stateDir, stop } = await serve(t, [upstream])
    await control.send({ kind: 'remove_route', ...name, fence: { token: 1, sequence: 2 } })
    await control.send({ kind: 'remove_route', ...name, fence: { token: 1, sequence: 2 } })
    await assert.rejects(ask(port), /ECONNREFUSED/)
    const late = makeRoute(port, 1, { arms: [arm('stable', 10_000, [upstream])] })
    await assert.rejects(control.send({ kind: 'set_route', route: late }), /fence_stale/)
    await stop()
    const again = await startGateway(t, { stateDir })
    await assert.rejects(again.control.send({ kind: 'set_route', route: late }), /fence_stale/)
    assert.equal(await again.control.send({ kind: 'observe', ...name }), null)
  })

  it('is kept by each environment for itself', async (t) => {
    const { upstream } = await startUpstream(t, 'a')
    const { control } = await serve(t, [upstream], { route: { fence: { token: 9, sequence: 9 } } })
    const route = makeRoute(await freePort(), 1, { environment: 'staging', arms: [arm('stable', 10_000, [upstream])] })
    assert.equal((await control.send({ kind: 'set_route', route })).route.environment, 'staging')
  })
})

describe('the port of a route', () => {
  it('that somebody else has is refused by name, and traffic stays where it was', async (t) => {
    const { upstream } = await startUpstream(t, 'a')
    const { control, port } = await serve(t, [upstream])
    const taken = net.createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    t.after(() => taken.close())
    const { port: other } = taken.address() as net.AddressInfo
    const move = (to: number, sequence: number): Promise<unknown> =>
      control.send({ kind: 'set_route', route: makeRoute(to, sequence, { arms: [arm('stable', 10_000, [upstream])] }) })
    await assert.rejects(move(other, 2), /^Error: port_in_use: 127.0.0.1:\d+ is in use/)
    assert.equal((await ask(port)).body, 'a')
    const second = await startGateway(t)
    const clash = makeRoute(port, 1, { arms: [arm('stable', 10_000, [upstream])] })
    await assert.rejects(
      second.control.send({ kind: 'set_route', route: clash }),
      /port_in_use/,
      'also when it is another gateway of this user',
    )
    const free = await freePort()
    await move(free, 2)
    assert.equal((await ask(free)).body, 'a')
    await eventually('the old port is closed', () =>
      ask(port).then(
        () => false,
        () => true,
      ),
    )
  })
})

describe('pause', () => {
  it('holds requests until resume, then lets all go on in order', async (t) => {
    const order: string[] = []
    const { upstream } = await startUpstream(t, 'a', (request, response) => {
      order.push(request.url ?? '')
      response.end('ok')
    })
    const { control, port } = await serve(t, [upstream])
    assert.deepEqual(await control.send({ kind: 'pause', ...name, fence: { token: 1, sequence: 2 }, maxMs: 5_000 }), {
      paused: true,
    })
    const clients = Array.from({ length: 8 }, (_, index) => {
      const client = new RawClient(t, port)
      client.send(`POST /${index} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi`)
      return client
    })
    const gone = new RawClient(t, port)
    gone.send('GET /gone HTTP/1.1\r\nHost: a\r\n\r\n')
    gone.socket.end()
    await gone.end()
    assert.equal((await control.observe()).paused, true)
    assert.equal(order.length, 0)
    assert.deepEqual(await control.send({ kind: 'resume', ...name, fence: { token: 1, sequence: 3 } }), {
      paused: false,
    })
    for (const client of clients) await client.until('ok')
    assert.equal(order.includes('/gone'), false)
    assert.equal(order.length, 8)
    await assert.rejects(
      control.send({ kind: 'pause', ...name, fence: { token: 1, sequence: 2 }, maxMs: 5_000 }),
      /fence_stale/,
    )
  })

  it('ends by itself, and refuses with 503 what does not fit in its queue', async (t) => {
    const { upstream } = await startUpstream(t, 'a')
    const { control, port } = await serve(t, [upstream], { settings: { pauseQueueMax: 3 } })
    await control.send({ kind: 'pause', ...name, fence: { token: 1, sequence: 2 }, maxMs: 300 })
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(port)))
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted((a, b) => a - b),
      [200, 200, 200, 503, 503],
    )
    assert.equal((await control.observe()).paused, false)
    assert.equal((await control.observe()).counters[0]?.bad, 0)
  })

  it('lasts over a change of the route, and what waited goes where the new route says', async (t) => {
    const [a, b] = [await startUpstream(t, 'a'), await startUpstream(t, 'b')]
    const { control, port } = await serve(t, [a.upstream])
    await control.send({ kind: 'pause', ...name, fence: { token: 1, sequence: 2 }, maxMs: 5_000 })
    const waiting = ask(port)
    await control.send({
      kind: 'set_route',
      route: makeRoute(port, 3, { arms: [arm('stable', 10_000, [b.upstream])] }),
    })
    assert.equal((await control.observe()).paused, true)
    await control.send({ kind: 'resume', ...name, fence: { token: 1, sequence: 4 } })
    assert.equal((await waiting).body, 'b')
  })
})

describe('drain', () => {
  it('answers when the last request to the upstream has ended, and refuses an upstream that still serves', async (t) => {
    let finish: () => void = () => {}
    const old = await startUpstream(t, 'old', (_, response) => {
      response.write('begun ')
      finish = () => response.end('ended')
    })
    const next = await startUpstream(t, 'next')
    const { control, port } = await serve(t, [old.upstream])
    const drain = (deadlineMs: number): Promise<{ inFlight: number }> =>
      control.send({ kind: 'drain', ...name, upstreams: [old.upstream], deadlineMs })
    const client = new RawClient(t, port)
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await client.until('begun')
    await assert.rejects(drain(1_000), /^Error: retire_refused: .*arm stable still has 100 %/)
    await control.send({
      kind: 'set_route',
      route: makeRoute(port, 2, { arms: [arm('stable', 10_000, [next.upstream])] }),
    })
    assert.deepEqual(await drain(30), { inFlight: 1 }, 'the deadline says what is left')
    const drained = drain(5_000)
    assert.equal((await ask(port)).body, 'next')
    finish()
    assert.deepEqual(await drained, { inFlight: 0 })
    await client.until('ended')
    assert.deepEqual(await drain(1_000), { inFlight: 0 }, 'again is the same')
    await eventually(
      'its idle connections are closed',
      () => new Promise<boolean>((resolve) => old.server.getConnections((_, count) => resolve(count === 0))),
    )
  })
})

describe('notices', () => {
  it('come only to those who subscribed', async (t) => {
    const { upstream } = await startUpstream(t, 'a')
    const gone = { instance: 'gone', host: '127.0.0.1', port: await freePort() }
    const health = {
      path: '/',
      intervalMs: 10,
      timeoutMs: 500,
      healthyAfter: 1,
      unhealthyAfter: 1,
      startTimeoutMs: 1_000,
    }
    const { control, stateDir } = await serve(t, [upstream, gone], { route: { health } })
    const second = new Control(path.join(stateDir, 'gateway.sock'))
    t.after(() => second.close())
    await second.send({ kind: 'subscribe' })
    await control.send({
      kind: 'set_route',
      route: makeRoute((await control.observe()).route.listen.port, 2, {
        health,
        arms: [arm('stable', 10_000, [upstream, { ...gone, instance: 'gone-2' }])],
      }),
    })
    await eventually('the notice', () =>
      second.notices.some((notice) => notice.kind === 'upstream_health' && notice.instance === 'gone-2'),
    )
    assert.deepEqual(control.notices, [])
  })
})
