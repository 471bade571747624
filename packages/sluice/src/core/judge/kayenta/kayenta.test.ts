import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { classifyMetric } from './classify.ts'
import { mannWhitneyShift, rankSumZ, TiedObservations } from './mann-whitney.ts'
import { scoreCanary, type Scored } from './score.ts'
import { normalQuantile, percentile, ranks } from './statistics.ts'
import { effectSize, outliersOf } from './transforms.ts'
import type { Classification, ClassifierSettings, MetricClassification } from './types.ts'

type Interval = {
  readonly control: string
  readonly experiment: string
  readonly confidence: number
  readonly low: number
  readonly high: number
}
type Vectors = {
  readonly samples: Readonly<Record<string, readonly number[]>>
  readonly intervals: readonly Interval[]
}
const vectors = JSON.parse(readFileSync(new URL('vectors.json', import.meta.url), 'utf8')) as Vectors
const sample = (name: string): readonly number[] => vectors.samples[name] ?? assert.fail(`no sample ${name}`)

const usual: ClassifierSettings = {
  tolerance: 0.1,
  confidence: 0.95,
  direction: 'either',
  nanStrategy: 'remove',
  critical: false,
  mustHaveData: false,
  effectMeasure: 'meanRatio',
  allowed: { increase: 1, decrease: 1 },
  criticalBounds: { increase: 1, decrease: 1 },
}
const cles = { tolerance: 0.2, confidence: 0.98, effectMeasure: 'cles' } as const
const bounds = (decrease: number, increase: number) => ({ decrease, increase })

type Given = string | readonly number[]
const classify = (
  control: Given,
  experiment: Given,
  settings: Partial<ClassifierSettings> = {},
): MetricClassification =>
  classifyMetric(
    {
      control: typeof control === 'string' ? sample(control) : control,
      experiment: typeof experiment === 'string' ? sample(experiment) : experiment,
    },
    { ...usual, ...settings },
  )

const rising = [20, 22, 21, 25, 30]
const small = [1, 2.2, 1.1, 2.5, 3]
const zeros = [0, 0, 0, 0, 0]
const fifties = [54.9, 54.5, 55.1, 55.6, 57.4]

/** Name of the test in Kayenta's ClassifierSuite, what it is given, and what it asserts. */
const suite: readonly [string, Given, Given, Partial<ClassifierSettings>, Classification][] = [
  ['Pass Metric', 'control30', 'same30', {}, 'Pass'],
  ['High Metric', 'control30', 'high30', {}, 'High'],
  ['Low Metric', 'above30', 'same30', {}, 'Low'],
  ['Directional: Increase', 'above30', 'same30', { direction: 'increase' }, 'Pass'],
  ['Directional: Decrease', 'control30', 'high30', { direction: 'decrease' }, 'Pass'],
  ['Directional: High Metric', 'control30', 'high30', { direction: 'increase' }, 'High'],
  ['Directional: Low Metric', 'above30', 'same30', { direction: 'decrease' }, 'Low'],
  ['High Metric (Large Input)', 'largeControl', 'largeExperiment', {}, 'High'],
  ['Mean Ratio Effect Size: High', small, rising, { allowed: bounds(0.8, 1.2) }, 'High'],
  ['Mean Ratio Effect Size: Low', 'above30', 'same30', { allowed: bounds(0.8, 1.2), direction: 'decrease' }, 'Low'],
  ['Mean Ratio Effect Size: Pass', rising, [10, 12.2, 10.1, 12.5, 23], { allowed: bounds(0.5, 1) }, 'Pass'],
  ['Effect Size: Pass (Large Input)', 'largeControl', 'largeExperiment', { allowed: bounds(1, 5) }, 'Pass'],
  ['CLES: Pass', 'clesPassControl', 'clesPassExperiment', { ...cles, allowed: bounds(0.5, 0.8) }, 'Pass'],
  ['CLES: High', 'clesHighControl', 'clesHighExperiment', { ...cles, allowed: bounds(0.2, 0.8) }, 'High'],
  ['CLES: Low', 'clesLowControl', 'clesLowExperiment', { ...cles, allowed: bounds(0.2, 0.8) }, 'Low'],
  ['Tied Observations', [1, 1], [1, 1, 1], { direction: 'decrease' }, 'Pass'],
  ['Identical Populations', [5, 4, 3, 2, 1], [1, 2, 3, 4, 5], { direction: 'decrease' }, 'Pass'],
  ['Leading Zero Identical Population', [1, 1, 1, 1, 1], [0, 1, 1, 1, 1], { direction: 'decrease' }, 'Pass'],
  ['Missing Experiment Data', [1, 2, 3, 4, 5], [], {}, 'Nodata'],
  ['Missing Experiment Data with NaN Replacement', [1, 2, 3, 4, 5], [], { nanStrategy: 'replace' }, 'Pass'],
  ['Majority Tied Observations', [1, 1, 1, 1, 1], [1, 1, 1, 1, 10], {}, 'Pass'],
  ['Tied Ranks', [1, 1, 1, 1, 1], [10, 10, 10, 10, 10], {}, 'High'],
  ['Tied Ranks With Zeros', zeros, [10, 10, 10, 10, 10], {}, 'High'],
  ['Zero Mean: High with Effect Size', zeros, fifties, { allowed: bounds(0.8, 1.2) }, 'High'],
  ['Zero Mean: Low with Effect Size', fifties, zeros, { allowed: bounds(0.8, 1.2) }, 'Low'],
  ['Zero Mean: Pass', zeros, zeros, { allowed: bounds(0.8, 1.2) }, 'Pass'],
  ['mustHaveData that is not critical', [1, 2, 3], [], { mustHaveData: true }, 'NodataFailMetric'],
]

