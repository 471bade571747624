/** What a team may decide about how its deliveries are measured. Every report says which of it it was made by. */

/** Rollouts that came back after some users were on them, before all were: `split` and `count` have them failed (`split` says how many of the failures they are), `ignore` has them be no deliveries. */
export type CanaryAborts = 'count' | 'split' | 'ignore'

/** How the metrics are made. */
export type DoraSettings = {
  /** IANA time zone of the days that are counted. */
  readonly zone: string
  /** The period that is looked at when none is named, ms. */
  readonly windowMs: number
  /** How long after users came on it an incident that names no release is still about a delivery, ms. */
  readonly attributionMs: number
  readonly canaryAborts: CanaryAborts
}

/** How they are made where the config says nothing: days of UTC, 90 days, an hour, and canaries that came back shown apart. */
export const doraDefaults: DoraSettings = {
  zone: 'UTC',
  windowMs: 90 * 86_400_000,
  attributionMs: 3_600_000,
  canaryAborts: 'split',
}
