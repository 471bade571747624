import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../free-port.ts'
import type { Route } from '../../src/core/routing.ts'
import { DataPlane } from '../../src/gateway/data/data-plane.ts'
import { readRoutes } from '../../src/gateway/routes/route-file.ts'
import { RouteTable } from '../../src/gateway/routes/route-table.ts'
import { defaultSettings } from '../../src/gateway/settings.ts'
import { realWorld } from '../../src/gateway/world.ts'
import {
  Control,
  RawClient,
  arm,
  ask,
  atEnd,
  eventually,
  kill,
  makeRoute,
  replaceGateway,
  rollout,
  serve,
  spawnGateway,
  startGateway,
  startUpstream,
  stateFolder,
  tripwire,
  type TestGateway,
} from './harness.ts'

const routeFile = (stateDir: string): string => path.join(stateDir, 'routes', 'shop@production.json')

describe('a gateway that is killed', () => {
  it('serves again from its snapshot before anyone tells it anything, with its fence, its counts and its evidence', async (t) => {
    const stable = await startUpstream(t, 'stable')
    const candidate = await startUpstream(t, 'candidate', (_, response) => response.writeHead(500).end())
    const stateDir = stateFolder(t)
    const port = await freePort()
    const first = await spawnGateway(t, stateDir)
    const policy = { ...tripwire.policy, alpha: 1e-9 }
    const arms = [arm('stable', 5_000, [stable.upstream]), arm('candidate', 5_000, [candidate.upstream])]
    await first.control.send({
      kind: 'set_route',
      route: makeRoute(port, 7, { arms, tripwire: { rollout, policy }, sticky: { kind: 'header', name: 'x-user' } }),
    })
    for (let user = 0; user < 40; user += 1) await ask(port, { headers: { 'x-user': `user-${user % 20}` } })
    const before = await first.control.observe()
    await eventually('the evidence is written', () => {
      const file = path.join(stateDir, 'routes', 'shop@production.evidence')
      return (
        fs.existsSync(file) &&
        JSON.parse(fs.readFileSync(file, 'utf8')).tallies.reduce(
          (sum: number, { requests }: { requests: number }) => sum + requests,
          0,
        ) === 40
      )
    })
    await kill(first.child)
    await assert.rejects(ask(port), /ECONNREFUSED/)
    const second = await spawnGateway(t, stateDir)
    const after = await second.control.observe()
    assert.deepEqual({ ...after, observedAt: 0 }, { ...before, observedAt: 0 })
    assert.ok((before.logE ?? 0) > 0)
    for (let user = 0; user < 20; user += 1) await ask(port, { headers: { 'x-user': `user-${user}` } })
    assert.equal((await second.control.observe()).logE, before.logE, 'who was counted before is not counted again')
    await assert.rejects(second.control.send({ kind: 'set_route', route: makeRoute(port, 6, { arms }) }), /fence_stale/)
  })

  it('remembers a cut, though it was killed in the moment of the cut', async (t) => {
    const stable = await startUpstream(t, 'stable')
    const candidate = await startUpstream(t, 'candidate', (_, response) => response.writeHead(500).end())
    const stateDir = stateFolder(t)
    const port = await freePort()
    const first = await spawnGateway(t, stateDir)
    const arms = [arm('stable', 9_000, [stable.upstream]), arm('candidate', 1_000, [candidate.upstream])]
    await first.control.send({ kind: 'set_route', route: makeRoute(port, 1, { arms, tripwire }) })
    await first.control.send({ kind: 'subscribe' })
    first.control.socket.once('data', () => first.child.kill('SIGKILL'))
    await eventually('the cut', () =>
      ask(port).then(
        () => first.child.exitCode !== null || first.child.killed,
        () => true,
      ),
    )
    await eventually('the end', () => first.child.signalCode !== null)
    const second = await spawnGateway(t, stateDir)
    const { trip, route } = await second.control.observe()
    assert.deepEqual([trip?.rollout, route.arms.map(({ shareBp }) => shareBp)], [rollout, [10_000, 0]])
    await assert.rejects(
      second.control.send({ kind: 'set_route', route: makeRoute(port, 2, { arms, tripwire }) }),
      /gateway_tripped/,
    )
  })

  it('answers the first request soon after it is started again', async (t) => {
    const stable = await startUpstream(t, 'stable')
    const stateDir = stateFolder(t)
    const port = await freePort()
    const first = await spawnGateway(t, stateDir)
    await first.control.send({
      kind: 'set_route',
      route: makeRoute(port, 1, { arms: [arm('stable', 10_000, [stable.upstream])] }),
    })
    await kill(first.child)
    const from = performance.now()
    const second = spawnGateway(t, stateDir)
    await eventually('an answer', () =>
      ask(port).then(
        ({ body }) => body === 'stable',
        () => false,
      ),
    )
    const tookMs = performance.now() - from
    await second
    // The target is 300 ms on a quiet machine (torture:kill measures it); here the machine is shared with other tests.
    assert.ok(tookMs < 3_000, `${tookMs} ms`)
    t.diagnostic(`serving again after ${Math.round(tookMs)} ms`)
  })
})

