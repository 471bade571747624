/** What a person writes under `metrics` and `externalJudge` of an environment. The first sentence of each docstring is the prose of the schema in `schema-metrics.ts`. */
import type { Duration, Share } from './types.ts'

/** A metric source whose counters are judged beside the gateway's own counts. */
export type MetricsConfig = {
  /** What kind of source it is. */
  readonly kind?: 'prometheus'
  /** Where the source answers, without the path of its API. */
  readonly url: string
  /** Name of the secret that is sent as the Authorization header. */
  readonly authorization?: string
  /** How often the counters are read. */
  readonly interval?: Duration
  /** How long the source may take for an answer. */
  readonly timeout?: Duration
  /** Counters older than this mean that the judge cannot see. */
  readonly staleAfter?: Duration
  /** Highest probability that these counters ever stop a release no worse than tolerated, beside the `alpha` of the judge. */
  readonly alpha?: number
  /** Pairs of counters that are judged, by name. */
  readonly counters: Readonly<Record<string, CounterConfig>>
}

/** A pair of counters: how many there were, and how many of them were bad. */
export type CounterConfig = {
  /** Query of the counter of everything, with `{{release}}` or another label of the arm in it. */
  readonly total: string
  /** Query of the counter of what was bad among it. */
  readonly bad: string
  /** How many times the bad rate of the old release the new one may have here. */
  readonly tolerance?: number
  /** A release whose own bad share is not above this is never stopped by these counters. */
  readonly ignoreBelow?: Share
  /** How much the counter of everything must have counted of the new release before anything passes. */
  readonly unitsMin?: number
}

/** A judge of your own that is asked over HTTP. */
export type ExternalJudgeConfig = {
  /** Where it is asked, as Spinnaker asks a deployment monitor. */
  readonly url: string
  /** Name of the secret that is sent to it as the Authorization header. */
  readonly authorization?: string
  /** How often it is asked. */
  readonly interval?: Duration
  /** How long it may take for an answer. */
  readonly timeout?: Duration
  /** Handed to it as they are. */
  readonly parameters?: Readonly<Record<string, string>>
}