describe("Kayenta's metric classifier", () => {
  for (const [name, control, experiment, settings, expected] of suite)
    it(`says ${expected} of its own vector '${name}'`, () => {
      assert.equal(classify(control, experiment, settings).classification, expected)
    })

  it('calls a failing metric critical only beyond the critical bounds', () => {
    const critical = { critical: true } as const
    const of = (given: MetricClassification) => [given.classification, given.critical]
    assert.deepEqual(of(classify(small, rising, critical)), ['High', true])
    assert.deepEqual(of(classify(small, rising, { ...critical, criticalBounds: bounds(1, 1.2) })), ['High', true])
    const low = classify([10, 20.2, 10.1, 20.5, 30], [2, 2, 2, 2, 3], { ...critical, criticalBounds: bounds(1.2, 1) })
    assert.deepEqual(of(low), ['Low', true])
    const partly = { ...critical, allowed: bounds(1, 5), criticalBounds: bounds(1, 13) }
    assert.deepEqual(of(classify(small, rising, partly)), ['High', false])
    const within = { ...critical, allowed: bounds(1, 13), criticalBounds: bounds(1, 15) }
    assert.deepEqual(of(classify(small, rising, within)), ['Pass', false])
    assert.deepEqual(of(classify([1, 2, 3], [], critical)), ['Nodata', true])
    const sparse = [0.05, 0.05, 0.0167, 0.0167, 0.0167, 0.05, 0.0333, 0.05, 0.05, 0.1333]
    const none = [...zeros, ...zeros]
    assert.deepEqual(of(classify(none, sparse, { ...critical, criticalBounds: bounds(0.8, 1.2) })), ['High', true])
  })

  it('has no effect size where a mean is zero, and says so by its absence', () => {
    assert.equal(classify(zeros, fifties).deviation, null)
    assert.equal(classify(zeros, zeros).deviation, 1)
  })
})

describe('the interval of the shift', () => {
  for (const { control, experiment, confidence, low, high } of vectors.intervals)
    it(`ties out with R: ${control} and ${experiment} at ${confidence}`, () => {
      const shift = mannWhitneyShift({ control: sample(control), experiment: sample(experiment) }, confidence)
      assert.ok(Math.abs(shift.low - low) < 1e-12, `low ${shift.low}, R has ${low}`)
      assert.ok(Math.abs(shift.high - high) < 1e-12, `high ${shift.high}, R has ${high}`)
    })

  it("has Kayenta's own numbers for the small sample", () => {
    const shift = mannWhitneyShift({ control: [1, 2, 3, 4], experiment: [10, 20, 30, 40] }, 0.95)
    assert.deepEqual(shift, { low: 6, high: 39, estimate: 22.5 })
  })

  it('is upside down on counts that are mostly zero: the noise of a root finder with an absolute tolerance', () => {
    const samples = { control: sample('largeControl'), experiment: sample('largeExperiment') }
    const { low, high } = mannWhitneyShift(samples, 0.95)
    assert.ok(low > high)
  })

  it('makes the verdict depend on the unit: the same errors as a share and as a percentage', () => {
    const of = (factor: number): Classification =>
      classify(
        sample('clesPassControl').map((value) => value * factor),
        sample('clesPassExperiment').map((value) => value * factor),
        { tolerance: 0.25, confidence: 0.98 },
      ).classification
    assert.notEqual(of(1), of(1_000_000))
  })

  it('is refused where everything is tied', () => {
    assert.throws(() => rankSumZ({ control: [3, 3], experiment: [4, 4] }, 1), TiedObservations)
  })
})

