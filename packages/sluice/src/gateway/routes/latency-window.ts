/**
 * The stable arm's latest response times, and its quantiles as of the last time that they were looked up: a threshold comes from the past alone, so that the
 * test of what is slower stays valid whatever the response times do. Ranks only: no unit and no shape of a distribution is assumed. Bounded memory, no allocation.
 */

/** Response times that are remembered: ten beyond the 99th percentile. */
const windowSize = 1_000
/** Quantiles are first looked up after so many responses. */
const firstRefresh = 250
/** And again after so many further ones: sorting a thousand numbers takes some 50 µs. */
const refreshEvery = 500

/** The latest response times of one arm, milliseconds. */
export class LatencyWindow {
  /** For each quantile, above which a response is slow; infinite until enough was seen. */
  readonly thresholds: Float64Array
  private readonly quantiles: readonly number[]
  private readonly times = new Float64Array(windowSize)
  private readonly sorted = new Float64Array(windowSize)
  private seen = 0

  constructor(quantiles: readonly number[]) {
    this.quantiles = quantiles
    this.thresholds = new Float64Array(quantiles.length).fill(Infinity)
  }

  /** Remembers a response time; it counts from the next refresh on. */
  learn(latencyMs: number): void {
    this.times[this.seen % windowSize] = latencyMs
    this.seen += 1
    if (this.seen === firstRefresh || this.seen % refreshEvery === 0) this.refresh()
  }

  private refresh(): void {
    const count = Math.min(this.seen, windowSize)
    this.sorted.fill(Infinity)
    this.sorted.set(this.seen < windowSize ? this.times.subarray(0, count) : this.times)
    this.sorted.sort()
    for (let index = 0; index < this.quantiles.length; index += 1) {
      const rank = Math.ceil((this.quantiles[index] ?? 1) * count)
      this.thresholds[index] = this.sorted[Math.max(0, rank - 1)] ?? Infinity
    }
  }
}
