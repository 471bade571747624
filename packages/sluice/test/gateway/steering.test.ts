/** Rules, user keys, clients that stay, assets of two releases, and copies; through a real gateway. */
import assert from 'node:assert/strict'
import type http from 'node:http'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import { releaseId, rolloutId } from '../../src/core/model.ts'
import type { ApartCounters, Arm, Mirror, Route, RouteRule, Upstream } from '../../src/core/routing.ts'
import type { Answer, TestGateway } from './harness.ts'
import {
  arm,
  ask,
  candidateRelease,
  eventually,
  makeRoute,
  serve,
  stableRelease,
  startRaw,
  startUpstream,
  tripwire,
} from './harness.ts'

const testers: readonly RouteRule[] = [
  { arm: 'candidate', all: [{ kind: 'header', name: 'x-arm', value: { kind: 'equals', text: 'candidate' } }] },
  { arm: 'stable', all: [{ kind: 'cookie', name: 'arm', value: { kind: 'startsWith', text: 'sta' } }] },
]
const sticky = { kind: 'cookie', name: 'arm-key' } as const
const skew = { cookie: 'release', maxAgeMs: 3_600_000 } as const
const failing: http.RequestListener = (_, response) => response.writeHead(500).end('bad')

type Split = TestGateway & {
  readonly old: Upstream
  readonly next: Upstream
  readonly arms: (bp: number) => readonly Arm[]
  readonly put: (sequence: number, parts: Partial<Route>) => Promise<unknown>
}

const split = async (
  t: TestContext,
  route: Partial<Route> & { readonly shareBp?: number },
  options: { candidate?: http.RequestListener; stable?: http.RequestListener; now?: () => number } = {},
): Promise<Split> => {
  const { shareBp = 5_000, ...rest } = route
  const { upstream: old } = await startUpstream(t, 'stable', options.stable)
  const { upstream: next } = await startUpstream(t, 'candidate', options.candidate)
  const arms = (bp: number): readonly Arm[] => [arm('stable', 10_000 - bp, [old]), arm('candidate', bp, [next])]
  const worldParts = options.now === undefined ? {} : { now: options.now }
  const gateway = await serve(t, [], { route: { arms: arms(shareBp), ...rest }, worldParts })
  const put = (sequence: number, parts: Partial<Route>): Promise<unknown> =>
    gateway.control.send({ kind: 'set_route', route: makeRoute(gateway.port, sequence, { ...rest, ...parts }) })
  return { ...gateway, old, next, arms, put }
}

/** A browser: keeps the cookies that it is given. */
class Browser {
  readonly jar = new Map<string, string>()
  readonly port: number
  constructor(port: number) {
    this.port = port
  }
  async ask(path = '/', headers: http.OutgoingHttpHeaders = {}): Promise<Answer> {
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await ask(this.port, { path, headers: { ...headers, ...(cookie === '' ? {} : { cookie }) } })
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [pair = ''] = line.split(';')
      this.jar.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
    }
    return answer
  }
}

const browsers = (port: number, count: number): readonly Browser[] =>
  Array.from({ length: count }, () => new Browser(port))
const bodies = (all: readonly Browser[]): Promise<readonly string[]> =>
  Promise.all(all.map(async (one) => (await one.ask()).body))
const apartOf = async (gateway: TestGateway, why: ApartCounters['why']): Promise<readonly ApartCounters[]> =>
  ((await gateway.control.observe()).apart ?? []).filter((one) => one.why === why)

