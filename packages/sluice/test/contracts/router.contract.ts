/** What every router must do. Each implementation calls `routerContract` with a way to make one beside a data plane. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import { after, before, describe, test } from 'node:test'
import { releaseId, rolloutId } from '../../src/core/model.ts'
import type { Arm, GatewayNotice, Route, Upstream } from '../../src/core/routing.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { SluiceError } from '../../src/core/errors.ts'
import type { Router } from '../../src/ports/router.ts'

/** A router, and the world around its data plane. */
export type RouterWorld = {
  readonly router: Router
  /** Where evidence stops a candidate: in the data plane on each answer, or in the engine on what `observe` says. */
  readonly tripwire: 'dataPlane' | 'engine'
  /** A port where the data plane may listen. */
  readonly freePort: () => Promise<number>
  /** An instance that answers, with a good or a bad status, its health path always well. */
  readonly instance: (name: string, behaviour: 'good' | 'bad') => Promise<Upstream>
  /** An address where nothing answers. */
  readonly nobody: (name: string) => Promise<Upstream>
  /** Sends this many requests to the listening port, one after the other. */
  readonly send: (port: number, requests: number) => Promise<void>
  readonly remove: () => Promise<void>
}

const old = releaseId(`rel_${'a'.repeat(64)}`)
const fresh = releaseId(`rel_${'b'.repeat(64)}`)
const health = {
  path: '/healthz',
  intervalMs: 50,
  timeoutMs: 500,
  healthyAfter: 2,
  unhealthyAfter: 2,
  startTimeoutMs: 2_000,
}
const policy = { alpha: 0.01, tolerance: 1.5, ignoreBelow: 0.01, intervalMs: 100, staleAfterMs: 1_000 }
const never = new AbortController().signal

/** Runs the contract against one implementation. */
export const routerContract = (name: string, makeWorld: () => Promise<RouterWorld>): void => {
  describe(`${name} keeps the router's contract`, () => {
    const context = contextOf(makeWorld)
    before(context.start)
    after(context.stop)
    routes(context)
    fences(context)
    trips(context)
    probes(context)
    drains(context)
  })
}

type Context = ReturnType<typeof contextOf>

const contextOf = (makeWorld: () => Promise<RouterWorld>) => {
  let world: RouterWorld | null = null
  let count = 0
  const here = (): RouterWorld => world ?? assert.fail('the world is there')
  return {
    start: async () => {
      world = await makeWorld()
    },
    stop: () => world?.remove(),
    world: here,
    router: (): Router => here().router,
    /** A route of an environment of its own, with one stable arm. */
    route: async (upstreams: readonly Upstream[]): Promise<Route> => {
      count += 1
      return {
        service: 'shop',
        environment: `env-${count}`,
        listen: { host: '127.0.0.1', port: await here().freePort() },
        fence: { token: 1, sequence: 1 },
        arms: [arm('stable', { release: old, shareBp: 10_000, upstreams })],
        sticky: { kind: 'none' },
        salt: 'salt',
        tripwire: null,
        health,
      }
    },
  }
}

const arm = (name: Arm['name'], parts: Omit<Arm, 'name'>): Arm => ({ name, ...parts })
const keyOf = ({ service, environment }: Route) => ({ service, environment })
const failsWith = (code: ErrorCode) => (error: unknown) => error instanceof SluiceError && error.code === code