describe('a damaged snapshot', () => {
  const damages: readonly (readonly [string, (text: string) => string])[] = [
    ['cut short', (text) => text.slice(0, text.length / 2)],
    ['emptied', () => ''],
    ['changed in one byte', (text) => text.replace('"shareBp":10000', '"shareBp":10001')],
    ['overwritten with zeros', (text) => '\0'.repeat(text.length)],
  ]
  for (const [name, damage] of damages) {
    it(`${name} makes the gateway serve the generation before, and say so`, async (t) => {
      const [a, b] = [await startUpstream(t, 'a'), await startUpstream(t, 'b')]
      const first = await serve(t, [a.upstream])
      await first.control.send({
        kind: 'set_route',
        route: makeRoute(first.port, 2, { arms: [arm('stable', 10_000, [b.upstream])] }),
      })
      await first.stop()
      const file = routeFile(first.stateDir)
      fs.writeFileSync(file, damage(fs.readFileSync(file, 'utf8')))
      const second = await startGateway(t, { stateDir: first.stateDir, port: first.port })
      assert.equal((await ask(second.port)).body, 'a')
      const said = second.logs.find(({ event }) => event === 'route_file_damaged')
      assert.deepEqual(
        [said?.level, said?.['code'], said?.['using']],
        ['error', 'store_corrupt', 'the previous generation'],
      )
      assert.ok(fs.existsSync(`${file}.damaged`))
      await second.control.send({
        kind: 'set_route',
        route: makeRoute(second.port, 2, { arms: [arm('stable', 10_000, [b.upstream])] }),
      })
      assert.equal((await ask(second.port)).body, 'b')
    })
  }

  it('with nothing to fall back on is said aloud, the other routes serve, and a new route mends it', async (t) => {
    const { upstream } = await startUpstream(t, 'a')
    const first = await serve(t, [upstream])
    const staging = makeRoute(await freePort(), 1, {
      environment: 'staging',
      arms: [arm('stable', 10_000, [upstream])],
    })
    await first.control.send({ kind: 'set_route', route: staging })
    await first.stop()
    for (const file of [routeFile(first.stateDir), `${routeFile(first.stateDir)}.previous`]) fs.writeFileSync(file, 'x')
    const second = await startGateway(t, { stateDir: first.stateDir })
    assert.match(String(second.logs.find(({ event }) => event === 'route_file_damaged')?.['using']), /^nothing: /)
    assert.equal((await ask(staging.listen.port)).body, 'a')
    await second.control.send({
      kind: 'set_route',
      route: makeRoute(first.port, 1, { arms: [arm('stable', 10_000, [upstream])] }),
    })
    assert.equal((await ask(first.port)).body, 'a')
  })

  it('of counts and evidence only makes the counting begin anew', async (t) => {
    const { upstream } = await startUpstream(t, 'a')
    const first = await serve(t, [upstream])
    await ask(first.port)
    await first.stop()
    fs.writeFileSync(path.join(first.stateDir, 'routes', 'shop@production.evidence'), '{"format":1,')
    const second = await startGateway(t, { stateDir: first.stateDir })
    assert.equal((await second.control.observe()).counters[0]?.requests, 0)
    assert.equal((await ask(first.port)).body, 'a')
  })
})

