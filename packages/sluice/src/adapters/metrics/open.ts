/** Who is asked from outside, loaded with the first question: most environments ask nobody. */
import type { ExternalJudge, MetricSource } from '../../ports/metrics.ts'
import type { PrometheusOptions } from './prometheus/source.ts'

/** A metric source and an external judge. The source remembers what it has seen for as long as this is held. */
export const openOutside = (
  options: PrometheusOptions,
): { readonly metrics: MetricSource; readonly externalJudge: ExternalJudge } => {
  let source: Promise<MetricSource> | null = null
  const prometheus = (): Promise<MetricSource> =>
    (source ??= import('./prometheus/source.ts').then(({ prometheusSource }) => prometheusSource(options)))
  return {
    metrics: {
      sample: async (question, signal) => (await prometheus()).sample(question, signal),
      measure: async (question, signal) => (await prometheus()).measure(question, signal),
    },
    externalJudge: {
      evaluate: async (question, signal) =>
        (await import('./external-judge.ts')).httpJudge().evaluate(question, signal),
    },
  }
}
