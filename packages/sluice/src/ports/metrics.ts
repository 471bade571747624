/** A pair of cumulative counts of one arm: how many units, and how many of them were bad. Never smaller than before, but after a restart of what counts. */
export type ArmCount = { readonly units: number; readonly badUnits: number }

/** What a source of metrics gives for one metric: both arms at one moment. */
export type MetricSample = {
  readonly candidate: ArmCount
  readonly stable: ArmCount | null
  /** When the source says the numbers are from, epoch ms. */
  readonly observedAt: number
}

/** Counts of a metric from outside Sluice: Prometheus first. Rejects with SluiceError; an empty answer is a rejection (`metric_absent`), never zero. */
export interface MetricSource {
  sample(
    metric: { readonly name: string; readonly queries: Readonly<Record<string, string>> },
    labels: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<MetricSample>
}
