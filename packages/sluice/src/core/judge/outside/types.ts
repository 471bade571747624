/** Evidence from outside the data plane: counters of a metric source, and the word of an external judge. The lane beside the tripwire. */
import type { Evidence } from '../eprocess.ts'

/** A pair of cumulative counts of one arm: how many units, and how many of them were bad. */
export type ArmCount = { readonly units: number; readonly badUnits: number }

/** One metric of a source: two counters, as query templates in which `{{release}}`, `{{arm}}` and the like stand for one arm's labels. */
export type CountedMetric = {
  readonly name: string
  readonly total: string
  readonly bad: string
  /** H0: candidate's bad rate ≤ tolerance × stable's. At least 1. */
  readonly tolerance: number
  /** A candidate whose own bad share (0–1) is not above this is never stopped by this metric. */
  readonly ignoreBelow: number
  /** Units of the candidate without which nothing passes. */
  readonly unitsMin: number
}

/** A source of metrics as a release carries it. */
export type MetricsSpec = {
  readonly kind: 'prometheus'
  readonly url: string
  /** Name of the secret whose value is sent as the Authorization header; null for none. */
  readonly authorization: string | null
  /** Its version; the value never travels, and instances do not get it. */
  readonly secretVersions: Readonly<Record<string, string>>
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly staleAfterMs: number
  /** P(this lane ever stops a release that is no worse) is at most this, over all its metrics together. */
  readonly alpha: number
  readonly metrics: readonly CountedMetric[]
}

/** An external judge as a release carries it. */
export type ExternalJudgeSpec = {
  readonly url: string
  readonly authorization: string | null
  readonly secretVersions: Readonly<Record<string, string>>
  readonly intervalMs: number
  readonly timeoutMs: number
  /** Handed through to the judge. */
  readonly parameters: Readonly<Record<string, string>>
}

/** What an external judge may say: take it back; nothing more to say, it is good; go on; not known yet. */
export type Directive = 'abort' | 'complete' | 'continue' | 'wait'

/** What one look at one metric gave. `era` changes whenever the source began to count anew. */
export type MetricReading =
  | {
      readonly kind: 'counted'
      readonly metric: string
      readonly era: string
      readonly candidate: ArmCount
      /** Null where nobody has the old release. */
      readonly stable: ArmCount | null
      readonly observedAt: number
    }
  | { readonly kind: 'silent'; readonly metric: string; readonly detail: string }

/** What an external judge answered. */
export type ExternalReading =
  | { readonly kind: 'answered'; readonly directive: Directive; readonly reason: string }
  | { readonly kind: 'silent'; readonly detail: string }

/** Everything that was asked at one look; what was not due is not there. */
export type OutsideReadings = {
  readonly metrics: readonly MetricReading[]
  readonly external: ExternalReading | null
}

/** What is known of one metric: the newest good counts, what was counted since the beginning, and the evidence. */
export type MetricState = {
  readonly metric: string
  readonly askedAt: number
  readonly last: Extract<MetricReading, { kind: 'counted' }> | null
  /** Why the newest look gave nothing; null when it did. */
  readonly silent: string | null
  readonly candidate: ArmCount
  readonly stable: ArmCount
  readonly evidence: Evidence
}

/** What is known of the external judge. */
export type ExternalState = {
  readonly askedAt: number
  readonly answer: {
    readonly directive: Directive
    readonly reason: string
    readonly at: number
  } | null
  readonly silent: string | null
}

/** All that a rollout knows from outside. */
export type OutsideState = {
  readonly metrics: readonly MetricState[]
  readonly external: ExternalState | null
}

/** Who is to be asked from outside, as an environment says; absent for nobody. */
export type OutsideSpec = {
  readonly metrics?: MetricsSpec
  readonly externalJudge?: ExternalJudgeSpec
}
