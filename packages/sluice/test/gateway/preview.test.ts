/** The preview address of a route: green alone, until it is switched to. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { freePort } from '../free-port.ts'
import type { Route, Upstream } from '../../src/core/routing.ts'
import {
  arm,
  ask,
  atEnd,
  candidateRelease,
  eventually,
  makeRoute,
  serve,
  startGateway,
  startUpstream,
  stateFolder,
  type TestGateway,
  tripwire,
} from './harness.ts'

const isRefused = (port: number): Promise<boolean> =>
  ask(port).then(
    () => false,
    (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED',
  )

type Shown = TestGateway & {
  readonly preview: number
  readonly blue: Upstream
  readonly green: Upstream
  readonly put: (sequence: number, parts: Partial<Route>) => Promise<unknown>
}

/** Blue serves, green waits for its switch. */
const shown = async (
  t: TestContext,
  options: Parameters<typeof serve>[2] & { readonly handle?: http.RequestListener } = {},
): Promise<Shown> => {
  const { upstream: blue } = await startUpstream(t, 'blue')
  const { upstream: green } = await startUpstream(t, 'green', options.handle)
  const preview = await freePort()
  const arms = [arm('stable', 10_000, [blue]), arm('candidate', 0, [green])]
  const route = { arms, preview: { host: '127.0.0.1', port: preview }, ...options.route }
  const gateway = await serve(t, [], { ...options, route })
  const put = (sequence: number, parts: Partial<Route>): Promise<unknown> =>
    gateway.control.send({ kind: 'set_route', route: makeRoute(gateway.port, sequence, parts) })
  return { ...gateway, preview, blue, green, put }
}

describe('a preview address', () => {
  it('serves green alone, whatever a request says for itself; its answers are no sample', async (t) => {
    const rules = [{ arm: 'stable', all: [{ kind: 'header', name: 'x-blue', value: null }] }] as const
    const { port, preview, control } = await shown(t, { route: { rules, sticky: { kind: 'cookie', name: 'key' } } })
    for (let request = 0; request < 5; request += 1) {
      assert.equal((await ask(port)).body, 'blue')
      const answer = await ask(preview, { headers: { 'x-blue': 'yes' } })
      assert.equal(answer.body, 'green')
      assert.equal(answer.headers['set-cookie'], undefined, 'nobody is kept who only looks')
    }
    const { counters, apart } = await control.observe()
    assert.equal(counters.find(({ release }) => release === candidateRelease)?.requests, 0)
    assert.deepEqual(apart, [{ why: 'preview', release: candidateRelease, requests: 5, bad: 0, skipped: 0 }])
  })

  it('is closed before green is there and after the switch; a kept connection is told so, and never gets the other release', async (t) => {
    const { preview, blue, green, put } = await shown(t)
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    atEnd(t, () => agent.destroy())
    assert.equal((await ask(preview, { agent })).body, 'green')
    const slow = net.connect(preview, '127.0.0.1')
    atEnd(t, () => slow.destroy())
    await once(slow, 'connect')
    // Half of a head, so that the connection is not idle when the address closes.
    slow.write('GET / HTTP/1.1\r\nhost: x\r\n')
    await new Promise((resolve) => setTimeout(resolve, 50))
    await put(2, { arms: [arm('stable', 10_000, [green])] })
    assert.equal(await isRefused(preview), true)
    slow.write('\r\n')
    const [told] = await once(slow.setEncoding('latin1'), 'data')
    assert.match(told, /^HTTP\/1\.1 503 [^]*no release waits for its switch here/)
    await put(3, {
      arms: [arm('stable', 10_000, [blue]), arm('candidate', 0, [green])],
      preview: { host: '127.0.0.1', port: preview },
    })
    assert.equal((await ask(preview)).body, 'green', 'and it opens again for the next one')
  })

  it('does not give a request to blue when green does not answer', async (t) => {
    const gone = await freePort()
    const { upstream: blue } = await startUpstream(t, 'blue')
    const preview = await freePort()
    const arms = [
      arm('stable', 10_000, [blue]),
      arm('candidate', 0, [{ instance: 'green', host: '127.0.0.1', port: gone }]),
    ]
    await serve(t, [], { route: { arms, tripwire, preview: { host: '127.0.0.1', port: preview } } })
    assert.equal((await ask(preview)).status, 502)
  })

  it('is open during maintenance, whose page is for the users', async (t) => {
    const { port, preview, control } = await shown(t)
    const maintenance = { kind: 'page', html: null, retryAfterMs: 1_000 } as const
    await control.send({ kind: 'maintain', service: 'shop', environment: 'production', sequence: 1, maintenance })
    assert.equal((await ask(port)).status, 503)
    assert.equal((await ask(preview)).body, 'green')
  })

  it('that somebody else has is refused by name: nothing has changed, and green has no address', async (t) => {
    const { upstream: blue } = await startUpstream(t, 'blue')
    const { upstream: green } = await startUpstream(t, 'green')
    const { control, port } = await serve(t, [blue])
    const taken = net.createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    atEnd(t, () => taken.close())
    const address = taken.address()
    assert.ok(typeof address === 'object' && address !== null)
    const arms = [arm('stable', 10_000, [blue]), arm('candidate', 0, [green])]
    const set = (preview: number): Promise<unknown> =>
      control.send({
        kind: 'set_route',
        route: makeRoute(port, 2, { arms, preview: { host: '127.0.0.1', port: preview } }),
      })
    await assert.rejects(set(address.port), /^Error: port_in_use: 127.0.0.1:\d+ is in use/)
    await assert.rejects(set(port), /usage_invalid.*cannot be both its address and its preview address/)
    assert.equal((await ask(port)).body, 'blue')
    assert.equal((await control.observe()).route.preview, undefined)
  })

  it('is there again with the snapshot; one that is taken by then is waited for, and keeps nothing else closed', async (t) => {
    const stateDir = stateFolder(t)
    const first = await shown(t, { stateDir })
    await first.stop()
    const second = await startGateway(t, { stateDir, port: first.port })
    assert.equal((await ask(first.preview)).body, 'green')
    await second.stop()
    const squatter = net.createServer((socket) => socket.destroy()).listen(first.preview, '127.0.0.1')
    await once(squatter, 'listening')
    const third = await startGateway(t, { stateDir, port: first.port, settings: { portRetryMs: 20 } })
    assert.equal((await ask(first.port)).body, 'blue')
    assert.ok(third.logs.some(({ event }) => event === 'route_not_listening'))
    squatter.close()
    await eventually('the preview address', async () => !(await isRefused(first.preview)))
    assert.equal((await ask(first.preview)).body, 'green')
  })
})