describe('a rule', () => {
  it('sends testers to the arm that they name, by header or cookie, and none of it is counted by the judge', async (t) => {
    const gateway = await split(t, { shareBp: 0, rules: testers, tripwire }, { candidate: failing })
    for (let count = 0; count < 30; count += 1)
      assert.equal((await ask(gateway.port, { headers: { 'X-Arm': 'candidate' } })).status, 500)
    assert.equal((await ask(gateway.port, { headers: { 'x-arm': 'other' } })).body, 'stable')
    assert.equal((await ask(gateway.port, { headers: { cookie: 'a=1; arm=stable' } })).body, 'stable')
    const { counters, trip, logE } = await gateway.control.observe()
    assert.deepEqual(
      [counters.map(({ requests, units, bad }) => [requests, units, bad]), trip, logE],
      [
        [
          [1, 1, 0],
          [0, 0, 0],
        ],
        null,
        0,
      ],
    )
    assert.deepEqual(await apartOf(gateway, 'rule'), [
      { why: 'rule', release: candidateRelease, requests: 30, bad: 30, skipped: 0 },
      { why: 'rule', release: stableRelease, requests: 1, bad: 0, skipped: 0 },
    ])
  })

  it('leads nowhere any more once the tripwire has cut its arm', async (t) => {
    const gateway = await split(t, { rules: testers, tripwire }, { candidate: failing })
    await eventually('it trips', async () => (await ask(gateway.port)) && (await gateway.control.observe()).trip)
    const { route } = await gateway.control.observe()
    assert.deepEqual(route.rules, testers.slice(1))
    assert.equal((await ask(gateway.port, { headers: { 'x-arm': 'candidate' } })).body, 'stable')
    await assert.rejects(gateway.put(9, { arms: gateway.arms(0) }), /gateway_tripped/)
  })

  it('whose arm does not answer gives the request to stable, uncounted there too', async (t) => {
    const gateway = await split(t, { shareBp: 0, rules: testers })
    const gone = { instance: 'gone', host: '127.0.0.1', port: 1 }
    await gateway.put(2, { arms: [arm('stable', 10_000, [gateway.old]), arm('candidate', 0, [gone])] })
    assert.equal((await ask(gateway.port, { headers: { 'x-arm': 'candidate' } })).body, 'stable')
    assert.equal((await gateway.control.observe()).counters[0]?.requests, 0)
  })
})

describe('a user key', () => {
  const byUser = { kind: 'user', from: 'header', name: 'x-user', fallback: 'client' } as const

  it('keeps a user on one arm on every device; a client without one is kept by the cookie that the gateway issues', async (t) => {
    const gateway = await split(t, { sticky: byUser })
    const seen = new Set<string>()
    for (let user = 0; user < 30; user += 1) {
      const headers = { 'x-user': `user-${user}` }
      const [phone, desk] = [await ask(gateway.port, { headers }), await ask(gateway.port, { headers })]
      assert.equal(phone.body, desk.body)
      assert.equal(phone.headers['set-cookie'], undefined)
      seen.add(phone.body)
    }
    assert.equal(seen.size, 2)
    for (const one of browsers(gateway.port, 10)) {
      const first = await one.ask()
      assert.match(one.jar.get('client') ?? '', /^[\da-f]{32}$/)
      for (let again = 0; again < 3; again += 1) assert.equal((await one.ask()).body, first.body)
    }
  })

  it('may stand in a cookie', async (t) => {
    const gateway = await split(t, { sticky: { ...byUser, from: 'cookie', name: 'uid' } })
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, n) => ask(gateway.port, { headers: { cookie: `x=${n}; uid=ada` } })),
    )
    assert.equal(new Set(answers.map(({ body }) => body)).size, 1)
  })
})

