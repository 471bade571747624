/** Reads the judge's policy of an armed tripwire. A documented parser: every field is looked at before it is believed. */
import type { JudgePolicy, LatencyPolicy, MetricPolicy } from '../../core/model.ts'
import { type Fields, fields, list, number, wrong } from './fields.ts'

/** The policy in the fields; throws `usage_invalid`. */
export const judgePolicy = (each: Fields): JudgePolicy => {
  const { errorLimit, latency, metrics, prove, exposureBudget } = each
  return {
    alpha: part(each['alpha'], 'alpha'),
    tolerance: ratio(each['tolerance'], 'tolerance'),
    ignoreBelow: number(each['ignoreBelow'], 'ignoreBelow'),
    intervalMs: number(each['intervalMs'], 'intervalMs'),
    staleAfterMs: number(each['staleAfterMs'], 'staleAfterMs'),
    ...(errorLimit === undefined ? {} : { errorLimit: part(errorLimit, 'errorLimit') }),
    ...(latency === undefined ? {} : { latency: latencyPolicy(fields(latency, 'latency')) }),
    ...(metrics === undefined ? {} : { metrics: metricPolicies(fields(metrics, 'metrics')) }),
    ...(prove === undefined ? {} : { prove: proof(fields(prove, 'prove')) }),
    ...(exposureBudget === undefined ? {} : { exposureBudget: number(exposureBudget, 'exposureBudget') }),
  }
}

const part = (value: unknown, name: string): number => {
  const found = number(value, name)
  return found > 0 && found < 1 ? found : wrong(`${name} is not between 0 and 1`)
}

const ratio = (value: unknown, name: string): number => {
  const found = number(value, name)
  return found >= 1 ? found : wrong(`${name} is below 1`)
}

const latencyPolicy = ({ quantiles, tolerance, limitMs, limitShare, warmupMs }: Fields): LatencyPolicy => ({
  quantiles: list(quantiles, 'latency.quantiles').map((one) => part(one, 'latency.quantiles')),
  tolerance: ratio(tolerance, 'latency.tolerance'),
  ...(limitMs === undefined ? {} : { limitMs: number(limitMs, 'latency.limitMs') }),
  ...(limitShare === undefined ? {} : { limitShare: part(limitShare, 'latency.limitShare') }),
  warmupMs: number(warmupMs, 'latency.warmupMs'),
})

const metricPolicies = (metrics: Fields): Readonly<Record<string, MetricPolicy>> =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, metricPolicy(fields(value, name))]))

const metricPolicy = ({ weight, alpha }: Fields): MetricPolicy => ({
  ...(weight === undefined ? {} : { weight: number(weight, 'weight') }),
  ...(alpha === undefined ? {} : { alpha: part(alpha, 'alpha') }),
})

const proof = ({ margin, alpha }: Fields): { readonly margin: number; readonly alpha: number } => ({
  margin: ratio(margin, 'prove.margin'),
  alpha: part(alpha, 'prove.alpha'),
})
