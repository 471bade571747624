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

/** The grid, from its largest value down. */
const gridDownTo = (least: number): readonly number[] => {
  const grid: number[] = []
  for (let value = ratioMax; value >= least; value /= gridStep) grid.push(value)
  return grid
}

const ratioGrid = gridDownTo(1 / ratioMax)
const oddsGrid = gridDownTo(1e-7)

/**
 * The least value of a grid that is rejected; null where none is. What is rejected begins at the largest: the evidence of every alternative against "at least r" grows with r,
 * whatever was counted, so that the place where it begins to suffice is found by halving.
 */
const leastRejected = (grid: readonly number[], isRejected: (value: number) => boolean): number | null => {
  let [from, until] = [0, grid.length]
  while (from < until) {
    const middle = (from + until) >> 1
    if (isRejected(grid[middle] ?? 0)) from = middle + 1
    else until = middle
  }
  return grid[from - 1] ?? null
}

/** Upper bound on candidate's rate / stable's rate at level `alpha`; null where nothing below 1,000 can be said. */
export const ratioUpper = (strata: readonly Stratum[], alpha: number): number | null => {
  const limit = -Math.log(alpha)
  return leastRejected(ratioGrid, (ratio) => logE(evidenceOf(strata, ratio, inverseRatios)) >= limit)
}

/** Upper bound on the candidate's own rate of bad units (0–1) at level `alpha`; 1 where nothing can be said. */
export const rateUpper = (counts: Counts, alpha: number): number => {
  const limit = -Math.log(alpha)
  const odds = leastRejected(oddsGrid, (one) => logEBelow(counts, rateOf(one)) >= limit)
  return odds === null ? 1 : rateOf(odds)
}

const rateOf = (odds: number): number => odds / (1 + odds)

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
