import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SluiceError } from '../../errors.ts'
import type { MeasuredValue, Observations, Reading } from '../policy.ts'
import { assessMetric, counted, worse } from './assess.ts'
import { evaluateMeasurement } from './evaluate.ts'
import { parseCondition } from './expression.ts'
import { argoPolicy } from './policy.ts'
import { readArgo } from './template.ts'
import { type ArgoMetric, type MetricCounts, noCounts, type Phase, phases } from './types.ts'

const metric = (settings: Partial<ArgoMetric> = {}): ArgoMetric => ({
  name: 'success-rate',
  successCondition: 'result[0] >= 0.95',
  failureCondition: null,
  intervalMs: 60_000,
  initialDelayMs: 0,
  count: null,
  failureLimit: 0,
  inconclusiveLimit: 0,
  consecutiveErrorLimit: 4,
  consecutiveSuccessLimit: 0,
  dryRun: false,
  ...settings,
})

/** Argo's answer while the run goes on, and once it is being ended. */
const both = (settings: Partial<ArgoMetric>, counts: Partial<MetricCounts>, measured = true): readonly Phase[] =>
  [false, true].map((terminating) =>
    assessMetric(metric(settings), { counts: { ...noCounts, ...counts }, measured, terminating }),
  )

describe("Argo's counts and limits (the vectors of its analysis_test.go)", () => {
  it('calls a metric that was never measured Pending, and Successful once the run is ended: the documented flaw', () => {
    assert.deepEqual(both({}, {}, false), ['Pending', 'Successful'])
  })

  it('fails beyond the failure limit, and not at it', () => {
    assert.deepEqual(both({ failureLimit: 2 }, { failed: 3, count: 3 }), ['Failed', 'Failed'])
    assert.deepEqual(both({ failureLimit: 3 }, { failed: 3, count: 3 }), ['Running', 'Successful'])
  })

  it('is inconclusive beyond the inconclusive limit', () => {
    assert.deepEqual(both({ inconclusiveLimit: 2 }, { inconclusive: 3, count: 3 }), ['Inconclusive', 'Inconclusive'])
    assert.deepEqual(both({ inconclusiveLimit: 3 }, { inconclusive: 3, count: 3 }), ['Running', 'Successful'])
  })

  it('is an error beyond four errors in a row by default', () => {
    assert.deepEqual(both({}, { consecutiveError: 5 }), ['Error', 'Error'])
    assert.deepEqual(both({}, { consecutiveError: 4 }), ['Running', 'Successful'])
  })

  it('is successful at its count, failures within the limit', () => {
    const counts = { successful: 7, count: 10, failed: 2, inconclusive: 1 }
    assert.deepEqual(both({ count: 10, failureLimit: 2, inconclusiveLimit: 1 }, counts), ['Successful', 'Successful'])
    assert.deepEqual(both({ count: 10 }, { successful: 9, count: 9 }), ['Running', 'Successful'])
    assert.deepEqual(both({ count: null, intervalMs: null }, { successful: 1, count: 1 }), ['Successful', 'Successful'])
  })

  /** failureLimit and consecutiveSuccessLimit together: the documented table. */
  const together: readonly [string, Partial<ArgoMetric>, Partial<MetricCounts>, readonly [Phase, Phase]][] = [
    ['limit violated, not yet at count', {}, { failed: 5, count: 6 }, ['Failed', 'Failed']],
    ['limit violated, successes reached', {}, { failed: 5, count: 9, consecutiveSuccess: 4 }, ['Failed', 'Failed']],
    ['successes reached', {}, { failed: 4, count: 8, consecutiveSuccess: 4 }, ['Successful', 'Successful']],
    ['neither, before count', {}, { failed: 4, count: 9, consecutiveSuccess: 3 }, ['Running', 'Successful']],
    ['neither, at count', {}, { failed: 4, count: 10, consecutiveSuccess: 3 }, ['Inconclusive', 'Inconclusive']],
    ['failures do not count', { failureLimit: -1 }, { failed: 9, count: 10 }, ['Inconclusive', 'Inconclusive']],
    [
      'failures do not count, proven',
      { failureLimit: -1 },
      { failed: 9, consecutiveSuccess: 4 },
      ['Successful', 'Successful'],
    ],
  ]
  for (const [name, settings, counts, expected] of together)
    it(`with both limits: ${name}`, () => {
      const limits = { count: 10, failureLimit: 4, consecutiveSuccessLimit: 4, ...settings }
      assert.deepEqual(both(limits, counts), expected)
    })

  it('counts errors beside the measurements, and anything but a success ends a row of successes', () => {
    const order = ['Successful', 'Successful', 'Error', 'Failed', 'Inconclusive', 'Successful'] as const
    assert.deepEqual(order.reduce(counted, noCounts), {
      count: 5,
      successful: 3,
      failed: 1,
      inconclusive: 1,
      error: 1,
      consecutiveError: 0,
      consecutiveSuccess: 1,
    })
    assert.equal(counted({ ...noCounts, consecutiveSuccess: 3 }, 'Error').consecutiveSuccess, 0)
  })

  it('orders phases from best to worst', () => {
    assert.deepEqual(
      phases.map((phase) => worse(phase, 'Inconclusive')),
      ['Inconclusive', 'Inconclusive', 'Inconclusive', 'Inconclusive', 'Error', 'Failed'],
    )
  })
})

