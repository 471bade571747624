/** Environments with different routers, and one that changes its router: a real gateway and a real HAProxy. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SluiceError } from '../../src/core/errors.ts'
import { releaseId } from '../../src/core/model.ts'
import type { Route } from '../../src/core/routing.ts'
import type { Router } from '../../src/ports/router.ts'
import { routersByEnvironment } from '../../src/routers/by-environment.ts'
import { haproxyRouter } from '../../src/routers/haproxy/router.ts'
import { freePort } from '../free-port.ts'
import { gatewayWorld, type GatewayWorld } from './gateway-world.ts'
import { haproxyWorld, type HaproxyWorld } from './haproxy-world.ts'

const never = new AbortController().signal
let gateway: GatewayWorld
let haproxy: HaproxyWorld
let both: Router

before(async () => {
  gateway = await gatewayWorld()
  haproxy = await haproxyWorld()
  both = routersByEnvironment(gateway.router, haproxy.router)
})
after(async () => {
  await haproxy.remove()
  await gateway.remove()
})

const routeOf = async (environment: string): Promise<Route> => ({
  service: 'shop',
  environment,
  listen: { host: '127.0.0.1', port: await freePort() },
  fence: { token: 1, sequence: 1 },
  arms: [
    {
      name: 'stable',
      release: releaseId(`rel_${'a'.repeat(64)}`),
      shareBp: 10_000,
      upstreams: [await gateway.instance('a', 'good')],
    },
  ],
  sticky: { kind: 'none' },
  salt: '',
  tripwire: null,
  health: { path: '/', intervalMs: 100, timeoutMs: 500, healthyAfter: 1, unhealthyAfter: 3, startTimeoutMs: 1_000 },
})

const viaHaproxy = (route: Route, sequence: number): Route => ({
  ...route,
  router: 'haproxy',
  fence: { token: 1, sequence },
})

test('an environment goes to the router that it names, and is observed, drained and removed there', async () => {
  const [one, other] = [await routeOf('one'), viaHaproxy(await routeOf('other'), 1)]
  for (const route of [one, other]) assert.deepEqual((await both.shift(route, never)).route, route)
  assert.equal(await haproxy.router.observe(one, never), null)
  assert.equal(await gateway.router.observe(other, never), null)
  for (const route of [one, other]) {
    await gateway.send(route.listen.port, 2)
    assert.equal((await both.observe(route, never))?.counters[0]?.requests, 2)
    await both.remove({ ...route, fence: { token: 1, sequence: 3 } }, never)
    assert.equal(await both.observe(route, never), null)
    await assert.rejects(both.shift(route, never), SluiceError)
  }
})

test('an environment that changes its router is served on the same port by the other one, and back', async () => {
  const route = await routeOf('moving')
  await both.shift(route, never)
  assert.deepEqual((await both.shift(viaHaproxy(route, 2), never)).route, viaHaproxy(route, 2))
  assert.equal(await gateway.router.observe(route, never), null)
  await gateway.send(route.listen.port, 1)
  const back = { ...route, fence: { token: 1, sequence: 3 } }
  assert.deepEqual((await both.shift(back, never)).route, back)
  assert.equal(await haproxy.router.observe(route, never), null)
  await gateway.send(route.listen.port, 1)
})

test('where the other router cannot serve, the one before serves on', async () => {
  const route = await routeOf('staying')
  const silent = { info: () => {}, warn: () => {}, error: () => {} }
  const none = haproxyRouter({
    stateDir: `${haproxy.stateDir}/none`,
    log: silent,
    clock: { now: Date.now },
    path: '',
    morePlaces: [],
  })
  const broken = routersByEnvironment(gateway.router, none)
  await broken.shift(route, never)
  await assert.rejects(
    broken.shift(viaHaproxy(route, 2), never),
    (error) => error instanceof SluiceError && error.code === 'tool_missing',
  )
  await gateway.send(route.listen.port, 1)
  assert.deepEqual((await broken.observe(route, never))?.route.arms, route.arms)
  // A fence that is too old moves nothing.
  await assert.rejects(broken.shift(viaHaproxy(route, 1), never), SluiceError)
  await gateway.send(route.listen.port, 1)
  await none.close()
})
