import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { logE, noEvidence, weigh } from '../eprocess.ts'
import type { VerdictRecord } from '../../rollout/types.ts'
import { accumulate, noSeries, type SeriesValue } from './counters.ts'
import { dueQuestions } from './due.ts'
import { foldOutside, weighBatch } from './fold.ts'
import { namesIn, renderQuery } from './labels.ts'
import type {
  CountedMetric,
  Directive,
  ExternalJudgeSpec,
  ExternalReading,
  MetricReading,
  MetricsSpec,
  OutsideSpec,
  OutsideState,
} from './types.ts'
import { judgeOutside, withOutside } from './verdict.ts'

const counter = (name: string, change: Partial<CountedMetric> = {}): CountedMetric => ({
  name,
  total: 't',
  bad: 'b',
  tolerance: 1,
  ignoreBelow: 0,
  unitsMin: 1,
  ...change,
})
const metrics: MetricsSpec = {
  kind: 'prometheus',
  url: 'http://127.0.0.1:9090',
  authorization: null,
  secretVersions: {},
  intervalMs: 5_000,
  timeoutMs: 2_000,
  staleAfterMs: 60_000,
  alpha: 0.01,
  metrics: [counter('checkout')],
}
const externalJudge: ExternalJudgeSpec = {
  url: 'http://127.0.0.1:9091',
  authorization: null,
  secretVersions: {},
  intervalMs: 30_000,
  timeoutMs: 3_000,
  parameters: {},
}

type Arm = readonly [units: number, badUnits: number]
const counted = (
  at: number,
  {
    candidate,
    stable,
    era = 'one',
    metric = 'checkout',
  }: { candidate: Arm; stable: Arm | null; era?: string; metric?: string },
): MetricReading => ({
  kind: 'counted',
  metric,
  era,
  candidate: { units: candidate[0], badUnits: candidate[1] },
  stable: stable === null ? null : { units: stable[0], badUnits: stable[1] },
  observedAt: at,
})
const silent: MetricReading = { kind: 'silent', metric: 'checkout', detail: 'nothing matches' }

const fold = (spec: OutsideSpec, ...looks: readonly (MetricReading | readonly MetricReading[])[]): OutsideState =>
  looks.reduce<OutsideState | undefined>(
    (state, look, index) =>
      foldOutside(
        state,
        { metrics: Array.isArray(look) ? look : [look as MetricReading], external: null },
        { spec, at: index + 1 },
      ),
    undefined,
  ) ?? assert.fail('somebody is asked')

const verdictOf = (
  state: OutsideState | undefined,
  spec: OutsideSpec = { metrics },
  now = 1_000,
): readonly [string, string] => {
  const { verdict, detail } = judgeOutside(state, spec, now) ?? assert.fail('somebody is asked')
  return [verdict, detail]
}

