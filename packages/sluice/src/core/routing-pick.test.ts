import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { releaseId, rolloutId } from './model.ts'
import {
  cutCandidate,
  hashPoint,
  isForbiddenByTrip,
  pickArm,
  routeFault,
  routingPoints,
  saltSeed,
  stickyHash,
  unitHash,
  withoutSideways,
} from './routing-pick.ts'
import type { Arm, ArmName, Route, Trip, Tripwire } from './routing.ts'

const arm = (name: ArmName, shareBp: number, upstreams = 1): Arm => ({
  name,
  release: releaseId(`rel_${name === 'candidate' ? 'b'.repeat(64) : 'a'.repeat(64)}`),
  shareBp,
  upstreams: Array.from({ length: upstreams }, (_, index) => ({
    instance: `${name}-${index}`,
    host: '127.0.0.1',
    port: 9_000 + index,
  })),
})

const armed: Tripwire = {
  rollout: rolloutId('rol_1'),
  policy: { alpha: 0.01, tolerance: 1, ignoreBelow: 0, intervalMs: 1, staleAfterMs: 1 },
}

const route = (arms: readonly Arm[]): Route => ({
  service: 'shop',
  environment: 'production',
  listen: { host: '127.0.0.1', port: 8_080 },
  fence: { token: 1, sequence: 1 },
  arms,
  sticky: { kind: 'none' },
  salt: 'salt',
  tripwire: armed,
  health: { path: '/', intervalMs: 1, timeoutMs: 1, healthyAfter: 1, unhealthyAfter: 1, startTimeoutMs: 1 },
})

const shares = fc
  .tuple(fc.integer({ min: 0, max: routingPoints }), fc.integer({ min: 0, max: routingPoints }))
  .filter(([candidate, holdback]) => candidate + holdback <= routingPoints)
const split = ([candidate, holdback]: readonly [number, number]): readonly Arm[] => [
  arm('stable', routingPoints - candidate - holdback),
  arm('candidate', candidate),
  arm('holdback', holdback),
]
const pointsOf = (arms: readonly Arm[]): readonly (ArmName | undefined)[] =>
  Array.from({ length: routingPoints }, (_, point) => pickArm(arms, point)?.name)

describe('picking an arm', () => {
  it('gives each arm exactly as many points as its share has basis points', () => {
    fc.assert(
      fc.property(shares, (each) => {
        const arms = split(each)
        const picked = pointsOf(arms)
        for (const { name, shareBp } of arms) assert.equal(picked.filter((found) => found === name).length, shareBp)
      }),
      { numRuns: 30 },
    )
  })

  it('moves users only from stable to candidate when the share of the candidate grows', () => {
    fc.assert(
      fc.property(shares, fc.double({ min: 0, max: 1, noNaN: true }), ([candidate, holdback], part) => {
        const more = candidate + Math.floor((routingPoints - candidate - holdback) * part)
        const before = pointsOf(split([candidate, holdback]))
        const now = pointsOf(split([more, holdback]))
        for (const [point, was] of before.entries()) {
          if (now[point] !== was) assert.deepEqual([was, now[point]], ['stable', 'candidate'])
        }
      }),
      { numRuns: 30 },
    )
  })

  it('picks nothing when no arm has a share', () => {
    assert.equal(pickArm([arm('stable', 0), arm('candidate', 0)], 0), null)
  })

  it('spreads sticky keys over the arms as the shares say, whatever the salt (chi-square, 4 sigma)', () => {
    for (const salt of ['', 'a', 'rol_42', 'ü']) {
      const seed = saltSeed(salt)
      const keys = 100_000
      for (const share of [100, 500, 5_000]) {
        let candidates = 0
        for (let key = 0; key < keys; key += 1) if (hashPoint(stickyHash(seed, `user-${key}`)) < share) candidates += 1
        const p = share / routingPoints
        const sigma = Math.sqrt(keys * p * (1 - p))
        assert.ok(Math.abs(candidates - keys * p) < 4 * sigma, `salt ${salt}, share ${share}: ${candidates} of ${keys}`)
      }
    }
  })

  it('chooses other users with another salt', () => {
    const first = saltSeed('one')
    const second = saltSeed('two')
    let both = 0
    let either = 0
    for (let key = 0; key < 20_000; key += 1) {
      const a = hashPoint(stickyHash(first, `${key}`)) < 1_000
      const b = hashPoint(stickyHash(second, `${key}`)) < 1_000
      if (a) either += 1
      if (a && b) both += 1
    }
    assert.ok(Math.abs(both / either - 0.1) < 0.03, `${both} of ${either} are in both`)
  })

  it('counts units by bits that do not depend on the arm', () => {
    const seed = saltSeed('salt')
    const halves = [0, 0]
    for (let key = 0; key < 40_000; key += 1) {
      const hash = stickyHash(seed, `${key}`)
      if (hashPoint(hash) < 500) halves[unitHash(hash) >>> 31] = (halves[unitHash(hash) >>> 31] ?? 0) + 1
    }
    const [low = 0, high = 0] = halves
    assert.ok(Math.abs(low - high) < 4 * Math.sqrt(low + high), `${low} low, ${high} high`)
  })
})

