/** How an environment goes back, as a team has configured it. */

/** How near in the past a release must have served for going back to it without analysis and gates. */
export type RollbackWindow =
  /** One of the last `count` releases that served before. */
  | { readonly kind: 'releases'; readonly count: number }
  /** One that served until at most this long ago. */
  | { readonly kind: 'duration'; readonly ms: number }

/** A limit of a share of bad answers, for as long as it takes to believe it. */
export type RateLimit = {
  /** Share (0–1) above which it is too much. */
  readonly above: number
  /** For how long it must stay above, milliseconds. */
  readonly forMs: number
  /** Requests that must have been counted in that time; fewer are no measurement. */
  readonly requestsMin: number
}

/** What is watched after a promotion, and what starts a rollback by itself. Absent triggers do not fire. */
export type RollbackTriggers = {
  /** How long the watch goes on after the promotion, milliseconds. */
  readonly watchMs: number
  /** Time between two looks, milliseconds. */
  readonly intervalMs: number
  readonly errorRate?: RateLimit
  /** Too slow: more than 1 − `quantile` of the answers took longer than `aboveMs`. */
  readonly latency?: {
    readonly quantile: number
    readonly aboveMs: number
    readonly forMs: number
    readonly requestsMin: number
  }
  /** More instances than `unhealthyMax` fail their health check, looked at each time, for `forMs`. */
  readonly health?: { readonly unhealthyMax: number; readonly forMs: number }
  /** Shares of bad units of metrics that the environment has from outside, by their names. */
  readonly metrics?: readonly (RateLimit & { readonly name: string })[]
}

/** How an environment goes back. */
export type RollbackPolicy = { readonly window?: RollbackWindow; readonly triggers?: RollbackTriggers }