describe("Kayenta's statistics", () => {
  it('takes quantiles, percentiles and ranks as its library does', () => {
    assert.ok(Math.abs(normalQuantile(0.975) - 1.959963984540054) < 1e-14)
    assert.ok(Math.abs(normalQuantile(0.01) + 2.3263478740408408) < 1e-14)
    assert.ok(Math.abs(normalQuantile(0.5)) < 1e-15)
    assert.equal(percentile([1, 2, 3, 4], 25), 1.75)
    assert.equal(percentile([7], 99), 7)
    assert.deepEqual(ranks([10, 20, 10, 30]), { ranks: [1.5, 3, 1.5, 4], ties: [2, 1, 1] })
  })

  it("finds the outliers of Kayenta's DetectorSuite", () => {
    const tukey = { factor: 1.5, fences: 'tukey' } as const
    const found = (values: readonly number[]) => values.filter((_, index) => outliersOf(values, tukey)[index])
    assert.deepEqual(found([21, 23, 24, 25, 50, 29, 23, 21]), [50])
    assert.deepEqual(found([1, 1, 1, 5, -1, -1, -1, -5]), [5, -5])
    assert.deepEqual(found([]), [])
    assert.deepEqual(found(sample('nist')), [1441])
  })

  it('widens the fences to the outer percentiles', () => {
    const values = [...zeros, ...zeros, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    const widened = { factor: 3, fences: 'widened' } as const
    assert.deepEqual(
      values.filter((_, index) => outliersOf(values, widened)[index]),
      [1],
    )
    assert.equal(percentile(values, 99) > 0, true)
  })

  it('measures the share of pairs in which the experiment is higher', () => {
    assert.equal(effectSize({ control: [1, 2], experiment: [3, 4] }, 'cles'), 1)
    assert.equal(effectSize({ control: [1, 2], experiment: [1, 2] }, 'cles'), 0.5)
    assert.ok(Number.isNaN(effectSize({ control: [0], experiment: [4] }, 'meanRatio')))
  })
})

const metric = (name: string, group: string, classification: Classification, critical = false): Scored => ({
  name,
  groups: [group],
  classification,
  critical,
})
const none = { groupWeights: {}, pass: 95, marginal: 75 }
const scoreOf = (metrics: readonly Scored[], groupWeights: Readonly<Record<string, number>> = {}): number =>
  scoreCanary(metrics, { ...none, groupWeights }).score

describe("Kayenta's scorer", () => {
  it('has the scores of its own ScorerSuite', () => {
    const [pass, high, low] = [metric('pass', 'g', 'Pass'), metric('high', 'g', 'High'), metric('low', 'g', 'Low')]
    assert.equal(scoreOf([pass]), 100)
    assert.equal(scoreOf([high]), 0)
    assert.equal(scoreOf([pass, high]), 50)
    assert.equal(scoreOf([pass, high, low]), 33.33)
    const two = [metric('a', 'one', 'Pass'), metric('b', 'one', 'Pass'), metric('c', 'two', 'High')]
    assert.equal(scoreOf(two, { one: 75, two: 25 }), 75)
    const halves = [metric('a', 'one', 'Pass'), metric('b', 'one', 'High'), metric('c', 'two', 'High')]
    assert.equal(scoreOf(halves, { one: 50, two: 50 }), 25)
    assert.equal(scoreOf([metric('a', 'g', 'Nodata')]), 0)
    assert.equal(scoreOf([pass, metric('b', 'g', 'High', true)]), 0)
    assert.equal(scoreOf([low, metric('b', 'g', 'Pass', true)]), 50)
  })

  it('lets groups without a weight share what the others leave of 100', () => {
    const metrics = [metric('a', 'one', 'Pass'), metric('b', 'two', 'High'), metric('c', 'three', 'Pass')]
    assert.equal(scoreOf(metrics, { one: 60 }), 80)
  })

  it('fails open where a group was not compared, as Kayenta does, and gives up at half without data', () => {
    const open = [metric('a', 'one', 'Pass'), metric('b', 'one', 'Pass'), metric('c', 'two', 'Error')]
    assert.deepEqual(scoreCanary(open, none), {
      score: 100,
      classification: 'Pass',
      reason: 'score 100: pass from 95, marginal from 75',
      groups: [
        { group: 'one', score: 100 },
        { group: 'two', score: null },
      ],
    })
    assert.equal(scoreOf([metric('a', 'one', 'Pass'), metric('b', 'two', 'Nodata')]), 0)
    const required = [metric('a', 'one', 'Pass'), metric('b', 'one', 'NodataFailMetric')]
    assert.equal(scoreOf(required), 50)
  })

  it('is classified by two thresholds', () => {
    const of = (passing: number) => {
      const metrics = Array.from({ length: 20 }, (_, index) =>
        metric(`m${index}`, 'g', index < passing ? 'Pass' : 'High'),
      )
      return scoreCanary(metrics, none).classification
    }
    assert.deepEqual([of(20), of(19), of(18), of(15), of(14)], ['Pass', 'Pass', 'Marginal', 'Marginal', 'Fail'])
  })
})
