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

const factors = (share: number, tolerance: number, isCandidate: boolean): number[] => {
  const null0 = (tolerance * share) / (tolerance * share + 1 - share)
  return rateRatios.map((ratio) => {
    const odds = ratio * tolerance * share
    const theta = odds / (odds + 1 - share)
    return isCandidate ? Math.log(theta / null0) : Math.log((1 - theta) / (1 - null0))
  })
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
  if (!(event.share > 0 && event.share < 1)) return evidence
  const step = factors(event.share, tolerance, event.candidate)
  return evidence.map((value, index) => value + (step[index] ?? 0))
}

/** Natural log of the mixture e-value. */
export const logE = (evidence: Evidence): number => {
  const max = Math.max(...evidence)
  const sum = evidence.reduce((total, value) => total + Math.exp(value - max), 0)
  return max + Math.log(sum / evidence.length)
}

/** Whether the evidence suffices to stop at level `alpha`. */
export const crosses = (evidence: Evidence, alpha: number): boolean => logE(evidence) >= -Math.log(alpha)