const phaseOf = (conditions: { success?: string; failure?: string }, value: MeasuredValue): string =>
  evaluateMeasurement(
    { successCondition: conditions.success ?? null, failureCondition: conditions.failure ?? null },
    value,
  ).phase

describe('a condition', () => {
  const holding: readonly [string, MeasuredValue, boolean][] = [
    ['result[0] >= 0.95', [0.95], true],
    ['result < 0.01 || result == 1', 1, true],
    ['!(result > 1) and result != 0', 0.5, true],
    ["result == 'true'", 'true', true],
    ["result == 'true'", true, false],
    ['asFloat(result) >= 0.90', '0.91', true],
    ['asInt(result) == 3', '3', true],
    ['len(result) == 0 || result[0] <= 5', [], true],
    ['all(result, # > 1)', [2, 3], true],
    ['all(result, {# > 2})', [2, 3], false],
    ['any(result, # == 3) && none(result, # == 4)', [2, 3], true],
    ['isNaN(result)', null, true],
    ['result >= 0', null, false],
    ['default(result, 1) == 1', null, true],
    ['isNil(result)', null, true],
    ['isInf(1 / result)', 0, true],
    ['-result + 2 * 3 == 5 && 7 % 2 == 1', 1, true],
    ['result[0] - result[1] > 0.5', [1, 0.25], true],
  ]
  for (const [text, value, expected] of holding)
    it(`${text} is ${expected} of ${JSON.stringify(value)}`, () => {
      assert.equal(phaseOf({ success: text }, value), expected ? 'Successful' : 'Failed')
    })

  it('alone decides both ways, beside another leaves a middle', () => {
    assert.equal(phaseOf({ success: 'result >= 0.9' }, 0.5), 'Failed')
    assert.equal(phaseOf({ failure: 'result < 0.5' }, 0.7), 'Successful')
    const two = { success: 'result >= 0.9', failure: 'result < 0.5' }
    assert.deepEqual(
      [0.95, 0.7, 0.4].map((value) => phaseOf(two, value)),
      ['Successful', 'Inconclusive', 'Failed'],
    )
    assert.equal(phaseOf({}, 'anything'), 'Successful')
  })

  it('that cannot be evaluated on a value is an error, never a success', () => {
    for (const [text, value] of [
      ['result[0] >= 1', []],
      ['result[0] >= 1', 3],
      ['result >= 1', 'text'],
      ['result', 1],
      ['result && true', 1],
      ['# > 1', 1],
      ['asFloat(result) > 1', 'none'],
    ] as const)
      assert.equal(phaseOf({ success: text }, value), 'Error', text)
  })

  it('that says what is not understood is refused with the place', () => {
    const refused = (text: string): string => {
      const parsed = parseCondition(text)
      return parsed.kind === 'refused' ? parsed.detail : 'understood'
    }
    assert.match(refused('result ? 1 : 2'), /"\?" at 8 is not understood in the condition/)
    assert.match(refused('filter(result, # > 1)'), /filter at 1 is not understood/)
    assert.match(refused('result in [1]'), /in at 8/)
    assert.match(refused('result >='), /something is missing at the end/)
    assert.match(refused('len()'), /len takes 1 values, not 0/)
    assert.match(refused('(result > 1'), /something is missing/)
    assert.match(refused('result > 1)'), /\) at 11/)
    assert.match(refused('toString(result)'), /toString at 1/)
  })
})

const document = (metrics: readonly object[], spec: object = {}): unknown => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name: 'success-rate' },
  spec: { metrics, ...spec },
})

const documented = { name: 'success-rate', interval: '5m', successCondition: 'result[0] >= 0.95', failureLimit: 3 }

