/** Bounds of metric sources and of judges outside. Each with its unit and reason, as in `limits.ts`. */
export const measuringLimits = {
  /** Reading counters; longer is a silent source. */
  measureDeadlineMs: 5_000,
  /** Largest answer of a metric source or an external judge, bytes: 1,000 series with their labels are some 300 kB. */
  sourceAnswerBytesMax: 1_048_576,
  /** Series that one query of a metric may give: one an instance, and some labels. */
  metricSeriesMax: 10_000,
  /** Queries whose series one process remembers; six for each metric of each rollout that runs. */
  metricQueriesMax: 1_000,
  /** Longest that a metric source or an external judge may be waited for, milliseconds: below `measureDeadlineMs`, so that its silence is told and not the look lost. */
  sourceTimeoutMsMax: 4_000,
  /** Metrics of one environment. */
  metricsMax: 20,
  /** Characters of one query. */
  queryCharactersMax: 4_000,
  /** Moments of one past rollout at which a policy is asked; a rollout of a day has some 80,000 looks. */
  replayMomentsMax: 100,
  /** Largest canary config or AnalysisTemplate that is imported, bytes; Kubernetes takes 1.5 MB for an object. */
  policyBytesMax: 2_097_152,
} as const