describe('counts from outside', () => {
  it('are judged by their differences: what was there before the rollout counts for nothing', () => {
    const state = fold(
      { metrics },
      counted(1, { candidate: [500, 400], stable: [9_000, 0] }),
      counted(2, { candidate: [600, 400], stable: [9_900, 1] }),
    )
    assert.deepEqual(state.metrics[0]?.candidate, { units: 100, badUnits: 0 })
    assert.deepEqual(state.metrics[0]?.stable, { units: 900, badUnits: 1 })
    assert.equal(verdictOf(state)[0], 'pass')
  })

  it('stop a release that is worse, with the numbers', () => {
    const state = fold(
      { metrics },
      counted(1, { candidate: [0, 0], stable: [0, 0] }),
      counted(2, { candidate: [50, 10], stable: [950, 1] }),
    )
    assert.deepEqual(verdictOf(state), ['fail', 'checkout: candidate 10 of 50 bad, stable 1 of 950'])
    const floored = { metrics: { ...metrics, metrics: [counter('checkout', { ignoreBelow: 0.3 })] } }
    assert.equal(verdictOf(state, floored)[0], 'pass')
  })

  it('begin anew where the source does, or where a counter went back: no evidence is made up of a restart', () => {
    const first = counted(1, { candidate: [100, 50], stable: [1_000, 0] })
    const anew = fold({ metrics }, first, counted(2, { candidate: [200, 90], stable: [2_000, 0], era: 'two' }))
    const back = fold({ metrics }, first, counted(2, { candidate: [40, 40], stable: [2_000, 0] }))
    const stableBack = fold({ metrics }, first, counted(2, { candidate: [200, 90], stable: [500, 0] }))
    for (const state of [anew, back, stableBack]) {
      assert.deepEqual(state.metrics[0]?.candidate, { units: 0, badUnits: 0 })
      assert.deepEqual(state.metrics[0]?.evidence, noEvidence)
      assert.equal(verdictOf(state)[0], 'hold')
    }
  })

  it('are broken when silent, stale, from the future, never asked for, or no counts', () => {
    const good = counted(1, { candidate: [0, 0], stable: [0, 0] })
    assert.deepEqual(verdictOf(fold({ metrics }, good, silent)), ['broken', 'checkout: nothing matches'])
    assert.match(verdictOf(fold({ metrics }, good), { metrics }, 60_002)[1], /60001 ms old/)
    assert.match(
      verdictOf(fold({ metrics }, counted(99_000, { candidate: [0, 0], stable: [0, 0] })))[1],
      /-98000 ms old/,
    )
    assert.deepEqual(verdictOf(undefined), ['broken', 'checkout: it was never asked'])
    assert.deepEqual(verdictOf(foldOutside(undefined, undefined, { spec: { metrics }, at: 1 }))[0], 'broken')
    for (const none of [Number.NaN, -1, Infinity])
      assert.match(
        verdictOf(fold({ metrics }, counted(1, { candidate: [none, 0], stable: [0, 0] })))[1],
        /counts that are none/,
      )
    const odd = fold({ metrics }, good, counted(2, { candidate: [1, 5], stable: [1, 0] }))
    assert.match(verdictOf(odd)[1], /more units went bad than there were/)
  })

  it('hold without the minimum of units, and compare nothing without the old release', () => {
    const spec = { metrics: { ...metrics, metrics: [counter('checkout', { unitsMin: 100 })] } }
    const state = fold(
      spec,
      counted(1, { candidate: [0, 0], stable: null }),
      counted(2, { candidate: [99, 99], stable: null }),
    )
    assert.deepEqual(verdictOf(state, spec), ['hold', 'checkout: 99 of at least 100 candidate units'])
    assert.deepEqual(state.metrics[0]?.evidence, noEvidence)
  })

  it('share one bound over several metrics: the evidence of one is averaged with that of the others', () => {
    const two = { metrics: { ...metrics, metrics: [counter('checkout'), counter('search')] } }
    const zero = { candidate: [0, 0], stable: [0, 0] } as const
    const calm = { candidate: [50, 0], stable: [950, 0], metric: 'search' } as const
    const after = (bad: number) =>
      fold(
        two,
        [counted(1, zero), counted(1, { ...zero, metric: 'search' })],
        [counted(2, { candidate: [50, bad], stable: [950, 0] }), counted(2, calm)],
      )
    const least = [1, 2, 3, 4].find((bad) => verdictOf(after(bad), two)[0] === 'fail') ?? 0
    const evidence = after(least).metrics[0]?.evidence ?? assert.fail('there is evidence')
    assert.ok(logE(evidence) >= Math.log(100) + Math.log(2) - 1e-9 || logE(evidence) >= Math.log(199))
    assert.equal(verdictOf(after(0), two)[0], 'pass')
  })

  it('weigh a batch as its events one by one, in any order', () => {
    const small = fc.integer({ min: 0, max: 20 })
    fc.assert(
      fc.property(small, small, small, small, (good, bad, stableGood, stableBad) => {
        const candidate = { units: good + bad, badUnits: bad }
        const stable = { units: stableGood + stableBad, badUnits: stableBad }
        const share = candidate.units / Math.max(1, candidate.units + stable.units)
        const events = [...Array.from({ length: bad }, () => true), ...Array.from({ length: stableBad }, () => false)]
        for (const order of [events, events.toReversed()]) {
          const single = order.reduce(
            (known, isCandidate) => weigh(known, { share, candidate: isCandidate }, 1.5),
            noEvidence,
          )
          assert.ok(Math.abs(logE(single) - logE(weighBatch(noEvidence, { candidate, stable }, 1.5))) < 1e-9)
        }
      }),
    )
  })

  it('stop a release that is no worse in at most one of a hundred rollouts, whatever the shares between two looks', () => {
    let seed = 7
    const random = (): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
      return seed / 4_294_967_296
    }
    const badOf = (units: number, rate: number): number => {
      let bad = 0
      for (let index = 0; index < units; index += 1) if (random() < rate) bad += 1
      return bad
    }
    let alarms = 0
    const runs = 1_000
    for (let run = 0; run < runs; run += 1) {
      let evidence = noEvidence
      let isAlarm = false
      for (let look = 0; look < 40 && !isAlarm; look += 1) {
        const candidate = Math.floor(random() * 40)
        const stable = Math.floor(random() * 200)
        const rate = 0.02 + 0.1 * random()
        const batch = {
          candidate: { units: candidate, badUnits: badOf(candidate, rate) },
          stable: { units: stable, badUnits: badOf(stable, rate) },
        }
        evidence = weighBatch(evidence, batch, 1)
        isAlarm = logE(evidence) >= Math.log(100)
      }
      if (isAlarm) alarms += 1
    }
    assert.ok(alarms <= runs / 100, `${alarms} of ${runs} healthy releases were stopped`)
  })
})

