/** The HAProxy router against Debian's real HAProxy: the contract, and what is said of it in docs/routers/haproxy.md. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { after, before, describe, test } from 'node:test'
import { SluiceError } from '../../src/core/errors.ts'
import { releaseId, rolloutId } from '../../src/core/model.ts'
import { hashPoint, pickArm, saltSeed, stickyHash } from '../../src/core/routing-pick.ts'
import type { Arm, GatewayNotice, Route, Upstream } from '../../src/core/routing.ts'
import { ask } from '../../src/routers/haproxy/connection.ts'
import { haproxyRouter } from '../../src/routers/haproxy/router.ts'
import { routerContract } from '../contracts/router.contract.ts'
import { freePort } from '../free-port.ts'
import { haproxyWorld, type HaproxyWorld, killAll, processesOf } from './haproxy-world.ts'

routerContract('the HAProxy router', haproxyWorld)

const never = new AbortController().signal
const old = releaseId(`rel_${'a'.repeat(64)}`)
const fresh = releaseId(`rel_${'b'.repeat(64)}`)
const policy = { alpha: 0.01, tolerance: 1, ignoreBelow: 0.01, intervalMs: 100, staleAfterMs: 1_000 }
const failsWith = (code: string) => (error: unknown) => error instanceof SluiceError && error.code === code

let world: HaproxyWorld
let count = 0
before(async () => {
  world = await haproxyWorld()
})
after(() => world.remove())

const routeOf = async (arms: readonly Arm[], more: Partial<Route> = {}): Promise<Route> => {
  count += 1
  return {
    service: 'shop',
    environment: `own-${count}`,
    router: 'haproxy',
    listen: { host: '127.0.0.1', port: await freePort() },
    fence: { token: 1, sequence: 1 },
    arms,
    sticky: { kind: 'none' },
    salt: 'salt',
    tripwire: null,
    health: {
      path: '/healthz',
      intervalMs: 50,
      timeoutMs: 500,
      healthyAfter: 2,
      unhealthyAfter: 2,
      startTimeoutMs: 2_000,
    },
    ...more,
  }
}

const stableOf = (upstreams: readonly Upstream[], shareBp: number = 10_000): Arm => ({
  name: 'stable',
  release: old,
  shareBp,
  upstreams,
})
const candidateOf = (upstreams: readonly Upstream[], shareBp: number): Arm => ({
  name: 'candidate',
  release: fresh,
  shareBp,
  upstreams,
})
const later = (route: Route, sequence: number, more: Partial<Route>): Route => ({
  ...route,
  ...more,
  fence: { token: 1, sequence },
})

/** A request by itself: its status (0: refused or cut off), who answered, and the cookie that was issued. */
const get = async (port: number, headers: Readonly<Record<string, string>> = {}) => {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers })
    return { status: response.status, body: await response.text(), cookie: response.headers.get('set-cookie') }
  } catch {
    return { status: 0, body: '', cookie: null }
  }
}

