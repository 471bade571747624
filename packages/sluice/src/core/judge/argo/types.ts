/** Words of Argo Rollouts' analysis (argoproj/argo-rollouts, docs/features/analysis.md and analysis/analysis.go; read 2026-11). */

/** Where a metric or a run stands, best to worst; a run has the worst of its metrics. */
export const phases = ['Successful', 'Running', 'Pending', 'Inconclusive', 'Error', 'Failed'] as const

/** See `phases`. */
export type Phase = (typeof phases)[number]

/** What one measurement came to. */
export type MeasuredPhase = Extract<Phase, 'Successful' | 'Inconclusive' | 'Error' | 'Failed'>

/** One metric of an AnalysisTemplate, its arguments put in and its defaults filled in. */
export type ArgoMetric = {
  readonly name: string
  readonly successCondition: string | null
  readonly failureCondition: string | null
  /** Between two measurements, milliseconds; null measures once. */
  readonly intervalMs: number | null
  readonly initialDelayMs: number
  /** Measurements after which the metric is over; null goes on until the run is ended. */
  readonly count: number | null
  /** Failures that are tolerated, over the whole run; −1 tolerates any number. */
  readonly failureLimit: number
  readonly inconclusiveLimit: number
  readonly consecutiveErrorLimit: number
  /** Successes in a row that end the metric as Successful; 0 is off. */
  readonly consecutiveSuccessLimit: number
  /** A dry run counts for nothing. */
  readonly dryRun: boolean
}

/** An AnalysisTemplate. */
export type ArgoTemplate = { readonly name: string; readonly metrics: readonly ArgoMetric[] }

/** What Argo counts of one metric. Errors are not part of `count`. */
export type MetricCounts = {
  readonly count: number
  readonly successful: number
  readonly failed: number
  readonly inconclusive: number
  readonly error: number
  readonly consecutiveError: number
  readonly consecutiveSuccess: number
}

/** Nothing measured yet. */
export const noCounts: MetricCounts = {
  count: 0,
  successful: 0,
  failed: 0,
  inconclusive: 0,
  error: 0,
  consecutiveError: 0,
  consecutiveSuccess: 0,
}