describe('users bouncing between versions', () => {
  it('is impossible: through every share, and the end of the rollout, a client stays with the release that it started on', async (t) => {
    const gateway = await split(t, { shareBp: 500, sticky, skew, tripwire })
    const clients = browsers(gateway.port, 40)
    const started = await bodies(clients)
    for (const [step, share] of [2_500, 5_000, 9_000, 0, 5_000].entries()) {
      await gateway.put(2 + step, { arms: gateway.arms(share) })
      const now = await bodies(clients)
      // A release without a share serves nobody, unless it is named as one that overlaps.
      assert.deepEqual(now, share === 0 ? now.map(() => 'stable') : step < 3 ? started : now)
    }
    const before = await bodies(clients)
    const all = [{ ...arm('stable', 10_000, [gateway.next]), release: candidateRelease }]
    const overlap = [{ release: stableRelease, upstreams: [gateway.old] }]
    await gateway.put(20, { arms: all, overlap, tripwire: null })
    assert.deepEqual(await bodies(clients), before)
    assert.ok(before.includes('stable'))
    assert.deepEqual(new Set(await bodies(browsers(gateway.port, 20))), new Set(['candidate']))
  })

  it('ends when the time is over, when the old instances drain, and when the release was cut: then once, and to what serves', async (t) => {
    let now = 1_000_000
    const gateway = await split(t, { shareBp: 0, sticky, skew }, { now: () => now })
    const [early, late] = [new Browser(gateway.port), new Browser(gateway.port)]
    assert.equal((await early.ask()).body, 'stable')
    now += 3_000_000
    assert.equal((await late.ask()).body, 'stable')
    const all = [{ ...arm('stable', 10_000, [gateway.next]), release: candidateRelease }]
    await gateway.put(2, { arms: all, overlap: [{ release: stableRelease, upstreams: [gateway.old] }] })
    assert.deepEqual(await bodies([early, late]), ['stable', 'stable'])
    now += 700_000
    assert.deepEqual(await bodies([early, late]), ['candidate', 'stable'])
    assert.deepEqual(await bodies([early, late]), ['candidate', 'stable'])
    const { service, environment } = makeRoute(gateway.port, 1)
    await gateway.control.send({ kind: 'drain', service, environment, upstreams: [gateway.old], deadlineMs: 1_000 })
    assert.deepEqual(await bodies([early, late]), ['candidate', 'candidate'])
    // Its port may be somebody else's by now; nobody goes there, also after a restart.
    assert.deepEqual((await gateway.control.observe()).route.overlap, [])
  })

  it('does not keep anybody on a release that the tripwire has cut', async (t) => {
    let bad = false
    const gateway = await split(
      t,
      { sticky, skew, tripwire },
      {
        candidate: (_, response) => response.writeHead(bad ? 500 : 200).end('candidate'),
      },
    )
    const clients = browsers(gateway.port, 30)
    assert.ok((await bodies(clients)).includes('candidate'))
    bad = true
    await eventually('it trips', async () => (await bodies(clients)) && (await gateway.control.observe()).trip)
    for (let again = 0; again < 2; again += 1) assert.deepEqual(new Set(await bodies(clients)), new Set(['stable']))
  })

  it('is no sample where chance did not choose: who came before the rollout counts in neither arm, who came with it at its share', async (t) => {
    const gateway = await split(t, { shareBp: 0, sticky, skew })
    const before = browsers(gateway.port, 20)
    await bodies(before)
    const counts = async (): Promise<readonly number[]> =>
      (await gateway.control.observe()).counters.map(({ requests }) => requests)
    assert.deepEqual(await counts(), [20, 0])
    await gateway.put(2, { arms: gateway.arms(5_000), tripwire })
    assert.deepEqual(new Set(await bodies(before)), new Set(['stable']))
    assert.deepEqual(await counts(), [20, 0])
    const [kept] = await apartOf(gateway, 'skew')
    assert.deepEqual([kept?.requests, kept?.release], [20, stableRelease])
    const fresh = browsers(gateway.port, 20)
    await bodies(fresh)
    await bodies(fresh)
    assert.equal(
      (await counts()).reduce((sum, one) => sum + one, 0),
      60,
    )
    await gateway.put(3, { arms: gateway.arms(7_500), tripwire })
    await bodies(fresh)
    assert.equal(
      (await counts()).reduce((sum, one) => sum + one, 0),
      80,
    )
    const next = { ...tripwire, rollout: rolloutId('rol_2') }
    await gateway.put(4, { arms: gateway.arms(5_000), tripwire: next })
    await bodies(fresh)
    assert.equal(
      (await counts()).reduce((sum, one) => sum + one, 0),
      80,
    )
  })

  it('is not for forgers: a pin of another form, of the future, or of a release that is not there is replaced', async (t) => {
    const gateway = await split(t, { shareBp: 0, sticky, skew })
    const seconds = (ms: number): string => Math.floor(ms / 1_000).toString(36)
    const now = seconds(Date.now())
    for (const pin of [
      'x',
      `${'a'.repeat(12)}.00000000.0.${seconds(Date.now() + 9_000_000)}`,
      `${'c'.repeat(12)}.00000000.0.${now}`,
      `${'b'.repeat(12)}.00000000.0.${now}`,
    ]) {
      const answer = await ask(gateway.port, { headers: { cookie: `release=${pin}` } })
      assert.equal(answer.body, 'stable')
      assert.equal(answer.headers['set-cookie']?.filter((line) => line.startsWith('release=')).length, 1, pin)
    }
  })

  it('a route without a way to tell clients apart does not promise that they stay', async (t) => {
    await assert.rejects(split(t, { skew }), /usage_invalid.*without a cookie that tells them apart/)
  })
})

