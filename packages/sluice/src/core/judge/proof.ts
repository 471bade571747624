/**
 * Proving good: an upper confidence bound, valid at every moment, on how much worse than stable the candidate can be.
 *
 * The one-sided test the other way round (H0: the candidate's rate is at least r × the stable's) is inverted over r: every r from the bound up is rejected at
 * level α, so that P(the true ratio is ever above the bound) ≤ α. Same family of tests, same source as eprocess.ts.
 */
import { logE } from './eprocess.ts'
import { type Counts, inverseRatios, logEBelow } from './one-sample.ts'
import { evidenceOf, type Stratum } from './statistics.ts'

/** Ratio between two neighbours of the grid on which bounds are given: 5 %. */
const gridStep = 1.05
const ratioMax = 1_000
const ratioMin = 1 / ratioMax

/** Upper bound on candidate's rate / stable's rate at level `alpha`; null where nothing below 1,000 can be said. */
export const ratioUpper = (strata: readonly Stratum[], alpha: number): number | null => {
  const limit = -Math.log(alpha)
  let bound: number | null = null
  for (let ratio = ratioMax; ratio >= ratioMin; ratio /= gridStep) {
    if (logE(evidenceOf(strata, ratio, inverseRatios)) < limit) return bound
    bound = ratio
  }
  return bound
}

/** Upper bound on the candidate's own rate of bad units (0–1) at level `alpha`; 1 where nothing can be said. */
export const rateUpper = (counts: Counts, alpha: number): number => {
  const limit = -Math.log(alpha)
  let bound = 1
  for (let odds = ratioMax; odds >= 1e-7; odds /= gridStep) {
    const rate = odds / (1 + odds)
    if (logEBelow(counts, rate) < limit) return bound
    bound = rate
  }
  return bound
}

/** What is asked of a proof: below `margin` × the stable's rate, or below a rate that nobody would care about. */
export type Claim = { readonly margin: number; readonly ignoreBelow: number; readonly alpha: number }

/** Bounds on one metric, and whether they prove it good. */
export type Proof = { readonly ratioUpper: number | null; readonly rateUpper: number; readonly isGood: boolean }

/** Whether a metric is proven good, with the bounds; either may prove it, so each has half of the level. */
export const prove = (strata: readonly Stratum[], counts: Counts, claim: Claim): Proof => {
  const ratio = ratioUpper(strata, claim.alpha / 2)
  const rate = rateUpper(counts, claim.alpha / 2)
  return {
    ratioUpper: ratio,
    rateUpper: rate,
    isGood: (ratio !== null && ratio < claim.margin) || rate < claim.ignoreBelow,
  }
}
