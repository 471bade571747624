/** Which metrics a policy judges, by which tests, and how they share the one α of the release. */
import type { JudgePolicy } from '../model.ts'

/** What makes a response bad. */
export type Metric =
  /** Status 500–599, time-outs, connection errors. */
  | { readonly kind: 'errors'; readonly name: string }
  /** Slower than the stable arm's own quantile, which is learnt from its past alone. */
  | { readonly kind: 'quantile'; readonly name: string; readonly quantile: number }
  /** Slower than an absolute limit. */
  | { readonly kind: 'slow'; readonly name: string; readonly limitMs: number }

/** One test of one metric. The weights of a policy's tests sum to 1: the release's evidence is the weighted average of their e-values. */
export type JudgeTest =
  /** Against the stable arm at the same time. */
  | { readonly form: 'compared'; readonly metric: string; readonly weight: number; readonly tolerance: number }
  /** Against a declared share of bad units, while there is no control. */
  | { readonly form: 'limited'; readonly metric: string; readonly weight: number; readonly limit: number }

/** The metrics of a policy, errors first. */
export const metricsOf = (policy: JudgePolicy): readonly Metric[] => {
  const { latency } = policy
  const known: Metric[] = [{ kind: 'errors', name: 'errors' }]
  for (const quantile of latency?.quantiles ?? [])
    known.push({ kind: 'quantile', name: quantileName(quantile), quantile })
  if (latency?.limitMs !== undefined) known.push({ kind: 'slow', name: 'slow', limitMs: latency.limitMs })
  return known
}

/** What a quantile's metric is called: `p95`, `p99.9`. */
const quantileName = (quantile: number): string => `p${Number((quantile * 100).toFixed(4))}`

/** How many times the stable's rate the candidate's may be. */
export const toleranceOf = (policy: JudgePolicy, { kind }: Metric): number =>
  kind === 'quantile' || kind === 'slow' ? (policy.latency?.tolerance ?? policy.tolerance) : policy.tolerance

/**
 * The tests of a policy with their weights. A metric with an α of its own weighs α_i/α, so that its evidence alone stops at 1/α_i; the others share what is
 * left by their weights. An average of e-values whose weights sum to 1 is one, so the release has the bound α, whatever the metrics have to do with each other.
 * A metric that is judged in both forms gives each half.
 */
export const testsOf = (policy: JudgePolicy): readonly JudgeTest[] => {
  const metrics = metricsOf(policy)
  const own = (name: string): number => (policy.metrics?.[name]?.alpha ?? 0) / policy.alpha
  const spent = metrics.reduce((sum, { name }) => sum + own(name), 0)
  const asked = ({ name }: Metric): number => (own(name) > 0 ? 0 : (policy.metrics?.[name]?.weight ?? 1))
  const total = metrics.reduce((sum, metric) => sum + asked(metric), 0)
  const left = Math.max(0, 1 - spent)
  return metrics.flatMap((metric): readonly JudgeTest[] => {
    // More α spent than there is: all get less, so that the bound stays.
    const share = own(metric.name) / Math.max(1, spent)
    const weight = share > 0 ? share : total > 0 ? (left * asked(metric)) / total : 0
    const tolerance = toleranceOf(policy, metric)
    const limit = limitOf(policy, metric)
    if (limit === null) return [{ form: 'compared', metric: metric.name, weight, tolerance }]
    return [
      { form: 'compared', metric: metric.name, weight: weight / 2, tolerance },
      { form: 'limited', metric: metric.name, weight: weight / 2, limit },
    ]
  })
}

/** Whether a candidate without a control is judged at all. */
export const judgesAlone = (policy: JudgePolicy): boolean => testsOf(policy).some(({ form }) => form === 'limited')

const limitOf = (policy: JudgePolicy, { kind }: Metric): number | null => {
  if (kind === 'errors') return policy.errorLimit ?? null
  return kind === 'slow' ? (policy.latency?.limitShare ?? null) : null
}