describe('an asset that only the other release has', () => {
  const has =
    (mine: string): http.RequestListener =>
    (request, response) => {
      const found = request.url === `/assets/${mine}.js`
      response.writeHead(found ? 200 : 404, { 'x-from': mine }).end(found ? `code of ${mine}` : `${mine} has it not`)
    }

  it('is found, whichever release the page came from, while both are up', async (t) => {
    const gateway = await split(
      t,
      { assets: ['/assets/'], sticky, skew },
      { stable: has('old'), candidate: has('new') },
    )
    for (const client of browsers(gateway.port, 8)) {
      for (const file of ['old', 'new']) {
        const answer = await client.ask(`/assets/${file}.js`)
        assert.deepEqual([answer.status, answer.body], [200, `code of ${file}`])
      }
    }
    const { counters } = await gateway.control.observe()
    assert.equal(
      counters.reduce((sum, { requests }) => sum + requests, 0),
      16,
    )
    assert.equal(
      counters.reduce((sum, { bad }) => sum + bad, 0),
      0,
    )
    assert.equal(
      (await apartOf(gateway, 'asset')).reduce((sum, { requests }) => sum + requests, 0),
      8,
    )
  })

  it('is found at the old release after the switch, and what nobody has is the 404 of the own release', async (t) => {
    const gateway = await split(t, { shareBp: 0 }, { stable: has('old'), candidate: has('new') })
    const all = [{ ...arm('stable', 10_000, [gateway.next]), release: candidateRelease }]
    const overlap = [{ release: stableRelease, upstreams: [gateway.old] }]
    await gateway.put(2, { arms: all, assets: ['/assets/'], overlap })
    assert.equal((await ask(gateway.port, { path: '/assets/old.js' })).body, 'code of old')
    const nobody = await ask(gateway.port, { path: '/assets/none.js' })
    assert.deepEqual([nobody.status, nobody.body, nobody.headers['x-from']], [404, 'new has it not', 'new'])
    const head = await ask(gateway.port, { path: '/assets/old.js', method: 'HEAD' })
    assert.deepEqual([head.status, head.body], [200, ''])
    for (const request of [{ path: '/old.js' }, { path: '/assets/old.js', method: 'POST', body: 'x' }])
      assert.equal((await ask(gateway.port, request)).headers['x-from'], 'new')
  })

  it('is the own 404, whole, when the other release hangs or is gone', async (t) => {
    const page = 'x'.repeat(200_000)
    const gateway = await split(t, { shareBp: 0 }, { candidate: (_, response) => response.writeHead(404).end(page) })
    const all = [{ ...arm('stable', 10_000, [gateway.next]), release: candidateRelease }]
    const silent = await startRaw(t, 'silent', () => {})
    const gone = { instance: 'gone', host: '127.0.0.1', port: 1 }
    for (const [index, other] of [gone, silent].entries()) {
      const overlap = [{ release: stableRelease, upstreams: [other] }]
      await gateway.put(2 + index, { arms: all, assets: ['/'], overlap })
      const answer = await ask(gateway.port)
      assert.deepEqual([answer.status, answer.body === page], [404, true])
    }
    const { counters } = await gateway.control.observe()
    assert.deepEqual(
      counters.map(({ requests, bad, inFlight }) => [requests, bad, inFlight]),
      [[2, 0, 0]],
    )
  })
})

