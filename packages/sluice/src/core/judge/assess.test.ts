import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { JudgePolicy } from '../model.ts'
import { assess } from './assess.ts'
import { logE, noEvidence, weigh } from './eprocess.ts'
import { metricsOf, testsOf } from './metrics.ts'
import { addBad, evidenceOf, type JudgeStatistics, noStatistics, type Stratum, strataMax } from './statistics.ts'

const policy: JudgePolicy = { alpha: 0.01, tolerance: 1, ignoreBelow: 0, intervalMs: 1_000, staleAfterMs: 10_000 }
const latency = { quantiles: [0.95, 0.99], tolerance: 1.25, warmupMs: 0 }
const stratum = fc.record({
  shareBp: fc.integer({ min: 1, max: 9_999 }),
  candidate: fc.nat(20),
  stable: fc.nat(20),
})
const batches = fc.array(stratum, { maxLength: 12 })
const added = (all: readonly Stratum[], metric = 'errors') => all.reduce(addBad, noStatistics(metric))
const close = (left: number, right: number): boolean => Math.abs(left - right) <= 1e-9 * Math.max(1, Math.abs(left))
const seen = (units: number) => ({ requests: units, units })
const statistics = (metrics: JudgeStatistics['metrics'], units = 1_000): JudgeStatistics => ({
  since: 0,
  candidate: seen(units),
  stable: seen(units),
  alone: seen(0),
  metrics,
})
const bad = (metric: string, candidate: number, stable = 0) => added([{ shareBp: 500, candidate, stable }], metric)

describe('sufficient statistics', () => {
  it('give the evidence that weighing each event by itself gives', () => {
    fc.assert(
      fc.property(batches, fc.double({ min: 1, max: 3, noNaN: true }), (all, tolerance) => {
        let one = noEvidence
        for (const { shareBp, candidate, stable } of all) {
          for (let event = 0; event < candidate; event += 1)
            one = weigh(one, { share: shareBp / 10_000, candidate: true }, tolerance)
          for (let event = 0; event < stable; event += 1)
            one = weigh(one, { share: shareBp / 10_000, candidate: false }, tolerance)
        }
        const together = evidenceOf(added(all).strata, tolerance)
        assert.ok(close(logE(one), logE(together)), `${logE(one)} is not ${logE(together)}`)
      }),
    )
  })

  it('are the same however events are split into batches, merged, and ordered', () => {
    const split = ({ shareBp, candidate, stable }: Stratum): readonly Stratum[] => [
      { shareBp, candidate: Math.floor(candidate / 2), stable: 0 },
      { shareBp, candidate: Math.ceil(candidate / 2), stable },
    ]
    fc.assert(
      fc.property(batches, (all) => {
        assert.deepEqual(added(all.flatMap(split)), added(all))
        assert.deepEqual(added(all.toReversed()), added(all))
      }),
    )
  })

  it('survive JSON', () => {
    fc.assert(fc.property(batches, (all) => assert.deepEqual(JSON.parse(JSON.stringify(added(all))), added(all))))
  })

  it('stay bounded, and a share too many never adds evidence against the candidate', () => {
    const many = Array.from({ length: strataMax + 50 }, (_, index) => ({
      shareBp: 100 + 7 * index,
      candidate: 1,
      stable: 0,
    }))
    const kept = added(many)
    assert.equal(kept.strata.length, strataMax)
    const exact = many.reduce(
      (one, { shareBp }) => weigh(one, { share: shareBp / 10_000, candidate: true }, 1),
      noEvidence,
    )
    assert.ok(Number.isFinite(logE(exact)))
    assert.equal(
      kept.strata.reduce((sum, one) => sum + one.candidate, 0),
      many.length,
    )
  })
})

