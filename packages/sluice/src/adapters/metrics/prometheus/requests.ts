/** The HTTP API of Prometheus (https://prometheus.io/docs/prometheus/latest/querying/api/, 2026-11): instant queries as data, and their answers read. */
import { z } from 'zod'
import { SluiceError } from '../../../core/errors.ts'
import type { SeriesValue } from '../../../core/judge/outside/counters.ts'
import type { MetricQuestion } from '../../../ports/metrics.ts'
import { limits } from '../../../core/limits.ts'
import { type JsonAnswer, type JsonRequest, placeOf } from '../http.ts'

/** An instant query at one moment, so that all queries of a look see the same data. */
export const instantQuery = (
  { source, authorization }: Pick<MetricQuestion, 'source' | 'authorization'>,
  query: string,
  atMs: number,
): JsonRequest => ({
  url: `${source.url.replace(/\/+$/, '')}/api/v1/query`,
  method: 'POST',
  body: new URLSearchParams({
    query,
    time: String(atMs / 1_000),
    timeout: `${source.timeoutMs}ms`,
  }).toString(),
  contentType: 'application/x-www-form-urlencoded',
  authorization,
  timeoutMs: source.timeoutMs,
  code: 'metric_source_failed',
})

const sample = z.tuple([z.number(), z.string()])

const answerSchema = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('success'),
    warnings: z.array(z.string()).default([]),
    data: z.discriminatedUnion('resultType', [
      z.object({
        resultType: z.literal('vector'),
        result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: sample.optional() })),
      }),
      z.object({ resultType: z.literal('scalar'), result: sample }),
      z.object({ resultType: z.enum(['matrix', 'string']), result: z.unknown() }),
    ]),
  }),
  z.object({ status: z.literal('error'), errorType: z.string().default(''), error: z.string().default('') }),
])

/** The series of an answer. `metric_source_failed` for what is no answer, `metric_absent` for an empty one and for numbers that are none. */
export const readSeries = ({ status, body }: JsonAnswer, { url, query }: Asked): readonly SeriesValue[] => {
  const parsed = answerSchema.safeParse(body)
  if (!parsed.success) throw failed(url, `status ${status}, and not what Prometheus answers`)
  const answer = parsed.data
  if (answer.status === 'error') throw failed(url, `${answer.errorType}: ${answer.error} (query ${query})`)
  const [warning] = answer.warnings
  // A warning is how partial data is told, and a part of the counts is not the counts.
  if (warning !== undefined) throw failed(url, `it warns: ${warning} (query ${query})`)
  const { data } = answer
  if (data.resultType === 'scalar') return [{ key: '', value: numberOf(data.result[1], query) }]
  if (data.resultType !== 'vector') throw failed(url, `a ${data.resultType} where numbers are wanted (query ${query})`)
  if (data.result.length === 0) throw absent(`nothing matches ${query}`)
  if (data.result.length > limits.metricSeriesMax)
    throw failed(url, `${data.result.length} series, and ${limits.metricSeriesMax} at most (query ${query})`)
  return data.result.map(({ metric, value }) => {
    if (value === undefined) throw failed(url, `a histogram where numbers are wanted (query ${query})`)
    return { key: keyOf(metric), value: numberOf(value[1], query) }
  })
}

/** What was asked, for messages. */
export type Asked = { readonly url: string; readonly query: string }

const failed = (url: string, what: string): SluiceError =>
  new SluiceError('metric_source_failed', { detail: `${placeOf(url)}: ${what}` })

const absent = (what: string): SluiceError =>
  new SluiceError('metric_absent', {
    detail: what,
    hint: 'a counter that is not there yet is no zero; where it means zero, say so in the query: … or vector(0)',
  })

const numberOf = (text: string, query: string): number => {
  const value = Number(text)
  if (Number.isFinite(value) && value >= 0) return value
  throw absent(`${text} is no count (query ${query})`)
}

/** A series by its labels, whatever their order. */
const keyOf = (metric: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(metric).toSorted(([a], [b]) => (a < b ? -1 : 1)))
