/**
 * Whether a release answers slower than the one before it: the judge's e-process on pairs of requests.
 *
 * A pair is one request to each release, in an order that a coin decides. An answer counts as slow when it took longer than a quantile of the previous release's own
 * past answers (known before the pair is sent); the candidate's only when it is also beyond the tolerance. H0: the candidate, its times divided by the
 * tolerance, is no slower than the previous release. Under H0, of the pairs in which only one of the two was slow, the candidate was it with probability at most 1/2 (the
 * sign test of McNemar, Psychometrika 12, 1947), whatever the distribution of the times. So the evidence is a supermartingale: **P(ever E ≥ 1/α) ≤ α**, looked at
 * after every pair. The evidence at the median and at the 95th percentile are averaged, which keeps the bound. An answer that failed is slower than any.
 */
import { type Evidence, logE, noEvidence, weigh } from '../judge/eprocess.ts'

/** How two releases are compared. */
export type ComparisonPolicy = {
  readonly tolerance: number
  /** Differences below it are none, milliseconds. */
  readonly ignoreBelowMs: number
  readonly alpha: number
}

/** What the pairs so far came to. Times in milliseconds, ascending; Infinity for what failed. */
export type Comparison = {
  readonly pairs: number
  readonly candidate: readonly number[]
  readonly previous: readonly number[]
  /** One for each of `comparedQuantiles`. */
  readonly evidence: readonly Evidence[]
}

/** Quantiles at which the two are compared. */
const comparedQuantiles: readonly number[] = [0.5, 0.95]

/** Pairs from which only the previous release's times are learned, so that there is a quantile to compare with. */
export const learningPairs = 20

/** Before the first pair. */
export const noComparison: Comparison = {
  pairs: 0,
  candidate: [],
  previous: [],
  evidence: comparedQuantiles.map(() => noEvidence),
}

/** One request to each; null for an answer that failed or did not come. */
export type Pair = { readonly candidateMs: number | null; readonly previousMs: number | null }

/** The comparison after one more pair. */
export const afterPair = (comparison: Comparison, pair: Pair, policy: ComparisonPolicy): Comparison => {
  const candidateMs = pair.candidateMs ?? Number.POSITIVE_INFINITY
  const previousMs = pair.previousMs ?? Number.POSITIVE_INFINITY
  const learns = comparison.pairs < learningPairs
  return {
    pairs: comparison.pairs + 1,
    candidate: inserted(comparison.candidate, candidateMs),
    previous: inserted(comparison.previous, previousMs),
    evidence: learns
      ? comparison.evidence
      : comparison.evidence.map((evidence, index) => {
          const limitMs = quantileOf(comparison.previous, comparedQuantiles[index] ?? 1)
          const isSlow = candidateMs > Math.max(policy.tolerance * limitMs, limitMs + policy.ignoreBelowMs)
          const wasSlow = previousMs > limitMs
          // Of a pair in which both were slow, or neither, nothing follows.
          return isSlow === wasSlow ? evidence : weigh(evidence, { share: 0.5, candidate: isSlow }, 1)
        }),
  }
}

/** Natural log of the evidence that the candidate is slower: the average over the quantiles. */
export const comparedLogE = ({ evidence }: Comparison): number => {
  const each = evidence.map(logE)
  const max = Math.max(...each)
  return max + Math.log(each.reduce((sum, value) => sum + Math.exp(value - max), 0) / each.length)
}

/** Whether the candidate is shown to be slower. */
export const isSlower = (comparison: Comparison, { alpha }: ComparisonPolicy): boolean =>
  comparedLogE(comparison) >= -Math.log(alpha)

/** The value at a quantile of ascending values (nearest rank); Infinity of none. */
export const quantileOf = (ascending: readonly number[], quantile: number): number =>
  ascending[Math.max(0, Math.ceil(ascending.length * quantile) - 1)] ?? Number.POSITIVE_INFINITY

/** How many answers were good. */
export const goodAnswers = (times: readonly number[]): number => times.filter(Number.isFinite).length

const inserted = (ascending: readonly number[], value: number): readonly number[] => {
  let [from, until] = [0, ascending.length]
  while (from < until) {
    const middle = (from + until) >> 1
    if ((ascending[middle] ?? 0) > value) until = middle
    else from = middle + 1
  }
  return ascending.toSpliced(from, 0, value)
}
