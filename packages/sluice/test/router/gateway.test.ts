import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { SluiceError } from '../../src/core/errors.ts'
import { releaseId } from '../../src/core/model.ts'
import type { GatewayAnswer, Route, RouteObservation } from '../../src/core/routing.ts'
import { openConnection } from '../../src/routers/gateway/connection.ts'
import { GatewayKeeper } from '../../src/routers/gateway/keeper.ts'
import { parseHello } from '../../src/routers/gateway/requests.ts'
import { gatewayRouter } from '../../src/routers/gateway/router.ts'
import { routerContract } from '../contracts/router.contract.ts'
import { freePort } from '../free-port.ts'
import { gatewayWorld, type GatewayWorld, send } from './gateway-world.ts'

routerContract('the gateway router', gatewayWorld)

const never = new AbortController().signal
const silent = { info: () => {}, warn: () => {}, error: () => {} }

const helloOf = async (stateDir: string): Promise<GatewayAnswer['hello'] | null> => {
  const connection = await openConnection(join(stateDir, 'gateway.sock'), () => {})
  const reply = await connection?.send({ kind: 'hello' })
  connection?.close()
  return reply?.kind === 'answered' ? parseHello(reply.answer) : null
}

const routeTo = async (world: GatewayWorld): Promise<Route> => ({
  service: 'shop',
  environment: 'production',
  listen: { host: '127.0.0.1', port: await freePort() },
  fence: { token: 1, sequence: 1 },
  arms: [
    {
      name: 'stable',
      release: releaseId(`rel_${'a'.repeat(64)}`),
      shareBp: 10_000,
      upstreams: [await world.instance('a', 'good')],
    },
  ],
  sticky: { kind: 'none' },
  salt: '',
  tripwire: null,
  health: { path: '/', intervalMs: 1_000, timeoutMs: 500, healthyAfter: 1, unhealthyAfter: 3, startTimeoutMs: 1_000 },
})

describe('what is optional of a route', () => {
  let world: GatewayWorld
  before(async () => {
    world = await gatewayWorld()
  })
  after(() => world.remove())

  test('comes back as it was given', async () => {
    const base = await routeTo(world)
    const [stable] = base.arms
    assert.ok(stable)
    const rule = { kind: 'header', name: 'x-arm', value: { kind: 'equals', text: 'candidate' } } as const
    const release = releaseId(`rel_${'b'.repeat(64)}`)
    const route: Route = {
      ...base,
      sticky: { kind: 'user', from: 'cookie', name: 'uid', fallback: 'client' },
      rules: [{ arm: 'candidate', all: [rule, { kind: 'cookie', name: 'beta', value: null }] }],
      mirror: { shareBp: 100, release, upstreams: stable.upstreams, methods: ['GET', 'POST'] },
      skew: { cookie: 'release', maxAgeMs: 1_000 },
      overlap: [{ release, upstreams: stable.upstreams }],
      assets: ['/assets/'],
      bypass: [rule],
      drain: { idleMs: 10, maxAgeMs: 20 },
    }
    assert.deepEqual((await world.router.shift(route, never)).route, route)
    assert.deepEqual((await world.router.observe(route, never))?.route, route)
  })

  test('maintenance has a fence of its own: a newer word goes before, an older one is refused, the same one is a repetition', async () => {
    const { service, environment } = await routeTo(world)
    const page = { kind: 'page', html: null, retryAfterMs: 1_000 } as const
    const say = (sequence: number, maintenance: typeof page | null): Promise<void> | undefined =>
      world.router.maintain?.({ service, environment, sequence, maintenance }, never)
    await say(3, page)
    await say(3, page)
    await assert.rejects(
      say(2, null) ?? Promise.resolve(),
      (error: unknown) => error instanceof SluiceError && error.code === 'fence_stale',
    )
    assert.deepEqual((await world.router.observe({ service, environment }, never))?.maintenance, page)
    await say(4, null)
    assert.equal((await world.router.observe({ service, environment }, never))?.maintenance, undefined)
  })
})

describe('a gateway that is killed', () => {
  let world: GatewayWorld
  let route: Route
  const killed = async (): Promise<number> => {
    const hello = await helloOf(world.stateDir)
    assert.ok(hello)
    process.kill(hello.pid, 'SIGKILL')
    return hello.pid
  }
  before(async () => {
    world = await gatewayWorld()
    route = await routeTo(world)
    await world.router.shift(route, never)
  })
  after(() => world.remove())

  test('is started again by its keeper and serves the same route, and what is asked meanwhile is answered by the new one', async () => {
    const pid = await killed()
    const observed = await world.router.observe(route, never)
    assert.deepEqual(observed?.route, route)
    await send(route.listen.port, 1)
    const next = await helloOf(world.stateDir)
    assert.notEqual(next?.pid, pid)
  })

  test('gets a shift that was on its way exactly as it was meant', async () => {
    await killed()
    const next: Route = { ...route, fence: { token: 1, sequence: 2 } }
    const shifted: RouteObservation = await world.router.shift(next, never)
    assert.deepEqual(shifted.route, next)
    route = next
  })

  test('gets its route again from the router when every generation on its disk is damaged', async () => {
    const folder = join(world.stateDir, 'routes')
    for (const name of readdirSync(folder)) writeFileSync(join(folder, name), 'damaged')
    await killed()
    const observed = await world.router.observe(route, never)
    assert.deepEqual(observed?.route, route)
    await send(route.listen.port, 1)
    assert.match(readFileSync(join(world.stateDir, 'gateway.log'), 'utf8'), /route_file_damaged.*store_corrupt/)
  })

  test('is started once when two keepers see it die', async (context) => {
    const command = [process.execPath, '--version']
    const second = new GatewayKeeper({ stateDir: world.stateDir, command, log: silent })
    context.after(() => second.stop())
    await second.ready()
    await killed()
    await world.router.observe(route, never)
    assert.ok(await helloOf(world.stateDir))
  })
})

test('where no gateway is, reading a route says so soon, and a shift called off before it was sent is known not to have happened', async () => {
  const router = gatewayRouter({ stateDir: '/nonexistent', log: silent, ensure: () => {} })
  const unreachable = (error: unknown): boolean => error instanceof SluiceError && error.code === 'gateway_unreachable'
  await assert.rejects(router.observe({ service: 'shop', environment: 'production' }, never), unreachable)
  await assert.rejects(
    router.remove({ service: 's', environment: 'e', fence: { token: 1, sequence: 1 } }, AbortSignal.timeout(20)),
    unreachable,
  )
  router.close()
})
