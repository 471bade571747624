/** Maintenance and pauses at the gate of a route; through a real gateway. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Maintenance } from '../../src/core/routing.ts'
import type { TestGateway } from './harness.ts'
import { arm, ask, eventually, makeRoute, serve, startGateway, startUpstream } from './harness.ts'

const page: Maintenance = { kind: 'page', html: '<h1>Zurück um 5</h1>\n', retryAfterMs: 90_000 }
const bypass = [{ kind: 'cookie', name: 'crew', value: { kind: 'equals', text: 'secret' } }] as const

const maintain = (gateway: TestGateway, sequence: number, maintenance: Maintenance | null): Promise<unknown> =>
  gateway.control.send({ kind: 'maintain', service: 'shop', environment: 'production', sequence, maintenance })

describe('maintenance', () => {
  it('is a 503 with the page and Retry-After for everybody but the configured bypass; health requests pass', async (t) => {
    const { upstream, requests } = await startUpstream(t, 'up')
    const gateway = await serve(t, [upstream], { route: { bypass } })
    await maintain(gateway, 1, page)
    const answer = await ask(gateway.port, { path: '/cart', method: 'POST', body: 'x' })
    assert.deepEqual(
      [answer.status, answer.headers['retry-after'], answer.headers['content-type']],
      [503, '90', 'text/html; charset=utf-8'],
    )
    assert.equal(Buffer.from(answer.body, 'latin1').toString('utf8'), '<h1>Zurück um 5</h1>\n')
    assert.equal((await ask(gateway.port, { headers: { cookie: 'crew=guess' } })).status, 503)
    assert.equal(requests.length, 0)
    assert.equal((await ask(gateway.port, { headers: { cookie: 'crew=secret' } })).body, 'up')
    assert.equal((await ask(gateway.port, { path: '/health' })).body, 'up')
    const { maintenance, counters } = await gateway.control.observe()
    assert.deepEqual([maintenance, counters[0]?.requests, counters[0]?.bad], [page, 2, 0])
    await maintain(gateway, 2, null)
    assert.equal((await ask(gateway.port)).body, 'up')
    assert.equal((await gateway.control.observe()).maintenance, undefined)
  })

  it('stays through a new route and a restart of the gateway, and an older word about it is refused', async (t) => {
    const { upstream } = await startUpstream(t, 'up')
    const gateway = await serve(t, [upstream])
    await maintain(gateway, 5, { ...page, html: null })
    const route = makeRoute(gateway.port, 2, { arms: [arm('stable', 10_000, [upstream])] })
    await gateway.control.send({ kind: 'set_route', route })
    await assert.rejects(maintain(gateway, 4, null), /fence_stale/)
    await gateway.stop()
    const again = await startGateway(t, { stateDir: gateway.stateDir, port: gateway.port })
    const answer = await ask(gateway.port)
    assert.deepEqual([answer.status, answer.body.includes('Back soon')], [503, true])
    await assert.rejects(maintain(again, 4, null), /fence_stale/)
    await maintain(again, 6, null)
    assert.equal((await ask(gateway.port)).body, 'up')
  })

  it('needs a route', async (t) => {
    await assert.rejects(maintain(await startGateway(t), 1, page), /not_found/)
  })
})

describe('a bounded pause', () => {
  it('has requests wait until it ends, in their order, and lets them go by itself', async (t) => {
    const order: (string | undefined)[] = []
    const { upstream } = await startUpstream(t, 'up', (request, response) => response.end(void order.push(request.url)))
    const gateway = await serve(t, [upstream])
    await maintain(gateway, 1, { kind: 'hold', untilAt: Date.now() + 60_000 })
    let started = 0
    const waiting = ['/1', '/2', '/3'].map(async (path, index) => {
      await eventually('its turn', () => index === 0 || started > index - 1)
      const asked = ask(gateway.port, { path })
      setTimeout(() => (started = index + 1), 30)
      return asked
    })
    await eventually('all wait', () => started === 3)
    assert.deepEqual(order, [])
    assert.equal((await ask(gateway.port, { path: '/health' })).status, 200)
    await maintain(gateway, 2, null)
    for (const each of waiting) assert.equal((await each).status, 200)
    assert.deepEqual(order, ['/health', '/1', '/2', '/3'])
    const untilAt = Date.now() + 150
    await maintain(gateway, 3, { kind: 'hold', untilAt })
    assert.equal((await ask(gateway.port)).status, 200)
    // A timer may be a millisecond early.
    assert.ok(Date.now() >= untilAt - 2)
    assert.equal((await gateway.control.observe()).maintenance, undefined)
  })

  it('turns into a page for those that wait, when somebody says so', async (t) => {
    const { upstream } = await startUpstream(t, 'up')
    const gateway = await serve(t, [upstream])
    await maintain(gateway, 1, { kind: 'hold', untilAt: Date.now() + 60_000 })
    const waiting = ask(gateway.port)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await maintain(gateway, 2, page)
    assert.equal((await waiting).status, 503)
  })
})

describe('a service that may not run twice', () => {
  it('has no request fail between its old and its new release: they wait while no release serves', async (t) => {
    const { upstream } = await startUpstream(t, 'old')
    const { upstream: next } = await startUpstream(t, 'next')
    const gateway = await serve(t, [upstream])
    await gateway.control.send({ kind: 'set_route', route: makeRoute(gateway.port, 2) })
    const waiting = Array.from({ length: 5 }, () => ask(gateway.port))
    await new Promise((resolve) => setTimeout(resolve, 100))
    const route = makeRoute(gateway.port, 3, { arms: [arm('stable', 10_000, [next])] })
    await gateway.control.send({ kind: 'set_route', route })
    assert.deepEqual(
      (await Promise.all(waiting)).map(({ status, body }) => [status, body]),
      waiting.map(() => [200, 'next']),
    )
  })
})
