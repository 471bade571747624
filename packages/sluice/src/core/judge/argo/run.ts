/** One AnalysisRun as Argo's controller would have made it of these readings: which of them it takes, and where each metric and the run end. */
import type { MetricSeries, Observations, Reading } from '../policy.ts'
import { assessMetric, counted, effectiveCount, worse } from './assess.ts'
import { evaluateMeasurement } from './evaluate.ts'
import { type ArgoMetric, type ArgoTemplate, type MetricCounts, noCounts, type Phase } from './types.ts'

/** Where one metric stands. */
export type MetricRun = {
  readonly metric: ArgoMetric
  readonly phase: Phase
  readonly counts: MetricCounts
  readonly detail: string
}

/** Where the run stands. */
export type AnalysisRun = { readonly phase: Phase; readonly metrics: readonly MetricRun[] }

/** Argo tries again after an error no sooner than this, whatever the interval. */
const errorRetryMs = 10_000

type Progress = {
  readonly metric: ArgoMetric
  readonly counts: MetricCounts
  readonly phase: Phase
  /** When the next measurement is taken. */
  readonly dueAt: number
  readonly detail: string
}

type Taken = { readonly metric: string; readonly reading: Reading }

const isCompleted = (phase: Phase): boolean => phase !== 'Running' && phase !== 'Pending'

/** The run over everything that was read until now. A metric that failed, had errors or was inconclusive ends the others. */
export const runAnalysis = (template: ArgoTemplate, observed: Observations): AnalysisRun => {
  let metrics = template.metrics.map((metric): Progress => ({
    metric,
    counts: noCounts,
    phase: 'Pending',
    dueAt: observed.startedAt + metric.initialDelayMs,
    detail: 'nothing was measured',
  }))
  for (const { metric, reading } of inOrder(template, observed.series)) {
    if (reading.at > observed.now || isTerminating(metrics)) break
    metrics = metrics.map((one) => (one.metric.name === metric ? take(one, reading) : one))
  }
  const terminating = observed.ended || isTerminating(metrics)
  const ended = metrics.map((one) => (isCompleted(one.phase) ? one : assessed(one, terminating)))
  return { phase: phaseOf(ended, terminating), metrics: ended }
}

/** Readings of all metrics by time; at the same time in the order of the template. */
const inOrder = ({ metrics }: ArgoTemplate, series: readonly MetricSeries[]): readonly Taken[] =>
  metrics
    .flatMap(({ name }) =>
      (series.find(({ metric }) => metric === name)?.candidate ?? []).map((reading) => ({ metric: name, reading })),
    )
    .toSorted((a, b) => a.reading.at - b.reading.at)

const isTerminating = (metrics: readonly Progress[]): boolean =>
  metrics.some(({ metric, phase }) => !metric.dryRun && isCompleted(phase) && phase !== 'Successful')

const take = (progress: Progress, reading: Reading): Progress => {
  const { metric, counts, dueAt } = progress
  const enough = effectiveCount(metric)
  const isOver = isCompleted(progress.phase) || (enough !== null && counts.count >= enough)
  if (isOver || reading.at < dueAt) return progress
  const { phase, detail } =
    reading.kind === 'failed'
      ? ({ phase: 'Error', detail: reading.detail } as const)
      : evaluateMeasurement(metric, reading.value)
  const pauseMs = phase === 'Error' ? errorRetryMs : (metric.intervalMs ?? errorRetryMs)
  return assessed({ ...progress, counts: counted(counts, phase), dueAt: reading.at + pauseMs, detail }, false)
}

const assessed = (progress: Progress, terminating: boolean): Progress => {
  const measured = progress.counts.count + progress.counts.error > 0
  return { ...progress, phase: assessMetric(progress.metric, { counts: progress.counts, measured, terminating }) }
}

/** The worst of what is completed; Running while anything is not, unless the run is being ended. Dry runs count for nothing. */
const phaseOf = (metrics: readonly Progress[], terminating: boolean): Phase => {
  const counting = metrics.filter(({ metric }) => !metric.dryRun)
  if (!terminating && metrics.some(({ phase }) => !isCompleted(phase))) return 'Running'
  return counting.map(({ phase }) => phase).reduce<Phase>(worse, 'Successful')
}