describe('a cut that comes while the disk is busy with another record', () => {
  it('is on disk from then on, and the other change comes on top of it', async (t) => {
    const world = { ...realWorld(), log: () => {} }
    const plane = new DataPlane(world, defaultSettings)
    atEnd(t, () => plane.stop())
    const folder = stateFolder(t)
    const table = new RouteTable({ plane, folder, notify: () => {}, listenersChanged: () => Promise.resolve() })
    atEnd(t, () => table.stopListening())
    const upstream = { instance: 'a', host: '127.0.0.1', port: await freePort() }
    const arms = [arm('stable', 9_000, [upstream]), arm('candidate', 1_000, [upstream])]
    const route = makeRoute(await freePort(), 1, { arms, tripwire })
    await table.set(route)
    const units = { units: 9, badUnits: 9 }
    const trip = { rollout, at: 1, logE: 5, candidate: units, stable: units, shareBp: 1_000 }
    const paused = table.pause(route, { token: 1, sequence: 2 }, 60_000)
    while (!fs.existsSync(path.join(folder, 'shop@production.json.new'))) await turn()
    table.find(route)?.cut(trip)
    let [record] = readRoutes(folder, world)
    while (record?.fence.sequence === 1) {
      assert.deepEqual(record.tripped, [rollout])
      await turn()
      ;[record] = readRoutes(folder, world)
    }
    assert.deepEqual([record?.tripped, record?.fence.sequence], [[rollout], 2])
    await paused
    table.find(route)?.gate.resume()
  })
})

describe('a route that cannot be written', () => {
  it('is refused, and traffic stays where it was', async (t) => {
    const [a, b] = [await startUpstream(t, 'a'), await startUpstream(t, 'b')]
    const { control, port, stateDir } = await serve(t, [a.upstream])
    const folder = path.join(stateDir, 'routes')
    fs.renameSync(folder, `${folder}.away`)
    const route = makeRoute(port, 2, { arms: [arm('stable', 10_000, [b.upstream])] })
    await assert.rejects(control.send({ kind: 'set_route', route }), /^Error: store_failed: /)
    assert.equal((await ask(port)).body, 'a')
    fs.renameSync(`${folder}.away`, folder)
    await control.send({ kind: 'set_route', route })
    assert.equal((await ask(port)).body, 'b')
  })
})

describe('a port that is taken at the start', () => {
  type Squatted = { readonly second: TestGateway; readonly port: number; readonly leave: () => void }

  const squatted = async (t: TestContext): Promise<Squatted> => {
    const { upstream } = await startUpstream(t, 'a')
    const first = await serve(t, [upstream])
    await first.stop()
    const squatter = http.createServer((_, response) => response.end('squatter')).listen(first.port, '127.0.0.1')
    const leave = (): void => {
      squatter.closeAllConnections()
      squatter.close()
    }
    atEnd(t, leave)
    await once(squatter, 'listening')
    const second = await startGateway(t, { stateDir: first.stateDir, settings: { portRetryMs: 20 } })
    assert.ok(second.logs.some(({ event, level }) => event === 'route_not_listening' && level === 'error'))
    return { second, port: first.port, leave }
  }

  it('is waited for, while the other routes serve', async (t) => {
    const { port, leave } = await squatted(t)
    leave()
    await eventually('the route listens', () =>
      ask(port).then(
        ({ body }) => body === 'a',
        () => false,
      ),
    )
  })

  it('is not taken by a gateway that has stopped meanwhile', async (t) => {
    const { second, port, leave } = await squatted(t)
    await second.stop()
    leave()
    await sleep(100)
    await assert.rejects(ask(port), { code: 'ECONNREFUSED' })
  })
})

