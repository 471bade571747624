/** What every metric source must do. Each implementation calls `metricsContract` with a way to make one beside something that counts. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type ErrorCode, SluiceError } from '../../src/core/errors.ts'
import type { ArmLabels } from '../../src/core/judge/outside/labels.ts'
import type { CountedMetric, MetricsSpec } from '../../src/core/judge/outside/types.ts'
import type { MetricQuestion, MetricSample, MetricSource } from '../../src/ports/metrics.ts'

/** One series of a counter: labels and value. */
export type Series = { readonly labels: Readonly<Record<string, string>>; readonly value: number }

/** A source, and what it counts. */
export type MetricsWorld = {
  readonly source: MetricSource
  readonly url: string
  /** Lets every instance show these counters, and resolves once the source has them. */
  readonly expose: (counters: Readonly<Record<string, readonly Series[]>>) => Promise<void>
  /** The instances are gone; resolves once the source knows. */
  readonly drop: () => Promise<void>
  readonly remove: () => Promise<void>
}

const never = new AbortController().signal

/** The metric of the contract: requests by release, of which those with a 5xx are bad. */
export const requests: CountedMetric = {
  name: 'requests',
  total: 'http_requests_total{release="{{release}}"}',
  bad: 'http_requests_total{release="{{release}}",code="500"} or vector(0)',
  tolerance: 1,
  ignoreBelow: 0,
  unitsMin: 1,
}

/** The spec of a source at an address. */
export const specAt = (url: string): MetricsSpec => ({
  kind: 'prometheus',
  url,
  authorization: null,
  secretVersions: {},
  intervalMs: 1_000,
  timeoutMs: 2_000,
  staleAfterMs: 60_000,
  alpha: 0.001,
  metrics: [requests],
})

/** Labels of one arm of the contract. */
export const labelsOf = (release: string, arm: string): ArmLabels => ({
  service: 'shop',
  environment: 'production',
  release,
  version: '1.0.0',
  commit: 'c'.repeat(40),
  arm,
})

/** A question about both arms. */
export const questionAt = (url: string, metric: Partial<CountedMetric> = {}): MetricQuestion => ({
  source: specAt(url),
  metric: { ...requests, ...metric },
  arms: { candidate: labelsOf('rel_b', 'candidate'), stable: labelsOf('rel_a', 'stable') },
  authorization: null,
})

/** The code that an attempt is refused with. */
export const codeOf = async (attempt: Promise<unknown>): Promise<ErrorCode | 'none'> => {
  try {
    await attempt
    return 'none'
  } catch (error) {
    if (error instanceof SluiceError) return error.code
    throw error
  }
}

const series = (release: string, instance: string, counts: Readonly<Record<string, number>>): readonly Series[] =>
  Object.entries(counts).map(([code, value]) => ({ labels: { release, instance_name: instance, code }, value }))

/** Runs the contract against one implementation. */
export const metricsContract = (name: string, makeWorld: () => Promise<MetricsWorld>): void => {
  describe(`${name} keeps the metric source's contract`, () => {
    let made: MetricsWorld | null = null
    const world = (): MetricsWorld => made ?? assert.fail('the world is there')
    const ask = (metric: Partial<CountedMetric> = {}): Promise<MetricSample> =>
      world().source.sample(questionAt(world().url, metric), never)
    before(async () => {
      made = await makeWorld()
    })
    after(() => world().remove())

    test('counts both arms at one moment, as sums over their instances', async () => {
      await world().expose({
        http_requests_total: [
          ...series('rel_a', 'a0', { 200: 900, 500: 3 }),
          ...series('rel_b', 'b0', { 200: 40, 500: 2 }),
          ...series('rel_b', 'b1', { 200: 60 }),
        ],
      })
      const { candidate, stable, observedAt } = await ask()
      assert.deepEqual(
        [candidate, stable],
        [
          { units: 102, badUnits: 2 },
          { units: 903, badUnits: 3 },
        ],
      )
      assert.ok(Math.abs(Date.now() - observedAt) < 30_000, `observed at ${observedAt}`)
    })

    test('an instance that starts again, or is gone, takes nothing from its arm', async () => {
      const before = await ask()
      await world().expose({
        http_requests_total: [
          ...series('rel_a', 'a0', { 200: 950, 500: 3 }),
          ...series('rel_b', 'b0', { 200: 5, 500: 1 }),
        ],
      })
      const now = await ask()
      assert.equal(now.era, before.era)
      assert.deepEqual(now.candidate, { units: 102 + 6, badUnits: 2 + 1 })
      assert.deepEqual(now.stable, { units: 953, badUnits: 3 })
    })

    test('the stable arm is not asked for where nobody has it', async () => {
      const question = questionAt(world().url)
      const sample = await world().source.sample({ ...question, arms: { ...question.arms, stable: null } }, never)
      assert.equal(sample.stable, null)
    })

    test('what matches nothing, and what is no number, is absent and never zero', async () => {
      assert.equal(await codeOf(ask({ bad: 'http_requests_total{release="{{release}}",code="503"}' })), 'metric_absent')
      assert.equal(await codeOf(ask({ total: 'http_requests_total{release="{{release}}-none"}' })), 'metric_absent')
      await world().expose({
        http_requests_total: [...series('rel_a', 'a0', { 200: 1 }), ...series('rel_b', 'b0', { 200: Number.NaN })],
      })
      assert.equal(await codeOf(ask()), 'metric_absent')
    })

    test('a query that is none is the source failing, with its words', async () => {
      assert.equal(await codeOf(ask({ total: 'http_requests_total{release="{{release}}"' })), 'metric_source_failed')
    })

    test('counters of instances that are gone are absent', async () => {
      await world().drop()
      assert.equal(await codeOf(ask()), 'metric_absent')
    })
  })
}
