/** Kayenta's judge as a policy: NetflixACAJudge-v1.0 over runs of one interval each, as Spinnaker's canary stage calls it. */
import type { AnalysisPolicy, MetricFinding, MetricSeries, Observations, PolicyVerdict, Reading } from '../policy.ts'
import { classifyMetric } from './classify.ts'
import { type Samples, TiedObservations } from './mann-whitney.ts'
import { scoreCanary } from './score.ts'
import { withoutNaNs, withoutOutliers } from './transforms.ts'
import type { CanaryScore, KayentaConfig, KayentaMetric, MetricClassification } from './types.ts'

/** How Spinnaker's stage calls the judge; not part of a canary config. */
export type CanaryStage = {
  /** Length of the whole analysis, milliseconds. */
  readonly lifetimeMs: number
  /** Between two runs of the judge, milliseconds. Each looks at everything since the beginning. */
  readonly intervalMs: number
  /** What is left out at the beginning, milliseconds. */
  readonly warmupMs: number
}

/** Spinnaker's recommendation: three hours, judged every hour, no warm-up. */
export const usualStage: CanaryStage = { lifetimeMs: 10_800_000, intervalMs: 3_600_000, warmupMs: 0 }

const semantics: readonly string[] = [
  'NetflixACAJudge-v1.0: per metric a Mann-Whitney interval at 98 %, clear of a quarter of its own estimate; weighted score of groups.',
  'The judge runs once an interval on everything since the beginning. A score of marginal or less ends the analysis as failed; the last run must pass.',
  'The absolute tolerance of its root finder makes verdicts depend on the unit of small metrics; that is kept.',
  'There is no bound on false alarms over several metrics or runs.',
  'In Kayenta a metric that cannot be classified counts for nothing, and a group without data has 100. Here both make the verdict broken.',
]

/** A canary config as a policy. */
export const kayentaPolicy = (config: KayentaConfig, stage: CanaryStage = usualStage): AnalysisPolicy => ({
  name: config.name,
  origin: 'kayenta',
  metrics: config.metrics.map((metric) => metric.name),
  semantics,
  judge: (observations) => judgeStage(config, stage, observations),
})

/** What the judge says of all metrics at one run. */
export type CanaryRun = {
  readonly score: CanaryScore
  readonly metrics: readonly (MetricClassification & { readonly name: string; readonly muted: boolean })[]
}

/** One run of the judge over what was measured from `from` until `until`, epoch ms. */
const judgeCanary = (
  config: KayentaConfig,
  series: readonly MetricSeries[],
  window: { readonly from: number; readonly until: number },
): CanaryRun => {
  const metrics = config.metrics.map((metric) => {
    const own = series.find((one) => one.metric === metric.name)
    const control = sample(own?.stable ?? [], window)
    const experiment = sample(own?.candidate ?? [], window)
    return { ...classified(metric, { control, experiment }), name: metric.name, muted: metric.muted }
  })
  const scored = config.metrics.flatMap(({ name, groups, muted }, index) => {
    const own = metrics[index]
    return own === undefined || muted ? [] : [{ ...own, name, groups }]
  })
  return { score: scoreCanary(scored, config), metrics }
}

const sample = (readings: readonly Reading[], { from, until }: { from: number; until: number }): readonly number[] =>
  readings.flatMap((reading) => {
    if (reading.kind === 'failed' || reading.at < from || reading.at > until) return []
    return [typeof reading.value === 'number' ? reading.value : Number.NaN]
  })

const classified = ({ classifier, outliers }: KayentaMetric, given: Samples): MetricClassification => {
  const prepare = (values: readonly number[]): readonly number[] => {
    const present = withoutNaNs(values, classifier.nanStrategy)
    return outliers.strategy === 'remove' ? withoutOutliers(present, outliers.factor) : present
  }
  try {
    return classifyMetric({ control: prepare(given.control), experiment: prepare(given.experiment) }, classifier)
  } catch (error) {
    if (!(error instanceof TiedObservations)) throw error
    return { classification: 'Error', reason: error.message, deviation: null, critical: false, compared: false }
  }
}

const judgeStage = (config: KayentaConfig, stage: CanaryStage, observed: Observations): PolicyVerdict => {
  const { lifetimeMs, intervalMs, warmupMs } = stage
  const from = observed.startedAt + warmupMs
  const runs = Math.max(1, Math.ceil(lifetimeMs / intervalMs))
  const due = Math.min(runs, Math.floor((observed.now - from) / intervalMs))
  for (let number = 1; number <= due; number += 1) {
    const run = judgeCanary(config, observed.series, { from, until: from + number * intervalMs })
    const isLast = number === runs
    const { classification } = run.score
    const unseen = unseenIn(run)
    if (classification === 'Pass' && unseen !== null) return verdictOf('broken', run, unseen)
    if (classification === 'Fail' || run.score.score <= config.marginal || (isLast && classification !== 'Pass'))
      return verdictOf('fail', run, `run ${number} of ${runs}: ${run.score.reason}`)
    if (isLast) return verdictOf('pass', run, `run ${number} of ${runs}: ${run.score.reason}`)
  }
  const detail = `${Math.max(0, due)} of ${runs} runs are over`
  // Spinnaker cancels an analysis that is ended early; nothing passed.
  const verdict = observed.ended ? 'broken' : 'hold'
  return { verdict, outcome: observed.ended ? 'Cancelled' : 'Running', detail, metrics: [] }
}

/** Why a pass is none: metrics that count, and were not compared. Null when all were. */
const unseenIn = (run: CanaryRun): string | null => {
  const unseen = run.metrics.filter(({ compared, muted }) => !muted && !compared)
  return unseen.length === 0 ? null : `nothing was compared for ${unseen.map(({ name }) => name).join(', ')}`
}

const verdictOf = (verdict: 'pass' | 'fail' | 'broken', run: CanaryRun, detail: string): PolicyVerdict => ({
  verdict,
  outcome: run.score.classification,
  detail,
  metrics: run.metrics.map(({ name, classification, reason, deviation }): MetricFinding => ({
    metric: name,
    outcome: classification,
    detail: reason ?? (deviation === null ? 'compared' : `compared, effect ${Number(deviation.toPrecision(4))}`),
  })),
})
