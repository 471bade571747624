/**
 * The bad-event e-process: given that a response was bad, whose was it?
 *
 * H0: the candidate's bad rate is at most `tolerance` times the stable's. Then a bad event is the candidate's with probability at
 * most θ0 = tol·w / (tol·w + 1 − w), `w` being the candidate's share at that moment. Each event multiplies the evidence by θ1/θ0 (the
 * candidate's) or (1 − θ1)/(1 − θ0) (the stable's) for alternatives θ1 from `rateRatios` × tol, mixed with equal prior weight. That is a
 * supermartingale under H0 for any stopping time and any predictable `w`, so P(ever E ≥ 1/α) ≤ α (Ville's inequality).
 * Source: Lindon, Malek, NeurIPS 2022; Lindon, Sanden, Shirikian, KDD 2022.
 */

/** Rate ratios of the alternatives, multiples of the tolerated ratio. */
export const rateRatios: readonly number[] = [1.5, 2, 3, 5, 10, 25, 100, 1000]

/** Sufficient statistics: the log evidence of each alternative. Start with `noEvidence`. */
export type Evidence = readonly number[]

/** E = 1: nothing seen yet. */
export const noEvidence: Evidence = rateRatios.map(() => 0)

/** What one bad event adds to the log evidence of each alternative: the candidate's, or the stable arm's. */
export type Step = { readonly candidate: readonly number[]; readonly stable: readonly number[] }

/**
 * What a bad event adds at a candidate's share (0–1); null where there is nothing to compare: a share of 0 or 1. The alternatives are
 * `ratios` times the ratio at the edge of the null. With ratios above 1 the evidence is against "at most `edge` times the stable's rate",
 * with ratios below 1 against "at least".
 */
export const stepOf = (share: number, edge: number, ratios: readonly number[] = rateRatios): Step | null => {
  if (!(share > 0 && share < 1)) return null
  const null0 = (edge * share) / (edge * share + 1 - share)
  const thetas = ratios.map((ratio) => {
    const odds = ratio * edge * share
    return odds / (odds + 1 - share)
  })
  return {
    candidate: thetas.map((theta) => Math.log(theta / null0)),
    stable: thetas.map((theta) => Math.log((1 - theta) / (1 - null0))),
  }
}

/**
 * Evidence after one bad event. `share` is the candidate's at that moment, strictly between 0 and 1; outside it there is no
 * comparison to make and the evidence stays as it is.
 */
export const weigh = (
  evidence: Evidence,
  event: { share: number; candidate: boolean },
  tolerance: number,
): Evidence => {
  const step = stepOf(event.share, tolerance)
  if (step === null) return evidence
  const added = event.candidate ? step.candidate : step.stable
  return evidence.map((value, index) => value + (added[index] ?? 0))
}

/** Natural log of the mixture e-value. */
export const logE = (evidence: Evidence): number => {
  let max = -Infinity
  for (const value of evidence) if (value > max) max = value
  if (max === -Infinity) return max
  let sum = 0
  for (const value of evidence) sum += Math.exp(value - max)
  return max + Math.log(sum / evidence.length)
}

/** Whether the evidence suffices to stop at level `alpha`. */
export const crosses = (evidence: Evidence, alpha: number): boolean => logE(evidence) >= -Math.log(alpha)
