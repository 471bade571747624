import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { logE, noEvidence, weigh } from '../../core/judge/eprocess.ts'
import { releaseId, rolloutId } from '../../core/model.ts'
import type { Route, Trip } from '../../core/routing.ts'
import { defaultSettings } from '../settings.ts'
import type { World } from '../world.ts'
import { LiveRoute } from './live-route.ts'
import type { LiveArm } from './live-route.ts'

const upstream = (instance: string): Route['arms'][number]['upstreams'][number] => ({
  instance,
  host: '127.0.0.1',
  port: 9,
})
const routeAt = (shareBp: number, alpha = 0.01): Route => ({
  service: 'shop',
  environment: 'production',
  listen: { host: '127.0.0.1', port: 8_080 },
  fence: { token: 1, sequence: 1 },
  arms: [
    {
      name: 'stable',
      release: releaseId(`rel_${'a'.repeat(64)}`),
      shareBp: 10_000 - shareBp,
      upstreams: [upstream('a')],
    },
    { name: 'candidate', release: releaseId(`rel_${'b'.repeat(64)}`), shareBp, upstreams: [upstream('b')] },
  ],
  sticky: { kind: 'header', name: 'x-user' },
  salt: 'salt',
  tripwire: {
    rollout: rolloutId('rol_1'),
    policy: { alpha, tolerance: 1, ignoreBelow: 0, intervalMs: 1, staleAfterMs: 1 },
  },
  health: { path: '/', intervalMs: 1, timeoutMs: 1, healthyAfter: 1, unhealthyAfter: 1, startTimeoutMs: 1 },
})

const world: World = { now: () => 42, monotonic: () => 0, random: () => 0, token: () => '0'.repeat(32), log: () => {} }

const open = (route: Route): { live: LiveRoute; trips: Trip[] } => {
  const trips: Trip[] = []
  const listener = { tripped: (_: LiveRoute, trip: Trip) => void trips.push(trip), healthChanged: () => {} }
  return { live: new LiveRoute(route, { world, settings: defaultSettings, listener }), trips }
}

const armOf = (live: LiveRoute, name: string): LiveArm => {
  const found = live.arms.find((arm) => arm.name === name)
  assert.ok(found)
  return found
}