describe('SIGTERM', () => {
  it('stops accepting, lets what is in flight end, and exits 0', async (t) => {
    let finish: () => void = () => {}
    const { upstream } = await startUpstream(t, 'a', (request, response) => {
      if (request.url !== '/slow') return void response.end('a')
      response.write('begun ')
      finish = () => response.end('ended')
    })
    const stateDir = stateFolder(t)
    const port = await freePort()
    const gateway = await spawnGateway(t, stateDir)
    await gateway.control.send({
      kind: 'set_route',
      route: makeRoute(port, 1, { arms: [arm('stable', 10_000, [upstream])] }),
    })
    const client = new RawClient(t, port)
    client.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n')
    await client.until('begun')
    const idle = new RawClient(t, port)
    gateway.child.kill('SIGTERM')
    await eventually('it stops accepting', () =>
      ask(port).then(
        () => false,
        () => true,
      ),
    )
    await idle.end()
    finish()
    assert.match(await client.end(), /ended/)
    await eventually('it exits', () => gateway.child.exitCode === 0)
    assert.equal(fs.existsSync(path.join(stateDir, 'gateway.sock')), false)
  })
})

describe('a successor', () => {
  const route = (port: number, upstream: Route['arms'][number]['upstreams'][number]): Route =>
    makeRoute(port, 1, { arms: [arm('stable', 10_000, [upstream])] })

  it('takes over without one failed request: new connections, kept ones, and one in flight', async (t) => {
    let finish: () => void = () => {}
    const { upstream } = await startUpstream(t, 'a', (request, response) => {
      if (request.url !== '/slow') return void response.end('a')
      response.write('begun ')
      finish = () => response.end('ended')
    })
    const stateDir = stateFolder(t)
    const port = await freePort()
    const first = await spawnGateway(t, stateDir)
    await first.control.send({ kind: 'set_route', route: route(port, upstream) })
    const slow = new RawClient(t, port)
    slow.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n')
    await slow.until('begun')
    const agent = new http.Agent({ keepAlive: true, maxSockets: 8 })
    atEnd(t, () => agent.destroy())
    const stop = new AbortController()
    atEnd(t, () => stop.abort())
    let served = 0
    const failures: unknown[] = []
    const load = Array.from({ length: 8 }, async (_, worker) => {
      while (!stop.signal.aborted) {
        await ask(port, { agent: worker < 4 ? agent : false }).then(
          () => (served += 1),
          (error: unknown) => failures.push(error),
        )
      }
    })
    await eventually('load', () => served > 100)
    const pid = await replaceGateway(t, stateDir)
    assert.notEqual(pid, first.child.pid)
    const from = served
    await eventually('more load', () => served > from + 300)
    finish()
    await slow.until('ended')
    stop.abort()
    await Promise.all(load)
    assert.deepEqual(failures, [])
    agent.destroy()
    slow.socket.destroy()
    await eventually('the first exits', () => first.child.exitCode === 0)
    assert.equal((await ask(port)).body, 'a')
    const control = new Control(path.join(stateDir, 'gateway.sock'))
    atEnd(t, () => control.close())
    assert.deepEqual(
      [(await control.send({ kind: 'hello' })).pid, (await control.observe()).route.listen.port],
      [pid, port],
    )
  })

  it('that does not come to serve changes nothing', async (t) => {
    const { upstream } = await startUpstream(t, 'a')
    const { control, port, stateDir } = await serve(t, [upstream])
    const handOver = (script: string): Promise<unknown> =>
      control.send({ kind: 'hand_over', command: [process.execPath, '-e', script] })
    await assert.rejects(handOver('process.exit(3)'), /^Error: gateway_unreachable: the successor ended with 3; /)
    const late =
      "process.send({ kind: 'ready' }); process.on('message', ({ kind }) => kind === 'all' && process.exit(4))"
    await assert.rejects(handOver(late), /ended with 4/)
    assert.equal((await ask(port)).body, 'a')
    const again = new Control(path.join(stateDir, 'gateway.sock'))
    atEnd(t, () => again.close())
    assert.equal(
      (
        await again.send({
          kind: 'set_route',
          route: makeRoute(port, 2, { arms: [arm('stable', 10_000, [upstream])] }),
        })
      ).paused,
      false,
    )
    await assert.rejects(startGateway(t, { stateDir }), { code: 'gateway_running' })
  })

  it('that does not come to serve leaves what was cut meanwhile cut, on disk before anyone hears of it', async (t) => {
    const stable = await startUpstream(t, 'stable')
    const candidate = await startUpstream(t, 'candidate', (_, response) => response.writeHead(500).end())
    const arms = [arm('stable', 5_000, [stable.upstream]), arm('candidate', 5_000, [candidate.upstream])]
    const { control, port, stateDir } = await serve(t, [], { route: { arms, tripwire } })
    await control.send({ kind: 'subscribe' })
    const [has, end] = ['has', 'end'].map((name) => path.join(stateDir, name))
    assert.ok(has && end)
    const script = `process.send({ kind: 'ready' }); const fs = require('fs')
      process.on('message', ({ kind }, server) => server ? server.close() : fs.writeFileSync(${JSON.stringify(has)}, ''))
      setInterval(() => fs.existsSync(${JSON.stringify(end)}) && process.exit(4), 10)`
    const handedOver = assert.rejects(
      control.send({ kind: 'hand_over', command: [process.execPath, '-e', script] }),
      /ended with 4/,
    )
    await eventually('the successor has everything', () => fs.existsSync(has))
    await eventually('it trips', async () => (await ask(port)) && (await control.observe()).trip)
    assert.deepEqual(control.notices, [], 'nobody hears of what is not on disk')
    fs.writeFileSync(end, '')
    await handedOver
    const records = readRoutes(path.join(stateDir, 'routes'), realWorld())
    assert.deepEqual(records[0]?.tripped, [rollout])
    await eventually('the notice', () => control.notices.some(({ kind }) => kind === 'tripped'))
  })

  it('hears of what its predecessor cuts after it has taken over', async (t) => {
    const held = new Set<http.ServerResponse>()
    const stable = await startUpstream(t, 'stable')
    const candidate = await startUpstream(t, 'candidate', (_, response) => void held.add(response))
    const stateDir = stateFolder(t)
    const port = await freePort()
    const first = await spawnGateway(t, stateDir)
    const arms = [arm('stable', 5_000, [stable.upstream]), arm('candidate', 5_000, [candidate.upstream])]
    await first.control.send({ kind: 'set_route', route: makeRoute(port, 1, { arms, tripwire }) })
    await eventually('enough requests wait for the candidate', () => {
      void ask(port).catch(() => {})
      return held.size > 20
    })
    await replaceGateway(t, stateDir)
    const control = new Control(path.join(stateDir, 'gateway.sock'))
    atEnd(t, () => control.close())
    assert.equal((await control.observe()).trip, null)
    for (const response of held) response.destroy()
    await eventually('the cut', async () => (await control.observe()).trip?.rollout === rollout)
    assert.deepEqual(
      (await control.observe()).route.arms.map(({ shareBp }) => shareBp),
      [10_000, 0],
    )
    assert.deepEqual(readRoutes(path.join(stateDir, 'routes'), realWorld())[0]?.tripped, [rollout])
  })

  it('tells its predecessor what it cuts: the connections that this one still serves do not reach the candidate either', async (t) => {
    let isBad = false
    const stable = await startUpstream(t, 'stable')
    const candidate = await startUpstream(t, 'candidate', (_, response) => response.writeHead(isBad ? 500 : 200).end())
    const stateDir = stateFolder(t)
    const port = await freePort()
    const first = await spawnGateway(t, stateDir)
    const arms = [arm('stable', 5_000, [stable.upstream]), arm('candidate', 5_000, [candidate.upstream])]
    await first.control.send({ kind: 'set_route', route: makeRoute(port, 1, { arms, tripwire }) })
    const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
    const kept = Array.from({ length: 20 }, () => new RawClient(t, port))
    for (const client of kept) client.send(get)
    await Promise.all(kept.map((client) => client.until('HTTP/1.1 200')))
    await replaceGateway(t, stateDir)
    const control = new Control(path.join(stateDir, 'gateway.sock'))
    atEnd(t, () => control.close())
    isBad = true
    await eventually('the cut', async () => (await ask(port)) && (await control.observe()).trip)
    // The successor writes to the same place, where both say it.
    await eventually('the first has heard of it', () => first.log().split('"tripped"').length === 3)
    for (const client of kept) client.send(get)
    const received = await Promise.all(kept.map((client) => client.end()))
    assert.deepEqual(
      received.filter((text) => text.includes('HTTP/1.1 500')),
      [],
    )
  })

  it('finds nobody to take over from, and just serves', async (t) => {
    const gateway = await spawnGateway(t, stateFolder(t), ['--take-over', '--alone'])
    assert.equal((await gateway.control.send({ kind: 'hello' })).pid, gateway.child.pid)
  })
})

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('the control plane', () => {
  it('that cannot be started again does not take the gateway with it', async (t) => {
    const stateDir = stateFolder(t)
    fs.mkdirSync(path.join(stateDir, 'server.log'))
    fs.writeFileSync(path.join(stateDir, 'server.json'), JSON.stringify({ pid: 2 ** 30 }))
    const { logs } = await startGateway(t, { stateDir, controlPlaneCommand: [process.execPath, '-e', ''] })
    await eventually('it says so', () => logs.some(({ event }) => event === 'control_plane_not_started'))
  })

  it('is started again when it dies, and left alone when it stopped cleanly', async (t) => {
    const stateDir = stateFolder(t)
    const serverFile = path.join(stateDir, 'server.json')
    const plane = spawn('sleep', ['60'])
    atEnd(t, () => plane.kill('SIGKILL'))
    fs.writeFileSync(serverFile, JSON.stringify({ pid: plane.pid }))
    const script = `require('fs').appendFileSync(${JSON.stringify(path.join(stateDir, 'started'))}, process.pid + ' ');
      require('fs').writeFileSync(${JSON.stringify(serverFile)}, JSON.stringify({ pid: process.pid })); setTimeout(() => {}, 60000)`
    const started = (): number[] =>
      fs.existsSync(path.join(stateDir, 'started'))
        ? (fs.readFileSync(path.join(stateDir, 'started'), 'utf8').match(/\d+/g) ?? []).map(Number)
        : []
    atEnd(t, () => {
      for (const pid of started()) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
    })
    const { logs } = await startGateway(t, { stateDir, controlPlaneCommand: [process.execPath, '-e', script] })
    plane.kill('SIGKILL')
    const [pid = 0] = await eventually('it is started again', () => started().length === 1 && started())
    await eventually('it says who it is', () => JSON.parse(fs.readFileSync(serverFile, 'utf8')).pid === pid)
    assert.equal(logs.filter(({ event }) => event === 'control_plane_restarted').length, 1)
    fs.rmSync(serverFile)
    process.kill(pid, 'SIGKILL')
    await sleep(700)
    assert.equal(started().length, 1)
  })
})
