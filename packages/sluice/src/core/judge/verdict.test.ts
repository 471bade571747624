import { deepStrictEqual, match, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { replay } from './replay.ts'
import type { JudgeStatistics } from './statistics.ts'
import { type Demand, judge, type Measurement } from './verdict.ts'

const policy = { alpha: 0.01, tolerance: 1, ignoreBelow: 0.01, intervalMs: 1_000, staleAfterMs: 3_000 }
const now = 1_000_000
const good: Measurement = {
  kind: 'measured',
  logE: 0.2,
  shareBp: 500,
  candidate: { units: 100, badUnits: 0 },
  stable: { units: 1_900, badUnits: 2 },
  tripped: false,
  observedAt: now - 500,
}
const baked = { baked: true, unitsMin: 50 }
const verdictOf = (change: Partial<Measurement>, demand = baked): string =>
  judge({ ...good, ...change }, { policy, demand }, now).verdict

test('a pass needs the whole bake, the units that were asked for, and at least one', () => {
  strictEqual(verdictOf({}), 'pass')
  strictEqual(verdictOf({}, { baked: false, unitsMin: 0 }), 'hold')
  strictEqual(verdictOf({ candidate: { units: 49, badUnits: 0 } }), 'hold')
  strictEqual(verdictOf({ candidate: { units: 50, badUnits: 0 } }), 'pass')
  strictEqual(verdictOf({ candidate: { units: 0, badUnits: 0 } }, { baked: true, unitsMin: 0 }), 'hold')
})

test('evidence at 1/α fails, baked or not; below it does not', () => {
  const bad = { units: 100, badUnits: 30 }
  strictEqual(verdictOf({ logE: Math.log(100), candidate: bad }, { baked: false, unitsMin: 0 }), 'fail')
  strictEqual(verdictOf({ logE: Math.log(100) - 1e-9, candidate: bad }), 'pass')
})

test('a candidate whose own bad rate nobody would care about is not stopped', () => {
  strictEqual(verdictOf({ logE: 9, candidate: { units: 1_000, badUnits: 10 } }), 'pass')
  strictEqual(verdictOf({ logE: 9, candidate: { units: 1_000, badUnits: 11 } }), 'fail')
})

test('a trip fails whatever the counts say, also when they are stale', () => {
  strictEqual(verdictOf({ tripped: true }), 'fail')
  strictEqual(verdictOf({ tripped: true, observedAt: 0, logE: null }), 'fail')
})

test('stale counts, counts from the future, and no evidence are broken, never a pass', () => {
  strictEqual(verdictOf({ observedAt: now - 3_000 }), 'pass')
  strictEqual(verdictOf({ observedAt: now - 3_001 }), 'broken')
  strictEqual(verdictOf({ observedAt: now + 3_001 }), 'broken')
  strictEqual(verdictOf({ observedAt: Number.NaN }), 'broken')
  strictEqual(verdictOf({ logE: null }), 'broken')
  strictEqual(verdictOf({ logE: Number.NaN }), 'broken')
})

test('the record carries the numbers it was decided on', () => {
  const record = judge(good, { policy, demand: baked }, now)
  const { candidate, stable, shareBp } = good
  deepStrictEqual(
    { ...record, detail: '' },
    { verdict: 'pass', at: now, logE: 0.2, shareBp, candidate, stable, detail: '' },
  )
  match(record.detail, /candidate 0 of 100 bad .*stable 2 of 1900 bad/)
})

test('property: without fresh counts, evidence and units there is no pass', () => {
  const counts = fc.nat(1_000).chain((units) => fc.record({ units: fc.constant(units), badUnits: fc.nat(units) }))
  const measurement = fc.record({
    kind: fc.constant('measured' as const),
    logE: fc.option(fc.double({ min: -20, max: 20 })),
    shareBp: fc.nat(10_000),
    candidate: counts,
    stable: counts,
    tripped: fc.boolean(),
    observedAt: fc.integer({ min: now - 10_000, max: now + 10_000 }),
  })
  const demand = fc.record({ baked: fc.boolean(), unitsMin: fc.nat(500) })
  fc.assert(
    fc.property(measurement, demand, (measured, asked) => {
      const { verdict } = judge(measured, { policy, demand: asked }, now)
      const isFresh = Math.abs(now - measured.observedAt) <= policy.staleAfterMs
      const hasEvidence = measured.logE !== null && !Number.isNaN(measured.logE) && !measured.tripped
      const hasUnits = measured.candidate.units >= Math.max(1, asked.unitsMin)
      return verdict !== 'pass' || (isFresh && hasEvidence && hasUnits && asked.baked)
    }),
  )
})

const seen = (units: number) => ({ requests: units, units })
const strata = (candidate: number, stable: number) => [{ shareBp: 5_000, candidate, stable }]
const statistics = (metrics: JudgeStatistics['metrics'], units = 10_000): JudgeStatistics => ({
  since: 0,
  candidate: seen(units),
  stable: seen(units),
  alone: seen(0),
  metrics,
})

test('statistics decide, whatever a router says of the evidence', () => {
  const bad = statistics([{ metric: 'errors', strata: strata(300, 20), twins: [10, 10] }])
  strictEqual(verdictOf({ logE: 0, statistics: bad }), 'fail')
  const good = statistics([{ metric: 'errors', strata: strata(20, 20), twins: [10, 10] }])
  strictEqual(verdictOf({ logE: 99, statistics: good }), 'pass')
})

test('a stable arm that differs from itself makes every count worthless: broken, not pass and not fail', () => {
  for (const [candidate, stable] of [
    [0, 100],
    [300, 100],
  ] as const) {
    const seenTwice = statistics([{ metric: 'errors', strata: strata(candidate, stable), twins: [90, 10] }])
    const record = judge({ ...good, statistics: seenTwice }, { policy, demand: baked }, now)
    strictEqual(record.verdict, 'broken')
    match(record.detail, /not independent/)
  }
})

test('proven good ends a step before it is baked, where that suffices; never without its units', () => {
  const proof = { ...policy, prove: { margin: 1.5, alpha: 0.05 } }
  const early = { baked: false, unitsMin: 50, proof: 'suffices' } as const
  const equal = statistics([{ metric: 'errors', strata: strata(200, 200), twins: [100, 100] }])
  const of = (measurement: Measurement, demand: Demand) => judge(measurement, { policy: proof, demand }, now)
  const record = of({ ...good, statistics: equal }, early)
  strictEqual(record.verdict, 'pass')
  strictEqual(record.proven, true)
  strictEqual(of({ ...good, statistics: equal }, { baked: false, unitsMin: 50 }).verdict, 'hold')
  strictEqual(of({ ...good, statistics: equal, candidate: { units: 49, badUnits: 0 } }, early).verdict, 'hold')
  const unsure = statistics([{ metric: 'errors', strata: strata(10, 10), twins: [5, 5] }], 100)
  const unproven = of({ ...good, statistics: unsure }, early)
  deepStrictEqual([unproven.verdict, unproven.proven], ['hold', false])
})

test('replayed under a stricter policy, a past rollout stops at the look at which that policy would have seen enough', () => {
  const looks = [10, 25, 40, 80].map((bad, index) => ({
    at: now + index * 1_000,
    measurement: {
      ...good,
      observedAt: now + index * 1_000,
      statistics: statistics([{ metric: 'errors', strata: strata(2 * bad, bad), twins: [bad, 0] as const }], 100_000),
    },
  }))
  const bare = { ...good, observedAt: now }
  const played = replay([{ at: now, measurement: bare }, ...looks], { ...policy, alpha: 0.4, ignoreBelow: 0 })
  strictEqual(played.unknown, 1)
  const lenient = replay(looks, { ...policy, alpha: 1e-9, ignoreBelow: 0 })
  strictEqual(lenient.stoppedAt, null)
  const independent = looks.map((look) => ({
    ...look,
    measurement: {
      ...look.measurement,
      statistics: statistics(
        look.measurement.statistics.metrics.map((one) => ({ ...one, twins: [0, 0] as const })),
        1_000,
      ),
    },
  }))
  const strict = replay(independent, { ...policy, ignoreBelow: 0 })
  strictEqual(strict.stoppedAt, now + 2_000)
  deepStrictEqual(
    strict.verdicts.map(({ verdict }) => verdict),
    ['hold', 'hold', 'fail'],
  )
})
