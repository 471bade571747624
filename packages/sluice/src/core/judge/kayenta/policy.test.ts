import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { SluiceError } from '../../errors.ts'
import { seriesOfCounts, type MetricSeries, type Observations } from '../policy.ts'
import { readKayenta } from './config.ts'
import { kayentaPolicy } from './policy.ts'

const hour = 3_600_000
const { samples } = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as {
  readonly samples: Readonly<Record<string, readonly number[]>>
}

const text = (extra: object = {}, canary: object = {}): string =>
  JSON.stringify({
    name: 'shop',
    judge: { name: 'NetflixACAJudge-v1.0', judgeConfigurations: {} },
    metrics: [
      {
        name: 'errors',
        query: { type: 'prometheus', metricName: 'http_errors' },
        groups: ['errors'],
        analysisConfigurations: { canary: { direction: 'increase', ...canary } },
        scopeName: 'default',
      },
    ],
    classifier: { groupWeights: { errors: 100 }, scoreThresholds: { pass: 95, marginal: 75 } },
    ...extra,
  })

const series = (control: string, experiment: string): MetricSeries => {
  const of = (name: string) =>
    (samples[name] ?? []).map((value, index) => ({ kind: 'value', at: index * 60_000, value }) as const)
  return { metric: 'errors', candidate: of(experiment), stable: of(control) }
}

const observe = (own: MetricSeries, hours: number, ended = false): Observations => ({
  startedAt: 0,
  now: hours * hour,
  ended,
  series: [own],
})

const judged = (observed: Observations, canary: object = {}): readonly [string, string] => {
  const { outcome, verdict } = kayentaPolicy(readKayenta(text({}, canary)).config).judge(observed)
  return [outcome, verdict]
}

describe("Kayenta's judge as a policy", () => {
  it('holds until an interval is over, fails at the first bad run, and passes at the last good one', () => {
    assert.deepEqual(judged(observe(series('control30', 'same30'), 0.9)), ['Running', 'hold'])
    assert.deepEqual(judged(observe(series('control30', 'same30'), 2)), ['Running', 'hold'])
    assert.deepEqual(judged(observe(series('control30', 'same30'), 3)), ['Pass', 'pass'])
    assert.deepEqual(judged(observe(series('control30', 'high30'), 1)), ['Fail', 'fail'])
  })

  it('is broken where Kayenta passes without having compared anything', () => {
    const empty = series('nobody', 'nobody')
    assert.deepEqual(judged(observe(empty, 3), { nanStrategy: 'replace' }), ['Pass', 'broken'])
    assert.deepEqual(judged(observe(empty, 3)), ['Fail', 'fail'])
    assert.deepEqual(judged(observe(series('control30', 'same30'), 1, true)), ['Cancelled', 'broken'])
  })

  it('leaves a muted metric out of the score, and says what became of it', () => {
    const canary = { canary: { muted: true } }
    const metrics = [
      { name: 'errors', groups: ['g'], analysisConfigurations: canary },
      { name: 'latency', groups: ['g'] },
    ]
    const own = [series('control30', 'high30'), { ...series('control30', 'same30'), metric: 'latency' }]
    const { config } = readKayenta(text({ metrics, classifier: { scoreThresholds: { pass: 95, marginal: 75 } } }))
    const found = kayentaPolicy(config).judge({ startedAt: 0, now: 3 * hour, ended: false, series: own })
    assert.deepEqual([found.outcome, found.verdict], ['Pass', 'pass'])
    assert.deepEqual(
      found.metrics.map(({ metric, outcome }) => [metric, outcome]),
      [
        ['errors', 'High'],
        ['latency', 'Pass'],
      ],
    )
  })
})

describe('a canary config', () => {
  it('is read as it is, and says what was not kept', () => {
    const { config, notes } = readKayenta(text({}, { critical: true, outliers: { strategy: 'remove' } }))
    assert.deepEqual(config, {
      name: 'shop',
      metrics: [
        {
          name: 'errors',
          groups: ['errors'],
          classifier: {
            tolerance: 0.25,
            confidence: 0.98,
            direction: 'increase',
            nanStrategy: 'remove',
            critical: true,
            mustHaveData: false,
            effectMeasure: 'meanRatio',
            allowed: { increase: 1, decrease: 1 },
            criticalBounds: { increase: 1, decrease: 1 },
          },
          outliers: { strategy: 'remove', factor: 3 },
          muted: false,
        },
      ],
      groupWeights: { errors: 100 },
      pass: 95,
      marginal: 75,
    })
    assert.deepEqual(notes, ['errors: its query was not kept; the policy judges the series that it is given'])
    const cles = readKayenta(text({}, { effectSize: { measure: 'cles', allowedIncrease: 0.7 } })).config.metrics[0]
    assert.deepEqual(cles?.classifier.allowed, { increase: 0.7, decrease: 0.5 })
  })

  it('is refused when it is none, or asks for another judge', () => {
    const refused = (value: string): boolean => {
      try {
        readKayenta(value)
      } catch (error) {
        return error instanceof SluiceError && error.code === 'config_invalid'
      }
      return false
    }
    assert.ok(refused('{'))
    assert.ok(refused('{"metrics":[]}'))
    assert.ok(refused(text({ judge: { name: 'dredd-v1.0' } })))
    assert.ok(refused(text({ metrics: [{ name: 'a' }, { name: 'a' }] })))
  })
})

describe('counts as a series', () => {
  it('are bad shares of what came between two moments; a silent arm is a number that is none', () => {
    const moment = (at: number, candidate: readonly [number, number], stable: readonly [number, number]) => ({
      at,
      candidate: { units: candidate[0], badUnits: candidate[1] },
      stable: { units: stable[0], badUnits: stable[1] },
    })
    assert.deepEqual(seriesOfCounts('errors', [moment(0, [10, 0], [100, 1]), moment(1, [20, 1], [100, 1])]), {
      metric: 'errors',
      candidate: [{ kind: 'value', at: 1, value: 10 }],
      stable: [{ kind: 'value', at: 1, value: null }],
    })
  })
})
