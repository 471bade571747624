/**
 * Evidence about one arm alone, where there is no control at the same time: the rate of bad units against a declared limit.
 *
 * Each unit multiplies the evidence by p1/p0 (bad) or (1 − p1)/(1 − p0) (good), for alternatives whose odds are `ratios` times those of the limit p0,
 * mixed with equal weight: a supermartingale under H0, so P(ever E ≥ 1/α) ≤ α (Ville). A sticky unit that is good so far may turn bad later; that makes
 * the evidence at any moment smaller than it would be, had the unit been bad from its start, so the bound of `logEAbove` holds for "ever bad". For
 * `logEBelow` the same inequality speaks of the unit's first response.
 */
import { logE, rateRatios } from './eprocess.ts'

/** Units seen and how many of them were bad. */
export type Counts = { readonly units: number; readonly badUnits: number }

/** Ratios of the alternatives that speak for "less than": the mirror of `rateRatios`. */
export const inverseRatios: readonly number[] = rateRatios.map((ratio) => 1 / ratio)

/** Natural log of the evidence against "the rate is at most `limit`" (above 0 and below 1). */
export const logEAbove = (counts: Counts, limit: number): number => mixture(counts, limit, rateRatios)

/** Natural log of the evidence against "the rate is at least `limit`" (above 0 and below 1). */
export const logEBelow = (counts: Counts, limit: number): number => mixture(counts, limit, inverseRatios)

const mixture = ({ units, badUnits }: Counts, limit: number, ratios: readonly number[]): number => {
  if (!(limit > 0 && limit < 1)) return 0
  const good = Math.max(0, units - badUnits)
  return logE(
    ratios.map((ratio) => {
      const odds = (ratio * limit) / (1 - limit)
      const rate = odds / (1 + odds)
      return badUnits * Math.log(rate / limit) + good * Math.log((1 - rate) / (1 - limit))
    }),
  )
}
