import assert from 'node:assert/strict'
import type http from 'node:http'
import { describe, it } from 'node:test'
import type { TestContext } from 'node:test'
import type { Route } from '../../src/core/routing.ts'
import { rolloutId } from '../../src/core/model.ts'
import type { TestGateway } from './harness.ts'
import { arm, ask, eventually, makeRoute, rollout, serve, startUpstream, tripwire } from './harness.ts'

/** A gateway with a stable arm and a candidate; both answer with their name, the candidate after `candidate` has had a look. */
const split = async (
  t: TestContext,
  shareBp: number,
  route: Partial<Route> = {},
  candidate?: http.RequestListener,
): Promise<TestGateway & { arms: (bp: number) => Route['arms'] }> => {
  const old = await startUpstream(t, 'stable')
  const next = await startUpstream(t, 'candidate', candidate)
  const arms = (bp: number): Route['arms'] => [
    arm('stable', 10_000 - bp, [old.upstream]),
    arm('candidate', bp, [next.upstream]),
  ]
  return { ...(await serve(t, [], { route: { arms: arms(shareBp), ...route } })), arms }
}

describe('a split', () => {
  it('by chance gives each arm its share (4 sigma)', async (t) => {
    let seed = 1
    const random = (): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      return seed / 2 ** 32
    }
    const { upstream } = await startUpstream(t, 'stable')
    const next = await startUpstream(t, 'candidate')
    const arms = [arm('stable', 8_000, [upstream]), arm('candidate', 2_000, [next.upstream])]
    const { port, control } = await serve(t, [], { route: { arms }, worldParts: { random } })
    const total = 1_000
    for (let done = 0; done < total; done += 50) await Promise.all(Array.from({ length: 50 }, () => ask(port)))
    const { counters } = await control.observe()
    const candidates = counters[1]?.requests ?? 0
    assert.equal((counters[0]?.requests ?? 0) + candidates, total)
    assert.ok(Math.abs(candidates - 200) < 4 * Math.sqrt(total * 0.2 * 0.8), `${candidates} of ${total}`)
    assert.deepEqual(
      counters.map(({ units }) => units),
      counters.map(({ requests }) => requests),
    )
    for (const { latency, requests } of counters)
      assert.equal(
        latency.reduce((sum, count) => sum + count, 0),
        requests,
      )
  })

  it('by cookie keeps each client on its arm; the cookie is issued once, and no script can read it', async (t) => {
    const { port, control } = await split(t, 5_000, { sticky: { kind: 'cookie', name: 'sluice' } })
    const clients = await Promise.all(Array.from({ length: 40 }, () => ask(port)))
    for (const client of clients) {
      const [cookie = ''] = client.headers['set-cookie'] ?? []
      assert.match(cookie, /^sluice=[\da-f]{32}; Path=\/; HttpOnly; SameSite=Lax$/)
      const headers = { cookie: `other=1; sluice=${cookie.slice(7, 39)}; more=2` }
      for (let again = 0; again < 3; again += 1) {
        const answer = await ask(port, { headers })
        assert.deepEqual([answer.body, answer.headers['set-cookie']], [client.body, undefined])
      }
    }
    assert.equal(new Set(clients.map(({ body }) => body)).size, 2)
    const { counters } = await control.observe()
    // Units are estimated (HyperLogLog): now and then two of forty clients are taken for one.
    const units = counters.reduce((sum, arm) => sum + arm.units, 0)
    assert.ok(Math.abs(units - 40) <= 3, `${units} units of 40 clients`)
    assert.equal(
      counters.reduce((sum, { requests }) => sum + requests, 0),
      160,
    )
  })

  it('gives a new cookie for one that it did not issue', async (t) => {
    const { port } = await split(t, 5_000, { sticky: { kind: 'cookie', name: 'sluice' } })
    const answer = await ask(port, { headers: { cookie: 'sluice=mine; xsluice=0123456789abcdef0123456789abcdef' } })
    assert.equal(answer.headers['set-cookie']?.length, 1)
  })

  it('by header keeps each value on its arm, moves values only from stable to candidate as the share grows, and draws where there is none', async (t) => {
    const { port, control, arms } = await split(t, 1_000, { sticky: { kind: 'header', name: 'X-User' } })
    const users = Array.from({ length: 60 }, (_, index) => `user-${index}`)
    const armsOf = async (): Promise<string[]> =>
      Promise.all(users.map(async (user) => (await ask(port, { headers: { 'x-user': user } })).body))
    let before = await armsOf()
    assert.deepEqual(await armsOf(), before)
    for (const [step, share] of [3_000, 6_000, 10_000].entries()) {
      await control.send({
        kind: 'set_route',
        route: makeRoute(port, 2 + step, { arms: arms(share), sticky: { kind: 'header', name: 'X-User' } }),
      })
      const now = await armsOf()
      for (const [index, was] of before.entries())
        assert.ok(now[index] === was || was === 'stable', `${users[index]} bounced back`)
      before = now
    }
    assert.deepEqual(new Set(before), new Set(['candidate']))
    assert.equal((await ask(port)).body, 'candidate')
  })
})