describe('a live route', () => {
  it('has cut the candidate when the call that counts the deciding response returns', () => {
    const { live, trips } = open(routeAt(500))
    let bad = 0
    while (trips.length === 0) {
      const candidate = armOf(live, 'candidate')
      live.count(candidate, null, 1)
      live.countBad(candidate, null)
      bad += 1
      assert.ok(bad <= 3, 'at 5 %, three bad responses of the candidate alone suffice')
    }
    assert.deepEqual(
      live.route.arms.map(({ shareBp }) => shareBp),
      [10_000, 0],
    )
    for (let user = 0; user < 1_000; user += 1) assert.equal(live.choose(`user-${user}`)?.arm.name, 'stable')
    live.countBad(armOf(live, 'candidate'), null)
    assert.equal(trips.length, 1, 'what still comes in from the candidate trips nothing again')
    assert.deepEqual([trips[0]?.at, trips[0]?.shareBp, trips[0]?.candidate], [42, 500, { units: bad, badUnits: bad }])
  })

  it('weighs each bad response at the share in force when its request came, exactly as the e-process does', () => {
    const event = fc.record({ shareBp: fc.integer({ min: 1, max: 9_999 }), candidate: fc.boolean() })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        const { live } = open(routeAt(500, 1e-300))
        let evidence = noEvidence
        for (const { shareBp, candidate } of events) {
          live.put(routeAt(shareBp, 1e-300))
          live.countBad(armOf(live, candidate ? 'candidate' : 'stable'), null)
          evidence = weigh(evidence, { share: shareBp / 10_000, candidate }, 1)
        }
        assert.equal(logE(live.watch.errors.evidence), logE(evidence))
      }),
    )
  })

  it('counts a sticky unit once in a rollout, also when a growing share has moved it to the candidate', () => {
    const { live } = open(routeAt(500))
    const moved = Array.from({ length: 200 }, (_, user) => `user-${user}`).filter(
      (key) => live.choose(key)?.arm.name === 'stable',
    )
    for (const key of moved) {
      const choice = live.choose(key)
      if (choice) live.countBad(choice.arm, choice.unit)
    }
    const before = logE(live.watch.errors.evidence)
    live.put(routeAt(9_900))
    for (const key of moved) {
      const choice = live.choose(key)
      if (choice) live.countBad(choice.arm, choice.unit)
    }
    assert.equal(logE(live.watch.errors.evidence), before)
    assert.equal(live.trip, null)
  })

  it('begins the next rollout with no evidence and nobody counted', () => {
    const { live } = open(routeAt(5_000))
    live.countBad(armOf(live, 'candidate'), 7)
    const next = {
      ...routeAt(5_000),
      tripwire: {
        rollout: rolloutId('rol_2'),
        policy: { alpha: 0.01, tolerance: 1, ignoreBelow: 0, intervalMs: 1, staleAfterMs: 1 },
      },
    }
    live.put(next)
    assert.equal(logE(live.watch.errors.evidence), 0)
    live.countBad(armOf(live, 'candidate'), 7)
    assert.ok(logE(live.watch.errors.evidence) > 0)
  })

  it('does not hold late failures of the rollout before against the next one; they count for the release that they are of', () => {
    const { live, trips } = open(routeAt(500))
    const late = armOf(live, 'candidate')
    late.tally.inFlight += 1
    const [, promoted] = routeAt(0).arms
    const onTrial = {
      name: 'candidate',
      release: releaseId(`rel_${'c'.repeat(64)}`),
      upstreams: [upstream('c')],
    } as const
    assert.ok(promoted)
    live.put({
      ...routeAt(0),
      arms: [
        { ...promoted, name: 'stable', shareBp: 9_500 },
        { ...onTrial, shareBp: 500 },
      ],
      tripwire: {
        rollout: rolloutId('rol_2'),
        policy: { alpha: 0.01, tolerance: 1, ignoreBelow: 0, intervalMs: 1, staleAfterMs: 1 },
      },
    })
    for (let each = 0; each < 10; each += 1) {
      live.count(late, null, 1)
      live.countBad(late, null)
    }
    assert.deepEqual([trips, logE(live.watch.errors.evidence), live.watch.errors.stableBad], [[], 0, 0])
    assert.deepEqual([live.tallies.get(promoted.release)?.requests, live.tallies.get(promoted.release)?.bad], [10, 10])
  })

  it('weighs a bad response at the share at which its request was given to an arm, however late it comes', () => {
    const { live } = open(routeAt(5_000))
    const late = armOf(live, 'candidate')
    live.put(routeAt(100))
    live.countBad(late, null)
    assert.equal(logE(live.watch.errors.evidence), logE(weigh(noEvidence, { share: 0.5, candidate: true }, 1)))
    live.countBad(armOf(live, 'candidate'), null)
    const twice = weigh(weigh(noEvidence, { share: 0.5, candidate: true }, 1), { share: 0.01, candidate: true }, 1)
    assert.equal(logE(live.watch.errors.evidence), logE(twice))
  })

  it('keeps the counts of a release that becomes stable, and forgets one that has left', () => {
    const { live } = open(routeAt(5_000))
    live.count(armOf(live, 'candidate'), null, 1)
    const [, candidate] = routeAt(5_000).arms
    assert.ok(candidate)
    live.put({ ...routeAt(0), arms: [{ ...candidate, name: 'stable', shareBp: 10_000 }], tripwire: null })
    assert.deepEqual(
      [...live.tallies.values()].map(({ release, requests }) => [release, requests]),
      [[candidate.release, 1]],
    )
    assert.deepEqual([...live.pools.keys()], ['b 127.0.0.1:9'])
  })
})