describe('cutting the candidate', () => {
  it('gives its share to stable and leaves the sum as it was', () => {
    fc.assert(
      fc.property(shares, (each) => {
        const cut = cutCandidate(route(split(each)))
        assert.deepEqual(
          cut?.arms.map((one) => [one.name, one.shareBp]),
          [
            ['stable', routingPoints - each[1]],
            ['candidate', 0],
            ['holdback', each[1]],
          ],
        )
      }),
    )
  })

  it('gives it to the holdback when stable has no upstream, and cuts nothing when nobody could take it', () => {
    const withHoldback = cutCandidate(route([arm('candidate', 9_500), arm('holdback', 500)]))
    assert.deepEqual(
      withHoldback?.arms.map((one) => one.shareBp),
      [0, 10_000],
    )
    assert.equal(cutCandidate(route([arm('candidate', 10_000)])), null)
  })
})

describe('ways beside the arms', () => {
  const cut = arm('candidate', 0)
  const base: Route = {
    ...route([arm('stable', 5_000), arm('candidate', 5_000)]),
    rules: [
      { arm: 'candidate', all: [] },
      { arm: 'stable', all: [] },
    ],
    mirror: { shareBp: 100, release: cut.release, upstreams: cut.upstreams },
    overlap: [{ release: cut.release, upstreams: cut.upstreams }],
  }

  it('to a candidate end with its cut', () => {
    const after = cutCandidate(base)
    assert.deepEqual([after?.rules, after?.mirror, after?.overlap], [[{ arm: 'stable', all: [] }], undefined, []])
  })

  it('are forbidden to a rollout whose candidate was cut', () => {
    const trip: Trip = {
      rollout: rolloutId('rol_1'),
      at: 1,
      logE: 5,
      shareBp: 500,
      candidate: { units: 9, badUnits: 9 },
      stable: { units: 99, badUnits: 0 },
    }
    const off = { ...route([arm('stable', 10_000), cut]), fence: { token: 1, sequence: 2 } }
    const { rules = [], mirror, overlap } = base
    assert.ok(mirror && overlap)
    assert.equal(isForbiddenByTrip(off, trip, off), false)
    for (const way of [{ rules }, { mirror }, { overlap }])
      assert.equal(isForbiddenByTrip(off, trip, { ...off, ...way }), true)
  })

  it('to instances that are about to be stopped are taken away', () => {
    assert.equal(withoutSideways(base, [{ instance: 'other', host: '127.0.0.1', port: 1 }]), base)
    const after = withoutSideways(base, cut.upstreams)
    assert.deepEqual([after.mirror, after.overlap, after.arms], [undefined, [], base.arms])
  })
})

describe('a trip', () => {
  const current = route([arm('stable', 10_000), arm('candidate', 0)])
  const trip: Trip = {
    rollout: rolloutId('rol_1'),
    at: 1,
    logE: 5,
    shareBp: 500,
    candidate: { units: 9, badUnits: 9 },
    stable: { units: 99, badUnits: 0 },
  }
  const later = { token: 1, sequence: 2 }
  const all = {
    ...route([{ ...arm('candidate', routingPoints), name: 'stable' as const }]),
    fence: later,
    tripwire: null,
  }

  it('forbids its rollout to give the candidate all traffic in a route that has no tripwire any more', () => {
    assert.equal(isForbiddenByTrip(current, trip, all), true)
    assert.equal(isForbiddenByTrip(current, trip, { ...current, fence: later }), false)
    assert.equal(isForbiddenByTrip(current, trip, { ...route([arm('stable', routingPoints)]), fence: later }), false)
  })

  it('forbids nothing to the next rollout, and nothing where nothing was cut', () => {
    assert.equal(isForbiddenByTrip(current, trip, { ...all, fence: { token: 2, sequence: 1 } }), false)
    const named = { ...all, tripwire: { ...armed, rollout: rolloutId('rol_2') } }
    assert.equal(isForbiddenByTrip(current, trip, named), false)
    assert.equal(isForbiddenByTrip(current, null, all), false)
    assert.equal(isForbiddenByTrip(null, trip, all), false)
  })
})

describe('a fault of a route', () => {
  it('is named', () => {
    assert.equal(routeFault(route([arm('stable', 9_500), arm('candidate', 500)])), null)
    assert.equal(routeFault(route([])), null)
    assert.match(routeFault(route([arm('stable', 9_000)])) ?? '', /sum to 9000/)
    assert.match(routeFault(route([arm('stable', 5_000), arm('stable', 5_000)])) ?? '', /same name/)
    assert.match(routeFault(route([arm('stable', 10_000.5), arm('candidate', -0.5)])) ?? '', /whole number/)
    assert.match(routeFault(route([arm('stable', 10_000, 0)])) ?? '', /no upstream/)
  })
})
