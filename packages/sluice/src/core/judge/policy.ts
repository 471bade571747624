/**
 * A policy of another system, as a pure function from what was measured to a verdict. Argo's and Kayenta's are such functions, and whatever
 * `sluice judge replay` compares with them is one more.
 */

/** What one measurement gave: a number, or whatever a provider answers with. Null is a number that is none. */
export type MeasuredValue = number | string | boolean | null | readonly MeasuredValue[]

/** One measurement of one arm at one moment, epoch ms. `failed`: it gave no value at all. */
export type Reading =
  | { readonly kind: 'value'; readonly at: number; readonly value: MeasuredValue }
  | { readonly kind: 'failed'; readonly at: number; readonly detail: string }

/** All measurements of one metric, oldest first. `stable` is empty for a policy that looks at the candidate only. */
export type MetricSeries = {
  readonly metric: string
  readonly candidate: readonly Reading[]
  readonly stable: readonly Reading[]
}

/** What there is to judge by at one moment. */
export type Observations = {
  readonly startedAt: number
  readonly now: number
  /** Whether nothing more will be measured: the analysis was ended before its time. */
  readonly ended: boolean
  readonly series: readonly MetricSeries[]
}

/** What a policy says of one metric, in its own words and in Sluice's. */
export type MetricFinding = {
  readonly metric: string
  readonly outcome: string
  readonly detail: string
}

/** What a policy comes to. `outcome` is the word of the system it is from, exact; `verdict` is what Sluice makes of it, failing closed. */
export type PolicyVerdict = {
  readonly verdict: 'pass' | 'fail' | 'hold' | 'broken'
  readonly outcome: string
  readonly detail: string
  readonly metrics: readonly MetricFinding[]
}

/** A way to judge. `judge` is pure: the same observations give the same verdict. */
export type AnalysisPolicy = {
  readonly name: string
  readonly origin: 'kayenta' | 'argo' | 'sluice'
  /** Names of the metrics whose series it looks at. */
  readonly metrics: readonly string[]
  /** What it does, and where Sluice's verdict is another than its own outcome; a sentence each. */
  readonly semantics: readonly string[]
  readonly judge: (observations: Observations) => PolicyVerdict
}

/** Cumulative counts of both arms at one moment, as a rollout records them. */
export type CountedMoment = {
  readonly at: number
  readonly candidate: { readonly units: number; readonly badUnits: number }
  readonly stable: { readonly units: number; readonly badUnits: number }
}

/**
 * Counts as a series of bad shares in percent, one a moment after the first: what a threshold or Kayenta's classifier would have looked at.
 * A moment in which an arm answered nobody, or its counts went backwards, is a number that is none.
 */
export const seriesOfCounts = (metric: string, moments: readonly CountedMoment[]): MetricSeries => {
  const arm = (name: 'candidate' | 'stable'): readonly Reading[] =>
    moments.slice(1).map((moment, index) => {
      const before = moments[index]?.[name] ?? { units: 0, badUnits: 0 }
      const units = moment[name].units - before.units
      const badUnits = moment[name].badUnits - before.badUnits
      const value = units > 0 && badUnits >= 0 ? (100 * badUnits) / units : null
      return { kind: 'value', at: moment.at, value }
    })
  return { metric, candidate: arm('candidate'), stable: arm('stable') }
}