const routes = ({ world, router, route }: Context): void => {
  test('a route that nobody gave is null', async () => {
    assert.equal(await router().observe({ service: 'shop', environment: 'nowhere' }, never), null)
  })

  test('a shift is answered with what is in force, and observing shows the same', async () => {
    const wanted = await route([await world().instance('a', 'good')])
    const shifted = await router().shift(wanted, never)
    assert.deepEqual(shifted.route, wanted)
    const observed = await router().observe(keyOf(wanted), never)
    assert.deepEqual(observed?.route, wanted)
    assert.equal(observed?.trip, null)
    assert.equal(observed?.paused, false)
  })

  test('requests are counted for the release that answered them', async () => {
    const wanted = await route([await world().instance('a', 'good')])
    await router().shift(wanted, never)
    await world().send(wanted.listen.port, 5)
    const observed = await router().observe(keyOf(wanted), never)
    const counted = observed?.counters.map(({ release, requests, bad }) => ({ release, requests, bad }))
    assert.deepEqual(counted, [{ release: old, requests: 5, bad: 0 }])
  })

  test('a removed route is null again, and removing it twice is no error', async () => {
    const wanted = await route([await world().instance('a', 'good')])
    await router().shift(wanted, never)
    const gone = { ...keyOf(wanted), fence: { token: 1, sequence: 2 } }
    await router().remove(gone, never)
    await router().remove(gone, never)
    assert.equal(await router().observe(keyOf(wanted), never), null)
  })

  test('a port that something else has is refused by name, and no route is made', async () => {
    const first = await route([await world().instance('a', 'good')])
    await router().shift(first, never)
    const second = { ...(await route(first.arms[0]?.upstreams ?? [])), listen: first.listen }
    await assert.rejects(router().shift(second, never), failsWith('port_in_use'))
    assert.equal(await router().observe(keyOf(second), never), null)
  })
}

const fences = ({ world, router, route }: Context): void => {
  test('an older fence is refused and changes nothing; the same fence again is a repetition', async () => {
    const first = await route([await world().instance('a', 'good')])
    const newer = { ...first, fence: { token: 2, sequence: 7 } }
    await router().shift(newer, never)
    await assert.rejects(router().shift(first, never), failsWith('fence_stale'))
    await assert.rejects(router().remove({ ...keyOf(first), fence: first.fence }, never), failsWith('fence_stale'))
    assert.deepEqual((await router().shift(newer, never)).route, newer)
    assert.deepEqual((await router().observe(keyOf(first), never))?.route, newer)
  })

  test('a removal is remembered by its fence, so that a late shift does not bring the route back', async () => {
    const late = await route([await world().instance('a', 'good')])
    await router().remove({ ...keyOf(late), fence: { token: 1, sequence: 5 } }, never)
    await assert.rejects(router().shift(late, never), failsWith('fence_stale'))
  })
}

const trips = ({ world, router, route }: Context): void => {
  const rollout = rolloutId('rol_contract')
  const splitOf = async (): Promise<Route> => {
    const stable = await world().instance('stable', 'good')
    const candidate = await world().instance('candidate', 'bad')
    const base = await route([stable])
    return {
      ...base,
      arms: [
        arm('stable', { release: old, shareBp: 5_000, upstreams: [stable] }),
        arm('candidate', { release: fresh, shareBp: 5_000, upstreams: [candidate] }),
      ],
      tripwire: { rollout, policy },
    }
  }

  test('the bad answers of a candidate are evidence against it, within its rollout', async () => {
    const split = await splitOf()
    assert.ok(((await router().shift(split, never)).logE ?? Number.NaN) <= 0)
    await world().send(split.listen.port, 100)
    const observed = await router().observe(keyOf(split), never)
    const candidate = observed?.counters.find(({ release }) => release === fresh)
    assert.ok((candidate?.badUnits ?? 0) > 0, JSON.stringify(observed))
    assert.ok((observed?.logE ?? 0) >= -Math.log(policy.alpha), `log E is ${observed?.logE}`)
  })

  test('a bad candidate is cut, its watchers are told, and its rollout never gets traffic again', async (context) => {
    if (world().tripwire === 'engine') return context.skip('this data plane has no tripwire; the engine judges')
    const split = await splitOf()
    const watching = new AbortController()
    const told = new Promise<GatewayNotice>((resolve) => {
      router().watch((notice) => {
        if (notice.kind === 'tripped' && notice.environment === split.environment) resolve(notice)
      }, watching.signal)
    })
    await router().shift(split, never)
    await world().send(split.listen.port, 100)
    const notice = await told
    watching.abort()
    assert.equal(notice.kind === 'tripped' ? notice.trip.rollout : null, rollout)
    const observed = await router().observe(keyOf(split), never)
    assert.equal(observed?.trip?.rollout, rollout)
    assert.deepEqual(
      observed?.route.arms.map(({ release, shareBp }) => [release, shareBp]),
      [
        [old, 10_000],
        [fresh, 0],
      ],
    )
    const again = { ...split, fence: { token: 1, sequence: 9 } }
    await assert.rejects(router().shift(again, never), failsWith('gateway_tripped'))
  })
}

