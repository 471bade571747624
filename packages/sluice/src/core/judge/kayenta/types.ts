/** Words of Kayenta's canary analysis (spinnaker/kayenta, Apache-2.0; read 2026-11). */

/** What the classifier says of one metric. */
export type Classification = 'Pass' | 'High' | 'Low' | 'Nodata' | 'NodataFailMetric' | 'Error'

/** Which side of the control is bad. */
export type Direction = 'increase' | 'decrease' | 'either'

/** How the size of a shift is measured: ratio of the means, or the share of pairs in which the experiment is the higher one. */
export type EffectMeasure = 'meanRatio' | 'cles'

/** Bounds on the size of a shift; a shift inside them is none. */
export type EffectBounds = { readonly decrease: number; readonly increase: number }

/** The settings of the classifier for one metric. */
export type ClassifierSettings = {
  /** Share of the estimated shift (0–1) that its confidence interval must clear. Kayenta's judge has 0.25. */
  readonly tolerance: number
  /** Confidence level of the interval, 0–1. Kayenta's judge has 0.98. */
  readonly confidence: number
  readonly direction: Direction
  readonly nanStrategy: 'remove' | 'replace'
  readonly critical: boolean
  readonly mustHaveData: boolean
  readonly effectMeasure: EffectMeasure
  readonly allowed: EffectBounds
  readonly criticalBounds: EffectBounds
}

/** One metric of a canary config. */
export type KayentaMetric = {
  readonly name: string
  readonly groups: readonly string[]
  readonly classifier: ClassifierSettings
  readonly outliers: { readonly strategy: 'keep' | 'remove'; readonly factor: number }
  /** A muted metric is classified and shown, and counts for nothing. */
  readonly muted: boolean
}

/** A canary config as the judge needs it. */
export type KayentaConfig = {
  readonly name: string
  readonly metrics: readonly KayentaMetric[]
  /** Group → weight; what the weights leave of 100 is shared by the other groups. */
  readonly groupWeights: Readonly<Record<string, number>>
  /** Scores, 0–100. */
  readonly pass: number
  readonly marginal: number
}

/** What became of one metric. */
export type MetricClassification = {
  readonly classification: Classification
  readonly reason: string | null
  /** Size of the shift; null for one that is no number. */
  readonly deviation: number | null
  /** Whether this alone fails the canary. */
  readonly critical: boolean
  /** Whether two samples were looked at; without it a `Pass` is one for lack of data. */
  readonly compared: boolean
}

/** The score of a canary, 0–100 with two decimals, and what made it. */
export type CanaryScore = {
  readonly score: number
  readonly classification: 'Pass' | 'Marginal' | 'Fail'
  readonly reason: string
  readonly groups: readonly { readonly group: string; readonly score: number | null }[]
}
