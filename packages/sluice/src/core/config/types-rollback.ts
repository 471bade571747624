/** What a person writes in `sluice.config.ts` about going back; see the header of `types.ts`. */
import type { Duration, Share } from './types.ts'

/** How an environment goes back. */
export type RollbackConfig = {
  /** How near in the past a release must have served for a deploy of it to skip analysis and gates: one of so many releases before, or so long ago at most. */
  readonly window?: number | Duration
  /** What is watched after a promotion, and takes the release back by itself. */
  readonly watch?: WatchConfig
}

/** What is watched after a promotion, and takes the release back by itself. */
export type WatchConfig = {
  /** How long a release is watched after its promotion. */
  readonly for?: Duration
  /** Time between two looks. */
  readonly interval?: Duration
  /** Too many bad answers (status 500 to 599, timeouts, connection errors). */
  readonly errorRate?: RateConfig
  /** Too many slow answers. */
  readonly latency?: LatencyConfig
  /** Too many instances that fail their health check. */
  readonly health?: HealthTriggerConfig
  /** Shares of bad units of metrics that the environment has from outside. */
  readonly metrics?: readonly WatchedMetricConfig[]
}

/** A limit of a share. */
export type RateConfig = {
  /** Share of bad answers above which it is too much. */
  readonly above: Share
  /** For how long it must stay above the limit. */
  readonly for?: Duration
  /** How many requests must have been counted in that time; fewer are no measurement. */
  readonly requestsMin?: number
}

/** A limit of latency. */
export type LatencyConfig = {
  /** Of all answers, how many percent must be faster. */
  readonly percentile?: number
  /** What counts as too slow; rounded up to a bound of the gateway’s histogram. */
  readonly above: Duration
  /** For how long it must stay above the limit. */
  readonly for?: Duration
  /** How many requests must have been counted in that time; fewer are no measurement. */
  readonly requestsMin?: number
}

/** A limit of failing health checks. */
export type HealthTriggerConfig = {
  /** How many instances may fail their health check at once. */
  readonly unhealthyMax?: number
  /** For how long more of them must fail. */
  readonly for?: Duration
}

/** A metric from outside. */
export type WatchedMetricConfig = RateConfig & {
  /** Name of a counter that the environment has in its `metrics`. */
  readonly name: string
}
