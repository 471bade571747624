/** What a rollout's judge has seen, in so few numbers that every look can be kept, and any policy judged by them afterwards. JSON-safe. */
import { rateRatios, stepOf, type Evidence } from './eprocess.ts'

/** Bad units while the candidate had one share: how many were the candidate's, how many the stable arm's. 10 000: it had no control. */
export type Stratum = { readonly shareBp: number; readonly candidate: number; readonly stable: number }

/** One metric of a rollout. */
export type MetricStatistics = {
  readonly metric: string
  readonly strata: readonly Stratum[]
  /** Bad units of the stable arm, parted by a second salt: the A/A comparison. */
  readonly twins: readonly [number, number]
}

/** What was seen of one arm, within the rollout. `units` of sticky keys are estimated (standard error 1.6 %). */
export type ArmSeen = { readonly requests: number; readonly units: number }

/** What was seen of a rollout. */
export type JudgeStatistics = {
  /** Epoch ms of the first moment that is counted. */
  readonly since: number
  readonly candidate: ArmSeen
  readonly stable: ArmSeen
  /** The candidate while it had no control. */
  readonly alone: ArmSeen
  readonly metrics: readonly MetricStatistics[]
}

/** Points in a share of 1. */
export const wholeBp = 10_000

/** Different shares that a metric keeps apart; a plan has a few dozen steps at most, and observed shares are whole basis points. */
export const strataMax = 256

/** A metric nobody has counted yet. */
export const noStatistics = (metric: string): MetricStatistics => ({ metric, strata: [], twins: [0, 0] })

/**
 * The statistics with bad units added that came at one share: deltas of counters, or single events; how they are split into batches makes no
 * difference. Beyond `strataMax` shares they go to the next larger one that is kept, which only lowers the evidence against the candidate.
 */
export const addBad = (before: MetricStatistics, { shareBp, candidate, stable }: Stratum): MetricStatistics => {
  if (candidate === 0 && stable === 0) return before
  const at = placeOf(before.strata, Math.round(shareBp))
  const known = before.strata.find((one) => one.shareBp === at) ?? { shareBp: at, candidate: 0, stable: 0 }
  const added = { shareBp: at, candidate: known.candidate + candidate, stable: known.stable + stable }
  const others = before.strata.filter((one) => one.shareBp !== at)
  return { ...before, strata: [...others, added].toSorted((a, b) => a.shareBp - b.shareBp) }
}

const placeOf = (strata: readonly Stratum[], shareBp: number): number => {
  if (strata.length < strataMax || strata.some((one) => one.shareBp === shareBp)) return shareBp
  const kept = strata.map((one) => one.shareBp).filter((one) => one < wholeBp)
  return kept.find((one) => one > shareBp) ?? kept.at(-1) ?? shareBp
}

/** The log evidence of each alternative, from the strata alone: events at the same share are exchangeable. */
export const evidenceOf = (
  strata: readonly Stratum[],
  edge: number,
  ratios: readonly number[] = rateRatios,
): Evidence => {
  const sums = ratios.map(() => 0)
  for (const { shareBp, candidate, stable } of strata) {
    if (candidate === 0 && stable === 0) continue
    const step = stepOf(shareBp / wholeBp, edge, ratios)
    if (step === null) continue
    for (let index = 0; index < sums.length; index += 1)
      sums[index] = (sums[index] ?? 0) + candidate * (step.candidate[index] ?? 0) + stable * (step.stable[index] ?? 0)
  }
  return sums
}

/** Bad units of each arm, over all shares. */
export const badOf = ({ strata }: MetricStatistics): { readonly candidate: number; readonly stable: number } => ({
  candidate: strata.reduce((sum, one) => sum + one.candidate, 0),
  stable: strata.reduce((sum, one) => sum + one.stable, 0),
})

/** Bad units of the candidate while it had no control. */
export const badAlone = ({ strata }: MetricStatistics): number =>
  strata.find(({ shareBp }) => shareBp === wholeBp)?.candidate ?? 0

/** The counts of both arms by errors, as a verdict tells them. */
export const errorsOf = ({ candidate, stable, metrics }: JudgeStatistics): ErrorCounts => {
  const bad = badOf(metrics.find(({ metric }) => metric === 'errors') ?? noStatistics('errors'))
  return {
    candidate: { units: candidate.units, badUnits: bad.candidate },
    stable: { units: stable.units, badUnits: bad.stable },
  }
}

/** Units and bad units of both arms. */
export type ErrorCounts = {
  readonly candidate: { readonly units: number; readonly badUnits: number }
  readonly stable: { readonly units: number; readonly badUnits: number }
}
