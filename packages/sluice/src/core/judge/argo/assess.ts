/**
 * Where one metric stands, by Argo's counts and limits. All counts are cumulative for the run.
 *
 * | failureLimit | consecutiveSuccessLimit | at `count` | ended early    |
 * |--------------|-------------------------|------------|----------------|
 * | violated     | any                     | Failed     | Failed         |
 * | kept         | reached                 | Successful | Successful     |
 * | kept         | off                     | Successful | Successful     |
 * | kept         | not reached             | Inconclusive | Successful   |
 *
 * "Ended early" has a flaw that Argo documents and tests: a metric that was never measured is Successful too.
 */
import type { ArgoMetric, MeasuredPhase, MetricCounts, Phase } from './types.ts'
import { phases } from './types.ts'

/** The worse of two phases. */
export const worse = (one: Phase, other: Phase): Phase => (phases.indexOf(one) >= phases.indexOf(other) ? one : other)

/** Counts after one more measurement. An error is no measurement that counts, and ends a row of successes. */
export const counted = (counts: MetricCounts, phase: MeasuredPhase): MetricCounts => {
  const next = { ...counts, count: counts.count + 1, consecutiveError: 0, consecutiveSuccess: 0 }
  switch (phase) {
    case 'Successful':
      return { ...next, successful: counts.successful + 1, consecutiveSuccess: counts.consecutiveSuccess + 1 }
    case 'Failed':
      return { ...next, failed: counts.failed + 1 }
    case 'Inconclusive':
      return { ...next, inconclusive: counts.inconclusive + 1 }
    case 'Error':
      return {
        ...counts,
        error: counts.error + 1,
        consecutiveError: counts.consecutiveError + 1,
        consecutiveSuccess: 0,
      }
  }
}

/** How many measurements make the metric over; null goes on. Without an interval it is one. */
export const effectiveCount = ({ count, intervalMs }: Pick<ArgoMetric, 'count' | 'intervalMs'>): number | null =>
  count === null || count === 0 ? (intervalMs === null ? 1 : null) : count

/** What is known of a metric when it is assessed. */
export type MetricState = {
  readonly counts: MetricCounts
  /** Whether anything was measured at all, errors included. */
  readonly measured: boolean
  /** Whether the run is being ended, by a person or because another metric failed. */
  readonly terminating: boolean
}

/** The phase of one metric. */
export const assessMetric = (metric: ArgoMetric, { counts, measured, terminating }: MetricState): Phase => {
  if (!measured) return terminating ? 'Successful' : 'Pending'
  const bad = beyondLimits(metric, counts)
  if (bad !== null) return bad
  const isProven = metric.consecutiveSuccessLimit > 0 && counts.consecutiveSuccess >= metric.consecutiveSuccessLimit
  if (isProven) return 'Successful'
  const enough = effectiveCount(metric)
  if (enough !== null && counts.count >= enough)
    return metric.consecutiveSuccessLimit > 0 ? 'Inconclusive' : 'Successful'
  return terminating ? 'Successful' : 'Running'
}

/** The limit that was passed; the last one in Argo's order wins. */
const beyondLimits = (
  metric: ArgoMetric,
  { failed, inconclusive, consecutiveError }: MetricCounts,
): 'Failed' | 'Inconclusive' | 'Error' | null => {
  if (consecutiveError > metric.consecutiveErrorLimit) return 'Error'
  if (inconclusive > metric.inconclusiveLimit) return 'Inconclusive'
  return metric.failureLimit >= 0 && failed > metric.failureLimit ? 'Failed' : null
}