describe('an AnalysisTemplate', () => {
  it("becomes metrics with Argo's defaults, its arguments put in", () => {
    const { template, notes } = readArgo(
      document(
        [
          {
            ...documented,
            initialDelay: '1m30s',
            successCondition: 'result[0] >= {{ args.min }}',
            provider: { prometheus: {} },
          },
          { name: 'one', count: '1' },
        ],
        { args: [{ name: 'min', value: '0.9' }, { name: 'service-name' }], dryRun: [{ metricName: 'o.*' }] },
      ),
    )
    assert.deepEqual(template, {
      name: 'success-rate',
      metrics: [
        metric({ successCondition: 'result[0] >= 0.9', intervalMs: 300_000, initialDelayMs: 90_000, failureLimit: 3 }),
        metric({ name: 'one', successCondition: null, intervalMs: null, count: 1, dryRun: true }),
      ],
    })
    assert.deepEqual(notes, [
      'success-rate: its provider (prometheus) was not kept; the policy judges the values that it is given',
      'one: it has no condition, so whatever is measured is a success',
    ])
  })

  it('is refused for what cannot be kept', () => {
    const refusal = (value: unknown): string => {
      try {
        readArgo(value)
      } catch (error) {
        if (error instanceof SluiceError && error.code === 'config_invalid') return error.detail
        throw error
      }
      return 'read'
    }
    assert.match(refusal({ kind: 'Rollout' }), /kind/)
    assert.match(refusal(document([])), /no metrics/)
    assert.match(refusal(document([documented, documented])), /twice/)
    assert.match(refusal(document([{ ...documented, interval: 'soon' }])), /no duration: soon/)
    assert.match(refusal(document([{ ...documented, count: 'many' }])), /no whole number/)
    assert.match(refusal(document([{ name: 'a', count: 3 }])), /no interval/)
    assert.match(refusal(document([{ ...documented, successCondition: '{{args.x}} > 1' }])), /takes the argument x/)
    assert.match(refusal(document([{ ...documented, successCondition: 'result ?? 1' }])), /not understood/)
    assert.match(refusal(document([documented], { templates: [{ templateName: 'other' }] })), /other templates/)
  })
})

const minute = 60_000
const reading = (at: number, value: MeasuredValue | 'failed'): Reading =>
  value === 'failed' ? { kind: 'failed', at, detail: 'no answer' } : { kind: 'value', at, value }

const observe = (values: readonly (MeasuredValue | 'failed')[], ended = false): Observations => ({
  startedAt: 0,
  now: values.length * minute,
  ended,
  series: [
    { metric: 'success-rate', candidate: values.map((value, index) => reading(index * minute, value)), stable: [] },
  ],
})

const judged = (settings: Partial<ArgoMetric>, observed: Observations): readonly [string, string] => {
  const { outcome, verdict } = argoPolicy({ name: 'p', metrics: [metric(settings)] }).judge(observed)
  return [outcome, verdict]
}

describe("Argo's analysis as a policy keeps its outcome, and fails closed beside it", () => {
  it('passes at its count and fails beyond its limit', () => {
    assert.deepEqual(judged({ count: 3 }, observe([[1], [1], [1]])), ['Successful', 'pass'])
    assert.deepEqual(judged({ count: 3 }, observe([[1], [0.5], [1]])), ['Failed', 'fail'])
    assert.deepEqual(judged({ count: 3 }, observe([[1], [1]])), ['Running', 'hold'])
  })

  it('success without a measurement is Successful in Argo and broken in Sluice', () => {
    assert.deepEqual(judged({ count: 3 }, observe([], true)), ['Successful', 'broken'])
    assert.deepEqual(judged({ count: 3 }, observe(['failed', 'failed'], true)), ['Successful', 'broken'])
    assert.deepEqual(judged({ count: 3 }, observe([[1]], true)), ['Successful', 'broken'])
    assert.deepEqual(judged({}, observe([[1], 'failed'], true)), ['Successful', 'broken'])
    assert.deepEqual(judged({}, observe([[1], [1]], true)), ['Successful', 'pass'])
    assert.deepEqual(judged({ failureLimit: 9 }, observe([[1], [0]], true)), ['Successful', 'broken'])
    assert.deepEqual(judged({ dryRun: true, count: 1 }, observe([[1]])), ['Successful', 'broken'])
  })

  it('pauses where Argo has errors or no conclusion', () => {
    const errors = Array.from({ length: 5 }, () => 'failed' as const)
    assert.deepEqual(judged({ count: 3 }, observe(errors)), ['Error', 'broken'])
    const middle = { count: 1, failureCondition: 'result[0] < 0.5' }
    assert.deepEqual(judged(middle, observe([[0.7]])), ['Inconclusive', 'hold'])
  })

  it('measures once an interval, after the delay, and ten seconds after an error', () => {
    const every = (ms: number, count: number): Observations => ({
      startedAt: 0,
      now: ms * count,
      ended: false,
      series: [
        {
          metric: 'success-rate',
          candidate: Array.from({ length: count }, (_, index) => reading(index * ms, index === 7 ? [0] : [1])),
          stable: [],
        },
      ],
    })
    // The bad value at 35 s lies between two measurements.
    assert.deepEqual(judged({ count: 3 }, every(5_000, 40)), ['Successful', 'pass'])
    assert.deepEqual(judged({ count: 3, initialDelayMs: 35_000 }, every(5_000, 40)), ['Failed', 'fail'])
  })

  it('lets a metric that failed end the others, which are then Successful', () => {
    const policy = argoPolicy({ name: 'p', metrics: [metric(), metric({ name: 'other' })] })
    const observed = observe([[0.1]])
    const verdict = policy.judge(observed)
    assert.deepEqual(
      verdict.metrics.map(({ outcome }) => outcome),
      ['Failed', 'Successful'],
    )
    assert.equal(verdict.verdict, 'fail')
  })
})