describe('a mirror', () => {
  const mirrored = (upstreams: readonly Upstream[], parts: Partial<Mirror> = {}): Mirror => ({
    shareBp: 10_000,
    release: candidateRelease,
    upstreams,
    ...parts,
  })

  it('copies requests of stable with a mark, throws the answers away, and counts them apart', async (t) => {
    const copy = await startUpstream(t, 'copy', failing)
    const original = await startUpstream(t, 'stable')
    const { port, control } = await serve(t, [original.upstream], {
      route: { mirror: mirrored([copy.upstream]), tripwire },
    })
    for (let count = 0; count < 10; count += 1) {
      const answer = await ask(port, { path: `/a/${count}`, headers: { 'x-sluice-mirror': 'forged', 'x-own': 'yes' } })
      assert.deepEqual([answer.status, answer.body], [200, 'stable'])
    }
    assert.equal((await ask(port, { method: 'POST', body: 'x' })).body, 'stable')
    await eventually('all copies are answered', async () => (await control.observe()).apart?.[0]?.requests === 10)
    assert.deepEqual((await control.observe()).apart, [
      { why: 'mirror', release: candidateRelease, requests: 10, bad: 10, skipped: 0 },
    ])
    assert.deepEqual(
      copy.requests.map(({ url, headers }) => [url, headers['x-sluice-mirror'], headers['x-own']]).toSorted(),
      Array.from({ length: 10 }, (_, count) => [`/a/${count}`, '1', 'yes']),
    )
    assert.ok(original.requests.every(({ headers }) => headers['x-sluice-mirror'] === undefined))
    const { counters, logE, trip } = await control.observe()
    assert.deepEqual([counters.map(({ requests, bad }) => [requests, bad]), logE, trip], [[[11, 0]], 0, null])
  })

  it('copies bodies where it is told to, whole, and leaves out those that are too large', async (t) => {
    const copied: string[] = []
    const copy = await startUpstream(t, 'copy', (request, response) => {
      let body = ''
      request.on('data', (bytes) => (body += bytes)).on('end', () => response.end(void copied.push(body)))
    })
    const { upstream } = await startUpstream(t, 'stable', (request, response) =>
      request.resume().on('end', () => response.end('ok')),
    )
    const mirror = mirrored([copy.upstream], { methods: ['POST'] })
    const { port, control } = await serve(t, [upstream], {
      route: { mirror },
      settings: { mirrorBodyBytesMax: 100_000 },
    })
    for (const length of [1, 90_000, 150_000])
      assert.equal((await ask(port, { method: 'POST', body: 'x'.repeat(length) })).status, 200)
    const chunked = { method: 'POST', headers: { 'transfer-encoding': 'chunked' }, body: 'in chunks' }
    assert.equal((await ask(port, chunked)).status, 200)
    await eventually('the copies are answered', async () => (await control.observe()).apart?.[0]?.requests === 3)
    assert.deepEqual(
      copied.map(({ length }) => length).toSorted((a, b) => a - b),
      [1, 9, 90_000],
    )
    assert.equal((await control.observe()).apart?.[0]?.skipped, 1)
  })

  it('that hangs, breaks or is gone delays nobody and is bounded', async (t) => {
    const silent = await startRaw(t, 'silent', () => {})
    const { upstream } = await startUpstream(t, 'stable')
    const { port, control } = await serve(t, [upstream], {
      route: { mirror: mirrored([silent]) },
      settings: { mirrorInFlightMax: 3, mirrorTimeoutMs: 300 },
    })
    const from = performance.now()
    for (let count = 0; count < 10; count += 1) assert.equal((await ask(port)).status, 200)
    assert.ok(performance.now() - from < 300, 'nobody waits for a copy')
    assert.deepEqual(
      (await control.observe()).apart?.map(({ requests, skipped }) => [requests, skipped]),
      [[0, 7]],
    )
    await eventually('the copies are given up', async () => (await control.observe()).apart?.[0]?.bad === 3)
    const gone = { instance: 'gone', host: '127.0.0.1', port: 1 }
    const route = makeRoute(port, 2, { arms: [arm('stable', 10_000, [upstream])], mirror: mirrored([gone]) })
    await control.send({ kind: 'set_route', route })
    assert.equal((await ask(port)).status, 200)
  })

  it('copies a share, and ends with the cut of its release', async (t) => {
    let seed = 3
    const random = (): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      return seed / 2 ** 32
    }
    const copy = await startUpstream(t, 'copy')
    const { upstream } = await startUpstream(t, 'stable')
    const { port, control } = await serve(t, [upstream], {
      route: { mirror: mirrored([copy.upstream], { shareBp: 2_500 }) },
      worldParts: { random },
    })
    for (let count = 0; count < 200; count += 20) await Promise.all(Array.from({ length: 20 }, () => ask(port)))
    assert.ok(Math.abs(copy.requests.length - 50) < 4 * Math.sqrt(200 * 0.25 * 0.75), `${copy.requests.length} of 200`)
    const bad = await startUpstream(t, 'candidate', failing)
    const arms = [arm('stable', 5_000, [upstream]), arm('candidate', 5_000, [bad.upstream])]
    const route = makeRoute(port, 2, { arms, tripwire, mirror: mirrored([bad.upstream]) })
    await control.send({ kind: 'set_route', route })
    await eventually('it trips', async () => (await ask(port)) && (await control.observe()).trip)
    assert.equal((await control.observe()).route.mirror, undefined)
  })
})