const answered = (directive: Directive): ExternalReading => ({ kind: 'answered', directive, reason: 'because' })
const asked = (...readings: readonly (ExternalReading | null)[]): OutsideState | undefined =>
  readings.reduce<OutsideState | undefined>(
    (state, external, index) =>
      foldOutside(state, { metrics: [], external }, { spec: { externalJudge }, at: 1 + index }),
    undefined,
  )

describe('the external judge', () => {
  const of = (state: OutsideState | undefined, now = 10) => verdictOf(state, { externalJudge }, now)

  it('stops by abort, holds by wait, goes on by continue and complete', () => {
    assert.deepEqual(of(asked(answered('abort'))), ['fail', 'the external judge says abort: because'])
    assert.equal(of(asked(answered('wait')))[0], 'hold')
    assert.equal(of(asked(answered('continue')))[0], 'pass')
    assert.equal(of(asked(answered('complete')), 10_000_000)[0], 'pass')
  })

  it('is broken when silent, long silent, or never asked; an abort stays one', () => {
    const quiet: ExternalReading = { kind: 'silent', detail: 'no answer in 3000 ms' }
    assert.deepEqual(of(asked(answered('continue'), quiet)), ['broken', 'the external judge: no answer in 3000 ms'])
    assert.equal(of(asked(quiet, answered('continue')))[0], 'pass')
    assert.equal(of(asked(answered('continue')), 63_002)[0], 'broken')
    assert.equal(of(undefined)[0], 'broken')
    assert.equal(of(asked(answered('abort'), quiet))[0], 'fail')
  })

  it('is asked once an interval, and no more once it said complete', () => {
    const due = (state: OutsideState | undefined, now: number) => dueQuestions(state, { metrics, externalJudge }, now)
    assert.deepEqual(due(undefined, 1), { metrics: ['checkout'], external: true })
    const state = foldOutside(
      undefined,
      { metrics: [silent], external: answered('wait') },
      { spec: { metrics, externalJudge }, at: 1_000 },
    )
    assert.deepEqual(due(state, 5_999), { metrics: [], external: false })
    assert.deepEqual(due(state, 6_000), { metrics: ['checkout'], external: false })
    assert.deepEqual(due(state, 31_000), { metrics: ['checkout'], external: true })
    assert.equal(dueQuestions(asked(answered('complete')), { externalJudge }, 1e9).external, false)
    assert.deepEqual(dueQuestions(undefined, {}, 1), { metrics: [], external: false })
  })
})

describe('the verdict from outside', () => {
  const record = (verdict: VerdictRecord['verdict']): VerdictRecord => ({
    verdict,
    at: 1,
    logE: 0.5,
    shareBp: 500,
    candidate: { units: 1, badUnits: 0 },
    stable: { units: 1, badUnits: 0 },
    detail: 'of the gateway',
  })

  it('counts where it is the worse one, and never makes anything better', () => {
    const order = ['pass', 'hold', 'broken', 'fail'] as const
    for (const [inside, own] of order.entries())
      for (const [outside, other] of order.entries()) {
        const joined = withOutside(record(own), { verdict: other, detail: 'from outside', logE: 9 })
        assert.equal(joined.verdict, order[Math.max(inside, outside)])
        assert.equal(joined.detail, outside > inside ? 'from outside' : 'of the gateway')
        assert.equal(joined.outside, outside > inside ? 'from outside' : undefined)
      }
    assert.equal(withOutside(record('hold'), null).verdict, 'hold')
    assert.equal(judgeOutside(undefined, {}, 1), null)
    assert.equal(foldOutside(undefined, undefined, { spec: {}, at: 1 }), undefined)
  })
})

describe('counters of many series', () => {
  const total = (...looks: readonly (readonly SeriesValue[])[]): readonly number[] => {
    let memory = noSeries
    return looks.map((look) => {
      const next = accumulate(memory, look)
      memory = next.memory
      return next.total
    })
  }
  const at = (key: string, value: number): SeriesValue => ({ key, value })

  it('never go back: a process that starts again counts from 0, one that is gone keeps what it had', () => {
    assert.deepEqual(
      total([at('a', 10), at('b', 5)], [at('a', 3), at('b', 6)], [at('a', 4)], [at('a', 4), at('c', 2)]),
      [15, 19, 20, 22],
    )
  })
})

describe('a query', () => {
  it('has the labels of its arm put in as text, and nothing else', () => {
    const labels = { service: 's', environment: 'e', release: 'r', version: '1"}', commit: 'c\\', arm: 'stable' }
    assert.equal(
      renderQuery('x{v="{{ version }}",c="{{commit}}",o="{{other}}"}', labels),
      'x{v="1\\"}",c="c\\\\",o="{{other}}"}',
    )
    assert.deepEqual(namesIn('x{v="{{ version }}"} / y{a="{{arm}}"}'), ['version', 'arm'])
  })
})