describe('an armed tripwire', () => {
  const failing: http.RequestListener = (_, response) => response.writeHead(500).end('bad')

  it('cuts the candidate in the turn of the response that decides it: no request after the last bad one reaches it', async (t) => {
    let served = 0
    const { port, control } = await split(t, 500, { tripwire }, (_, response) => {
      served += 1
      response.writeHead(500).end('bad')
    })
    await control.send({ kind: 'subscribe' })
    let bad = 0
    for (let count = 0; count < 2_000 && bad < 50; count += 1) {
      if ((await ask(port)).status === 500) bad += 1
      const { trip } = await control.observe()
      if (trip) break
    }
    const seen = await eventually('the notice', () => control.notices.find((notice) => notice.kind === 'tripped'))
    const { trip, route, logE } = await control.observe()
    assert.equal(seen.kind === 'tripped' && seen.trip.rollout, rollout)
    assert.deepEqual(
      [trip?.rollout, trip?.shareBp, trip?.candidate.badUnits, trip?.candidate.units],
      [rollout, 500, bad, bad],
    )
    assert.ok(bad >= 2 && bad <= 4, `${bad} bad responses at 5 %`)
    assert.ok((trip?.logE ?? 0) >= Math.log(100) && logE === trip?.logE)
    assert.deepEqual(
      route.arms.map(({ shareBp }) => shareBp),
      [10_000, 0],
    )
    for (let count = 0; count < 60; count += 1) assert.equal((await ask(port)).body, 'stable')
    assert.equal(served, bad)
  })

  it('never lets the cut rollout back, also under a newer fence, and lets the next rollout begin with no evidence', async (t) => {
    const { port, control, arms } = await split(t, 5_000, { tripwire }, failing)
    await eventually('it trips', async () => (await ask(port)) && (await control.observe()).trip)
    const again = makeRoute(port, 9, { arms: arms(100), tripwire })
    await assert.rejects(control.send({ kind: 'set_route', route: again }), /^Error: gateway_tripped: /)
    const off = await control.send({ kind: 'set_route', route: makeRoute(port, 9, { arms: arms(0), tripwire }) })
    assert.equal(off.trip?.rollout, rollout)
    const next = { ...tripwire, rollout: rolloutId('rol_2') }
    const fresh = await control.send({
      kind: 'set_route',
      route: makeRoute(port, 10, { arms: arms(100), tripwire: next }),
    })
    assert.deepEqual([fresh.trip, fresh.logE, fresh.route.arms[1]?.shareBp], [null, 0, 100])
    await assert.rejects(
      control.send({ kind: 'set_route', route: makeRoute(port, 11, { arms: arms(1), tripwire }) }),
      /gateway_tripped/,
    )
  })

  it('does not let the cut rollout give its candidate all traffic as the only arm, where no tripwire names it', async (t) => {
    const { port, control, arms } = await split(t, 5_000, { tripwire }, failing)
    await eventually('it trips', async () => (await ask(port)) && (await control.observe()).trip)
    const [, candidate] = arms(10_000)
    assert.ok(candidate)
    const all = makeRoute(port, 9, { arms: [{ ...candidate, name: 'stable' }], tripwire: null })
    await assert.rejects(control.send({ kind: 'set_route', route: all }), /gateway_tripped/)
    assert.equal((await ask(port)).body, 'stable')
  })

  it('counts a sticky unit once, at its first bad response', async (t) => {
    const { port, control } = await split(t, 5_000, { tripwire, sticky: { kind: 'header', name: 'x-user' } }, failing)
    const user = await eventually('a user of the candidate', async () => {
      const name = `user-${Math.trunc(performance.now() * 1_000)}`
      return (await ask(port, { headers: { 'x-user': name } })).status === 500 && name
    })
    const before = await control.observe()
    for (let count = 0; count < 30; count += 1) await ask(port, { headers: { 'x-user': user } })
    const after = await control.observe()
    assert.equal(after.trip, null)
    assert.equal(after.logE, before.logE)
    const [was, is] = [before.counters[1], after.counters[1]]
    assert.deepEqual([is?.badUnits, is?.units, (is?.bad ?? 0) - (was?.bad ?? 0)], [was?.badUnits, was?.units, 30])
  })

  it('stays quiet while both arms are equally bad', async (t) => {
    const answer: http.RequestListener = (request, response) => {
      const bad = Number(request.headers['x-n']) % 10 === 0
      response.writeHead(bad ? 500 : 200).end()
    }
    const old = await startUpstream(t, 'stable', answer)
    const next = await startUpstream(t, 'candidate', answer)
    let seed = 7
    const random = (): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      return seed / 2 ** 32
    }
    const arms = [arm('stable', 5_000, [old.upstream]), arm('candidate', 5_000, [next.upstream])]
    const { port, control } = await serve(t, [], { route: { arms, tripwire }, worldParts: { random } })
    for (let n = 0; n < 600; n += 20)
      await Promise.all(Array.from({ length: 20 }, (_, index) => ask(port, { headers: { 'x-n': n + index } })))
    const { trip, counters } = await control.observe()
    assert.equal(trip, null)
    assert.equal(
      counters.reduce((sum, { bad }) => sum + bad, 0),
      60,
    )
  })

  it('does not stop a candidate whose own rate is below what anyone would care about', async (t) => {
    const policy = { ...tripwire.policy, ignoreBelow: 0.9 }
    let count = 0
    const { port, control } = await split(t, 1_000, { tripwire: { rollout, policy } }, (_, response) => {
      count += 1
      response.writeHead(count % 2 === 0 ? 500 : 200).end()
    })
    await eventually('the evidence would suffice', async () => {
      await Promise.all(Array.from({ length: 20 }, () => ask(port)))
      return ((await control.observe()).logE ?? 0) > Math.log(100)
    })
    assert.equal((await control.observe()).trip, null)
  })

  it('keeps its evidence when the same rollout gets another share', async (t) => {
    const { port, control, arms } = await split(
      t,
      5_000,
      { tripwire: { rollout, policy: { ...tripwire.policy, alpha: 1e-9 } } },
      failing,
    )
    await eventually(
      'some evidence',
      async () => (await ask(port)) && ((await control.observe()).counters[1]?.bad ?? 0) >= 3,
    )
    const { logE } = await control.observe()
    const route = makeRoute(port, 2, {
      arms: arms(2_500),
      tripwire: { rollout, policy: { ...tripwire.policy, alpha: 1e-9 } },
    })
    const after = await control.send({ kind: 'set_route', route })
    assert.deepEqual([after.logE, (after.counters[1]?.bad ?? 0) >= 3], [logE, true])
  })
})