describe('a holdback', () => {
  const held = releaseId(`rel_${'a'.repeat(64)}`)

  it('of 1 to 5 % gets its share, is the control of the tripwire, and takes the traffic back when it cuts', async (t) => {
    for (const share of [100, 500]) {
      let bad = false
      const { upstream: old } = await startUpstream(t, 'old')
      const { upstream: next } = await startUpstream(t, 'next', (_, response) =>
        response.writeHead(bad ? 500 : 200).end('next'),
      )
      const arms = [arm('candidate', 10_000 - share, [next]), { ...arm('holdback', share, [old]), release: held }]
      const { port, control } = await serve(t, [], {
        route: { arms, tripwire, sticky: { kind: 'header', name: 'x-user' } },
      })
      const users = Array.from({ length: 1_000 }, (_, user) => ({ 'x-user': `user-${user}` }))
      let onOld = 0
      for (let from = 0; from < users.length; from += 50) {
        const answers = await Promise.all(users.slice(from, from + 50).map((headers) => ask(port, { headers })))
        onOld += answers.filter(({ body }) => body === 'old').length
      }
      const expected = share / 10
      assert.ok(Math.abs(onOld - expected) < 4 * Math.sqrt(expected), `${onOld} of 1000 at ${share / 100} %`)
      bad = true
      let asked = 0
      await eventually('it trips', async () => {
        asked += 50
        await Promise.all(users.slice(asked % 950, (asked % 950) + 50).map((headers) => ask(port, { headers })))
        return (await control.observe()).trip
      })
      const { trip, route } = await control.observe()
      assert.deepEqual(
        route.arms.map(({ name, shareBp }) => [name, shareBp]),
        [
          ['candidate', 0],
          ['holdback', 10_000],
        ],
      )
      assert.ok((trip?.stable.units ?? 0) > 0, 'the holdback is counted as the control')
      assert.equal(trip?.shareBp, 10_000 - share)
    }
  })
})