const eventually = async <Value>(look: () => Promise<Value | null>): Promise<Value> => {
  for (const until = performance.now() + 10_000; performance.now() < until;) {
    const value = await look()
    if (value !== null) return value
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('it did not come about within 10 s')
}

/** An instance that says its name and can be told to keep requests. */
const slow = async (name: string) => {
  const kept: http.ServerResponse[] = []
  const server = http.createServer((request, response) => {
    if (request.url === '/slow') kept.push(response)
    else response.end(name)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const close = (): void => {
    server.close()
    server.closeAllConnections()
  }
  return { upstream: { instance: name, host: '127.0.0.1', port: address.port }, kept, close }
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('an HAProxy that dies', () => {
  for (const [index, name] of ['master', 'worker'].entries()) {
    test(`by its ${name} is started again with what was in force, and keeps what was counted until then`, async () => {
      const route = await routeOf([stableOf([await world.instance('a', 'good')])])
      await world.router.shift(route, never)
      await world.send(route.listen.port, 3)
      assert.equal((await world.router.observe(route, never))?.counters[0]?.requests, 3)
      const before = await processesOf(world.place(route))
      const pid = before[index]
      assert.ok(pid !== undefined)
      process.kill(pid, 'SIGKILL')
      // A worker outlives its master for a moment, and what it answers then is counted by nobody.
      await eventually(async () => (before.some(isAlive) ? null : true))
      await eventually(async () => ((await get(route.listen.port)).status === 200 ? true : null))
      const observed = await world.router.observe(route, never)
      assert.deepEqual(observed?.route, route)
      assert.equal(observed?.counters[0]?.requests, 4)
    })
  }

  test('is asked for while it is away: the answer is that of the one that comes', async () => {
    const route = await routeOf([stableOf([await world.instance('a', 'good')])])
    await world.router.shift(route, never)
    killAll(await processesOf(world.place(route)))
    assert.deepEqual((await world.router.observe(route, never))?.route, route)
  })
})

describe('a control plane that dies', () => {
  test('leaves HAProxy serving; the next one adopts it, keeps its fence and counts, and starts it again should it die', async () => {
    const route = await routeOf([stableOf([await world.instance('a', 'good')])])
    const first = world.another()
    await first.shift(route, never)
    await world.send(route.listen.port, 2)
    const before = await processesOf(world.place(route))
    await first.close()
    await world.send(route.listen.port, 2)
    const next = world.another()
    await next.start()
    assert.deepEqual(await processesOf(world.place(route)), before)
    assert.equal((await next.observe(route, never))?.counters[0]?.requests, 4)
    await assert.rejects(next.shift({ ...route, fence: { token: 0, sequence: 9 } }, never), failsWith('fence_stale'))
    killAll(before)
    await eventually(async () => ((await get(route.listen.port)).status === 200 ? true : null))
  })

  test('between two changes is made up for by the same shift again: what the file says comes into force', async () => {
    const [a, b] = [await world.instance('a', 'good'), await world.instance('b', 'good')]
    const route = await routeOf([stableOf([a])])
    await world.router.shift(route, never)
    const next = later(route, 2, { arms: [stableOf([a, b])] })
    await world.router.shift(next, never)
    // As if it had died after the file was written: HAProxy has lost the server and the split.
    const { adminSocket, mapFile } = world.place(route)
    await ask(adminSocket, `set server release0/b_${b.port} state maint`)
    await ask(adminSocket, `del server release0/b_${b.port}`)
    await ask(adminSocket, `set map ${mapFile} route 1|none|0|10000|0|release5|none|none`)
    assert.equal((await get(route.listen.port)).status, 503)
    assert.deepEqual((await world.router.observe(route, never))?.route.arms[0]?.shareBp, 0)
    assert.deepEqual((await world.router.shift(next, never)).route, next)
    assert.match((await ask(adminSocket, 'show servers state')) ?? '', new RegExp(`b_${b.port}`))
    assert.equal((await get(route.listen.port)).status, 200)
  })
})

describe('the split', () => {
  test('puts every sticky key where core/routing-pick puts it, so that both routers have the same cohorts', async () => {
    const [stable, candidate, holdback] = [await slow('stable'), await slow('candidate'), await slow('holdback')]
    const arms: readonly Arm[] = [
      stableOf([stable.upstream], 5_500),
      candidateOf([candidate.upstream], 2_500),
      { name: 'holdback', release: releaseId(`rel_${'c'.repeat(64)}`), shareBp: 2_000, upstreams: [holdback.upstream] },
    ]
    const route = await routeOf(arms, { sticky: { kind: 'header', name: 'x-user' }, salt: String(fresh) })
    await world.router.shift(route, never)
    const seed = saltSeed(route.salt)
    const seen = new Set<string>()
    for (let index = 0; index < 300; index += 1) {
      const key = `user-${index}-${'x'.repeat(index % 40)}`
      const { body } = await get(route.listen.port, { 'x-user': key })
      assert.equal(body, pickArm(arms, hashPoint(stickyHash(seed, key)))?.name, key)
      seen.add(body)
    }
    assert.equal(seen.size, 3)
    for (const one of [stable, candidate, holdback]) one.close()
  })

  test('issues a cookie to who has none, keeps that client where it is, and counts it once however often it fails', async () => {
    const stable = await world.instance('stable', 'good')
    const candidate = await world.instance('candidate', 'bad')
    const route = await routeOf([stableOf([stable], 5_000), candidateOf([candidate], 5_000)], {
      sticky: { kind: 'cookie', name: 'arm' },
      tripwire: { rollout: rolloutId('rol_sticky'), policy },
    })
    await world.router.shift(route, never)
    const cookie = await eventually(async () => {
      const answer = await get(route.listen.port)
      return answer.status === 500 ? (answer.cookie ?? null) : null
    })
    assert.match(cookie, /^arm=[0-9a-f]{32}; Path=\/; HttpOnly; SameSite=Lax$/)
    const before = await world.router.observe(route, never)
    const sent = { cookie: cookie.split(';')[0] ?? '' }
    for (let times = 0; times < 20; times += 1) {
      const answer = await get(route.listen.port, sent)
      assert.deepEqual([answer.status, answer.cookie], [500, null])
    }
    const now = await world.router.observe(route, never)
    const of = (observed: typeof now) => observed?.counters.find(({ release }) => release === fresh)
    assert.equal(of(now)?.requests, (of(before)?.requests ?? 0) + 20)
    assert.equal(of(now)?.bad, (of(before)?.bad ?? 0) + 20)
    assert.deepEqual([of(now)?.units, of(now)?.badUnits], [of(before)?.units, of(before)?.badUnits])
    assert.equal(now?.logE, before?.logE)
  })

  test('sends a tester where a rule says, and does not count it', async () => {
    const [stable, candidate] = [await slow('stable'), await slow('candidate')]
    const arms = [stableOf([stable.upstream]), candidateOf([candidate.upstream], 0)]
    const rules = [
      { arm: 'candidate', all: [{ kind: 'header', name: 'x-try', value: { kind: 'equals', text: "it's new" } }] },
    ] as const
    const route = await routeOf(arms, { rules })
    await world.router.shift(route, never)
    assert.equal((await get(route.listen.port, { 'x-try': "it's new" })).body, 'candidate')
    assert.equal((await get(route.listen.port, { 'x-try': "it's old" })).body, 'stable')
    const observed = await world.router.observe(route, never)
    assert.deepEqual(
      observed?.counters.map(({ requests }) => requests),
      [1, 0],
    )
    for (const one of [stable, candidate]) one.close()
  })

  test('without a share keeps requests waiting until there is one', async () => {
    const stable = await slow('stable')
    const route = await routeOf([])
    await world.router.shift(route, never)
    const waiting = get(route.listen.port)
    await new Promise((resolve) => setTimeout(resolve, 100))
    await world.router.shift(later(route, 2, { arms: [stableOf([stable.upstream])] }), never)
    assert.equal((await waiting).body, 'stable')
    stable.close()
  })

  test('whose candidate answers nowhere costs its users nothing, and its watchers are told', async () => {
    const stable = await world.instance('stable', 'good')
    const candidate = await slow('candidate')
    const route = await routeOf([stableOf([stable], 5_000), candidateOf([candidate.upstream], 5_000)])
    const watching = new AbortController()
    const told: GatewayNotice[] = []
    world.router.watch((notice) => told.push(notice), watching.signal)
    await world.router.shift(route, never)
    candidate.close()
    const notice = await eventually(async () => told.find((one) => one.environment === route.environment) ?? null)
    assert.deepEqual(notice, {
      kind: 'upstream_health',
      service: 'shop',
      environment: route.environment,
      instance: 'candidate',
      release: fresh,
      healthy: false,
    })
    for (let times = 0; times < 30; times += 1) assert.equal((await get(route.listen.port)).status, 200)
    watching.abort()
  })

  test('that HAProxy cannot honour is refused before anything is changed', async () => {
    const upstream = await world.instance('a', 'good')
    const mirror = { shareBp: 100, release: fresh, upstreams: [upstream] }
    const route = await routeOf([stableOf([upstream])], { mirror })
    await assert.rejects(world.router.shift(route, never), (error) => {
      assert.match(error instanceof SluiceError ? error.detail : '', /cannot honour mirror/)
      return failsWith('usage_invalid')(error)
    })
    assert.equal(await world.router.observe(route, never), null)
  })
})

describe('evidence', () => {
  test('of a rollout outlives a change of the share, a reload and a restart; another rollout begins without any', async () => {
    const stable = await world.instance('stable', 'good')
    const candidate = await world.instance('candidate', 'bad')
    const arms = [stableOf([stable], 5_000), candidateOf([candidate], 5_000)]
    const tripwire = { rollout: rolloutId('rol_one'), policy }
    const route = await routeOf(arms, { tripwire })
    await world.router.shift(route, never)
    await world.send(route.listen.port, 20)
    const first = (await world.router.observe(route, never))?.logE ?? 0
    assert.ok(first > 0)
    // Other health settings are another configuration: it is reloaded.
    const arms2 = [stableOf([stable], 9_000), candidateOf([candidate], 1_000)]
    const health = { ...route.health, intervalMs: 60 }
    const second = await world.router.shift(later(route, 2, { arms: arms2, health }), never)
    assert.equal(second.logE, first)
    await world.send(route.listen.port, 60)
    const third = (await world.router.observe(route, never))?.logE ?? 0
    assert.ok(third > first)
    killAll(await processesOf(world.place(route)))
    assert.equal((await world.router.observe(route, never))?.logE, third)
    const other = { rollout: rolloutId('rol_two'), policy }
    const fourth = await world.router.shift(later(route, 3, { arms: arms2, health, tripwire: other }), never)
    assert.equal(fourth.logE, 0)
  })
})

describe('what is in flight', () => {
  test('keeps an instance from being drained until it is over, also in a worker that was replaced', async () => {
    const [stay, leave] = [await slow('stay'), await slow('leave')]
    const route = await routeOf([stableOf([leave.upstream])])
    await world.router.shift(route, never)
    const kept = fetch(`http://127.0.0.1:${route.listen.port}/slow`)
    await eventually(async () => leave.kept[0] ?? null)
    const health = { ...route.health, intervalMs: 60 }
    await world.router.shift(later(route, 2, { arms: [stableOf([stay.upstream])], health }), never)
    assert.equal((await get(route.listen.port)).body, 'stay')
    const request = { ...route, upstreams: [leave.upstream] }
    assert.equal(await world.router.drain({ ...request, deadlineMs: 200 }, never), 1)
    const draining = world.router.drain({ ...request, deadlineMs: 10_000 }, never)
    leave.kept[0]?.end('late')
    assert.equal(await (await kept).text(), 'late')
    assert.equal(await draining, 0)
    for (const one of [stay, leave]) one.close()
  })

  test('and what is new go on while HAProxy is reloaded: no request fails', async () => {
    const stable = await slow('stable')
    const route = await routeOf([stableOf([stable.upstream])])
    await world.router.shift(route, never)
    const failed: number[] = []
    const ending = new AbortController()
    const clients = Array.from({ length: 8 }, async () => {
      while (!ending.signal.aborted) {
        const { status } = await get(route.listen.port)
        if (status !== 200) failed.push(status)
      }
    })
    for (let round = 0; round < 6; round += 1) {
      const health = { ...route.health, intervalMs: 60 + round }
      await world.router.shift(later(route, 2 + round, { health }), never)
    }
    ending.abort()
    await Promise.all(clients)
    assert.deepEqual(failed, [])
    stable.close()
  })
})

test('once enough instances answer a probe, one that hangs keeps nobody waiting', async () => {
  const [well, hanging] = [await world.instance('well', 'good'), await slow('hanging')]
  const health = {
    path: '/slow',
    intervalMs: 50,
    timeoutMs: 20_000,
    healthyAfter: 1,
    unhealthyAfter: 1,
    startTimeoutMs: 1,
  }
  const request = { upstreams: [{ ...well, instance: 'well' }, hanging.upstream], health, successes: 1 }
  const startedAt = performance.now()
  const receipts = await world.router.probe(
    { ...request, deadlineMs: 20_000, enough: { count: 1, graceMs: 100 } },
    never,
  )
  assert.ok(performance.now() - startedAt < 5_000)
  assert.deepEqual(
    receipts.map(({ instance, healthy }) => [instance, healthy]),
    [
      ['well', true],
      ['hanging', false],
    ],
  )
  hanging.close()
})

describe('what is on disk or not there', () => {
  test('a file that does not read back is said, and is never taken for no route', async () => {
    const route = await routeOf([stableOf([await world.instance('a', 'good')])])
    await world.router.shift(route, never)
    const { recordFile } = world.place(route)
    const text = readFileSync(recordFile, 'utf8')
    writeFileSync(recordFile, text.slice(0, -20))
    await assert.rejects(world.router.observe(route, never), failsWith('store_corrupt'))
    await assert.rejects(world.router.shift(later(route, 2, {}), never), failsWith('store_corrupt'))
    assert.equal((await get(route.listen.port)).status, 200)
    writeFileSync(recordFile, text)
  })

  test('where there is no HAProxy, it is said what to install, and no route is made', async () => {
    const silent = { info: () => {}, warn: () => {}, error: () => {} }
    const stateDir = `${world.stateDir}/none`
    const router = haproxyRouter({ stateDir, log: silent, clock: { now: Date.now }, path: '', morePlaces: [] })
    const route = await routeOf([stableOf([await world.instance('a', 'good')])])
    await assert.rejects(router.shift(route, never), (error) => {
      assert.match(error instanceof SluiceError ? (error.hint ?? '') : '', /apt-get install haproxy/)
      return failsWith('tool_missing')(error)
    })
    assert.equal(await router.observe(route, never), null)
    await router.close()
  })
})
