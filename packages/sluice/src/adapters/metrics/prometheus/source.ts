/** Counters from Prometheus: instant queries, series summed here so that a process that starts again takes nothing away. */
import { createHash } from 'node:crypto'
import { accumulate, noSeries, type SeriesMemory } from '../../../core/judge/outside/counters.ts'
import { type ArmLabels, renderQuery } from '../../../core/judge/outside/labels.ts'
import type { ArmCount } from '../../../core/judge/outside/types.ts'
import { limits } from '../../../core/limits.ts'
import type { MetricQuestion, MetricSource } from '../../../ports/metrics.ts'
import { askJson } from '../http.ts'
import { instantQuery, readSeries } from './requests.ts'

/** What the source is made with. */
export type PrometheusOptions = {
  readonly now: () => number
  /** Names this process's memory: another one has another. */
  readonly era: string
}

type Remembered = { readonly memory: SeriesMemory; readonly era: string }

/** A source that asks whatever Prometheus each question names. */
export const prometheusSource = ({ now, era }: PrometheusOptions): MetricSource => {
  const memories = new Memories(era)
  return {
    measure: async ({ query, ...question }, signal) => {
      const request = instantQuery(question, query, now())
      const series = readSeries(await askJson(request, signal), { url: request.url, query })
      return series.reduce((sum, { value }) => sum + value, 0)
    },
    sample: async (question, signal) => {
      const atMs = now()
      const { metric, arms } = question
      const counted = async (labels: ArmLabels): Promise<Counted> => {
        const ask = (template: string): Promise<Counter> =>
          counter({ question, query: renderQuery(template, labels), atMs, memories }, signal)
        const [total, bad, observedAt] = await Promise.all([
          ask(metric.total),
          ask(metric.bad),
          oldest({ question, query: renderQuery(metric.total, labels), atMs }, signal),
        ])
        return {
          count: { units: total.total, badUnits: bad.total },
          era: `${total.era}/${bad.era}`,
          observedAt,
        }
      }
      const [candidate, stable] = await Promise.all([
        counted(arms.candidate),
        arms.stable === null ? null : counted(arms.stable),
      ])
      return {
        era: stable === null ? candidate.era : `${candidate.era}/${stable.era}`,
        candidate: candidate.count,
        stable: stable?.count ?? null,
        observedAt: Math.min(candidate.observedAt, stable?.observedAt ?? Infinity),
      }
    },
  }
}

type Counted = { readonly count: ArmCount; readonly era: string; readonly observedAt: number }
type Counter = { readonly total: number; readonly era: string }
type Query = { readonly question: MetricQuestion; readonly query: string; readonly atMs: number }

const counter = async (
  { question, query, atMs, memories }: Query & { readonly memories: Memories },
  signal: AbortSignal,
): Promise<Counter> => {
  const request = instantQuery(question, query, atMs)
  const series = readSeries(await askJson(request, signal), { url: request.url, query })
  return memories.add(`${question.source.url}\n${query}`, series)
}

/** When the oldest series was last scraped, epoch ms: exact for a plain selector, the time of the query for what Prometheus computes. */
const oldest = async ({ question, query, atMs }: Query, signal: AbortSignal): Promise<number> => {
  const asked = `min(timestamp(${query}))`
  const request = instantQuery(question, asked, atMs)
  const [first] = readSeries(await askJson(request, signal), { url: request.url, query: asked })
  return Math.round((first?.value ?? 0) * 1_000)
}

/** What is remembered of each query, the newest `limits.metricQueriesMax`; what was forgotten begins a new era. */
class Memories {
  readonly #era: string
  readonly #known = new Map<string, Remembered>()
  #begun = 0

  constructor(era: string) {
    this.#era = era
  }

  add(text: string, series: Parameters<typeof accumulate>[1]): Counter {
    const key = createHash('sha256').update(text).digest('hex')
    const known = this.#known.get(key) ?? { memory: noSeries, era: `${this.#era}.${(this.#begun += 1)}` }
    const { memory, total } = accumulate(known.memory, series)
    this.#known.delete(key)
    this.#known.set(key, { memory, era: known.era })
    for (const old of this.#known.keys()) {
      if (this.#known.size <= limits.metricQueriesMax) break
      this.#known.delete(old)
    }
    return { total, era: known.era }
  }
}
