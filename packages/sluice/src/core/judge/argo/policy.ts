/** An AnalysisTemplate as a policy: Argo's own outcome, exact, and what Sluice makes of it. */
import { unreachable } from '../../machine.ts'
import type { AnalysisPolicy, Observations, PolicyVerdict } from '../policy.ts'
import { effectiveCount } from './assess.ts'
import { type AnalysisRun, type MetricRun, runAnalysis } from './run.ts'
import type { ArgoTemplate } from './types.ts'

const semantics: readonly string[] = [
  'Each metric is measured every interval and compared with fixed conditions; counts are cumulative for the whole run, so a long run ends on a few blips.',
  'The run has the worst phase of its metrics: Successful, Running, Pending, Inconclusive, Error, Failed. A metric that ends badly ends the others.',
  'In Argo a run that is ended before a metric was measured is Successful. Here that is broken: no measurement is never a pass.',
  'In Argo a metric that is ended before its count is Successful. Here it passes only if it has no count and its last measurement was a success.',
  'Error aborts the rollout in Argo; here it is broken and pauses. Inconclusive pauses in Argo; here it is hold.',
]

/** An AnalysisTemplate as a policy. */
export const argoPolicy = (template: ArgoTemplate): AnalysisPolicy => ({
  name: template.name,
  origin: 'argo',
  metrics: template.metrics.map((metric) => metric.name),
  semantics,
  judge: (observations) => judgeRun(template, observations),
})

const judgeRun = (template: ArgoTemplate, observed: Observations): PolicyVerdict => {
  const run = runAnalysis(template, observed)
  const metrics = run.metrics.map(({ metric, phase, detail, counts }) => ({
    metric: metric.name,
    outcome: phase,
    detail: `${counts.successful} successful, ${counts.failed} failed, ${counts.error} errors; last ${detail}`,
  }))
  return { ...mapped(run), outcome: run.phase, metrics }
}

/** Sluice's verdict on Argo's outcome. */
const mapped = (run: AnalysisRun): Pick<PolicyVerdict, 'verdict' | 'detail'> => {
  const worst = run.metrics.find(({ phase, metric }) => phase === run.phase && !metric.dryRun)
  const of = worst === undefined ? 'no metric counts' : `${worst.metric.name}: ${worst.detail}`
  switch (run.phase) {
    case 'Failed':
      return { verdict: 'fail', detail: of }
    case 'Error':
      return { verdict: 'broken', detail: of }
    case 'Inconclusive':
      return { verdict: 'hold', detail: of }
    case 'Running':
    case 'Pending':
      return { verdict: 'hold', detail: 'the analysis is not over' }
    case 'Successful':
      return passOrBroken(run)
    default:
      return unreachable(run.phase)
  }
}

/** Argo says Successful: it is a pass only for what was seen. */
const passOrBroken = ({ metrics }: AnalysisRun): Pick<PolicyVerdict, 'verdict' | 'detail'> => {
  const counting = metrics.filter(({ metric }) => !metric.dryRun)
  if (counting.length === 0) return { verdict: 'broken', detail: 'no metric counts: all are dry runs' }
  const doubts = counting.flatMap((one) => doubtOf(one) ?? [])
  if (doubts.length > 0) return { verdict: 'broken', detail: doubts.join('; ') }
  return { verdict: 'pass', detail: `${counting.length} metrics are Successful` }
}

const doubtOf = ({ metric, counts }: MetricRun): string | null => {
  if (counts.successful === 0) return `${metric.name} was never measured as a success`
  const isProven = metric.consecutiveSuccessLimit > 0 && counts.consecutiveSuccess >= metric.consecutiveSuccessLimit
  const enough = effectiveCount(metric)
  if (isProven || (enough !== null && counts.count >= enough)) return null
  if (enough !== null) return `${metric.name} was ended after ${counts.count} of ${enough} measurements`
  return counts.consecutiveSuccess > 0 ? null : `the last measurement of ${metric.name} was no success`
}