const probes = ({ world, router }: Context): void => {
  test('a probe says of each instance whether it answered well often enough, and what it answered last', async () => {
    const upstreams = [await world().instance('well', 'good'), await world().nobody('nobody')]
    const receipts = await router().probe({ upstreams, health, successes: 2, deadlineMs: 400 }, never)
    assert.deepEqual(
      receipts.map(({ instance, healthy, successes }) => ({ instance, healthy, successes })),
      [
        { instance: 'well', healthy: true, successes: 2 },
        { instance: 'nobody', healthy: false, successes: 0 },
      ],
    )
    assert.notEqual(receipts[1]?.last, '')
  })

  test('an instance counts as healthy once it has also answered what warms it up, and begins anew where it did not', async () => {
    const asked: string[] = []
    const server = http.createServer(({ url = '' }, response) => {
      asked.push(url)
      const failures = asked.filter((one) => one === '/front').length
      // The first two are too early; somebody who is not signed in is an answer, too.
      response.writeHead(url === '/broken' ? 500 : url === '/front' ? (failures <= 2 ? 503 : 401) : 200).end()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    assert.ok(address !== null && typeof address === 'object')
    const upstreams = [{ instance: 'cold', host: '127.0.0.1', port: address.port }]
    const probe = (path: string, deadlineMs: number) => {
      const warm = { ...health, warmup: { path, requests: 3, timeoutMs: 1_000 } }
      return router().probe({ upstreams, health: warm, successes: 1, deadlineMs }, never)
    }
    try {
      const [receipt] = await probe('/front', 10_000)
      assert.equal(receipt?.healthy, true)
      assert.equal(asked.filter((one) => one === '/front').length, 5)
      assert.equal(asked.filter((one) => one === health.path).length, 3)
      const [broken] = await probe('/broken', 1_000)
      assert.equal(broken?.healthy, false)
      assert.match(broken?.last ?? '', /warm-up request 1 of 3 to \/broken: 500/)
    } finally {
      server.close()
      server.closeAllConnections()
    }
  })

  test('a probe that is called off ends at once, with an error of the table', async () => {
    const calledOff = new AbortController()
    const upstreams = [await world().nobody('nobody')]
    const probing = router().probe({ upstreams, health, successes: 1, deadlineMs: 60_000 }, calledOff.signal)
    calledOff.abort()
    await assert.rejects(probing, SluiceError)
  })
}

const drains = ({ world, router, route }: Context): void => {
  test('draining what has nothing in flight gives 0; draining what has traffic is refused', async () => {
    const stay = await world().instance('stay', 'good')
    const leave = await world().instance('leave', 'good')
    const wanted = await route([stay, leave])
    await router().shift(wanted, never)
    const request = { ...keyOf(wanted), upstreams: [leave], deadlineMs: 1_000 }
    await assert.rejects(router().drain(request, never), failsWith('retire_refused'))
    const without = [arm('stable', { release: old, shareBp: 10_000, upstreams: [stay] })]
    await router().shift({ ...wanted, fence: { token: 1, sequence: 2 }, arms: without }, never)
    assert.equal(await router().drain(request, never), 0)
  })
}