describe('one α for the release', () => {
  const policies = fc.record({
    weights: fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: 3, maxLength: 3 }),
    own: fc.option(fc.double({ min: 0.0001, max: 0.009, noNaN: true })),
  })
  const withMetrics = ({ weights, own }: { weights: readonly number[]; own: number | null }): JudgePolicy => ({
    ...policy,
    errorLimit: 0.02,
    latency: { ...latency, limitMs: 500, limitShare: 0.01 },
    metrics: {
      errors: own === null ? { weight: weights[0] ?? 1 } : { alpha: own },
      p95: { weight: weights[1] ?? 1 },
      slow: { weight: weights[2] ?? 1 },
    },
  })

  it('the weights of all tests sum to 1, so that the average of their e-values is one', () => {
    fc.assert(
      fc.property(policies, (asked) => {
        const total = testsOf(withMetrics(asked)).reduce((sum, { weight }) => sum + weight, 0)
        assert.ok(close(total, 1), `the weights sum to ${total}`)
      }),
    )
  })

  it('a metric with an α of its own stops the release by itself exactly at 1/α_i', () => {
    const critical = { ...policy, latency, metrics: { errors: { alpha: 0.004 } } }
    const test = testsOf(critical).find(({ metric }) => metric === 'errors')
    assert.ok(close(test?.weight ?? 0, 0.4))
    assert.ok(close(Math.log(0.4) + Math.log(1 / 0.004), Math.log(1 / critical.alpha)))
  })

  it('more α than there is gives all less', () => {
    const greedy = { ...policy, latency, metrics: { errors: { alpha: 0.01 }, p95: { alpha: 0.01 } } }
    assert.ok(
      close(
        testsOf(greedy).reduce((sum, { weight }) => sum + weight, 0),
        1,
      ),
    )
  })

  it('one metric alone is the plain test', () => {
    const found = assess(statistics([bad('errors', 3)]), policy)
    assert.ok(close(found.logE, logE(evidenceOf([{ shareBp: 500, candidate: 3, stable: 0 }], 1))))
    assert.equal(found.deciding, 'errors')
  })

  it('the metric that speaks most decides, and a metric nobody would care about stops nothing', () => {
    const judged = { ...policy, latency, ignoreBelow: 0.01 }
    const slow = assess(statistics([bad('errors', 0, 5), bad('p95', 0, 5), bad('p99', 40)]), judged)
    assert.equal(slow.deciding, 'p99')
    assert.ok(slow.countedLogE >= Math.log(100))
    const rare = assess(statistics([bad('p99', 9)]), judged)
    assert.ok(rare.logE >= Math.log(100))
    assert.ok(rare.countedLogE < Math.log(100))
  })
})

describe('metamorphic properties', () => {
  it('swapped labels mirror the counts: evidence against the one is none against the other', () => {
    const even = fc.record({ candidate: fc.nat(60), stable: fc.nat(60) })
    fc.assert(
      fc.property(even, ({ candidate, stable }) => {
        const [there, back] = [
          assess(statistics([added([{ shareBp: 5_000, candidate, stable }])]), policy),
          assess(statistics([added([{ shareBp: 5_000, candidate: stable, stable: candidate }])]), policy),
        ]
        assert.ok(there.logE < Math.log(100) || back.logE < Math.log(100), 'both arms are worse than the other')
        if (candidate === stable) assert.equal(there.logE, back.logE)
      }),
    )
  })

  it('how many requests there were makes no difference, so that no unit of rate or time does', () => {
    fc.assert(
      fc.property(batches, fc.integer({ min: 1, max: 1_000_000 }), (all, units) => {
        const few = assess(statistics([added(all)], 1_000), policy)
        const many = assess(statistics([added(all)], units), policy)
        assert.equal(few.logE, many.logE)
      }),
    )
  })
})

describe('metrics', () => {
  it('are named by their quantile; a weight for what is not counted makes no metric', () => {
    const named = metricsOf({
      ...policy,
      latency: { ...latency, quantiles: [0.5, 0.999], limitMs: 300 },
      metrics: { checkout: { weight: 1 } },
    })
    assert.deepEqual(
      named.map(({ kind, name }) => [kind, name]),
      [
        ['errors', 'errors'],
        ['quantile', 'p50'],
        ['quantile', 'p99.9'],
        ['slow', 'slow'],
      ],
    )
  })
})
