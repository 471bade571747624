import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import {
  afterPair,
  comparedLogE,
  type Comparison,
  type ComparisonPolicy,
  isSlower,
  learningPairs,
  noComparison,
  quantileOf,
} from './compare.ts'

const policy: ComparisonPolicy = { tolerance: 1.25, ignoreBelowMs: 0, alpha: 0.01 }

/** Mulberry32: a small generator, so that a seed names a run. */
const generator = (seed: number) => {
  let state = seed
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

type Times = {
  readonly candidate: (random: () => number) => number | null
  readonly previous: (random: () => number) => number | null
}

/** The pair after which the candidate is shown to be slower; null when it never is. */
const stopsAfter = ({ candidate, previous }: Times, seed: number, given: ComparisonPolicy = policy): number | null => {
  const random = generator(seed)
  let comparison: Comparison = noComparison
  while (comparison.pairs < 200) {
    comparison = afterPair(comparison, { candidateMs: candidate(random), previousMs: previous(random) }, given)
    if (isSlower(comparison, given)) return comparison.pairs
  }
  return null
}

// Log-normal-like times with a heavy tail, as answers have.
const answer = (scale: number) => (random: () => number) =>
  scale * Math.exp(0.5 * (random() + random() + random() - 1.5)) * (random() < 0.05 ? 8 : 1)

const seeds = Array.from({ length: 400 }, (_, index) => index + 1)
const shareStopped = (times: Times, given: ComparisonPolicy = policy): number =>
  seeds.filter((seed) => stopsAfter(times, seed, given) !== null).length / seeds.length

test('a release that is exactly as slow as tolerated is refused in no more than α of all cases, looked at after every pair', () => {
  // Within three standard deviations of 1 % over 400 seeds.
  const bound = 0.01 + 3 * Math.sqrt((0.01 * 0.99) / seeds.length)
  ok(shareStopped({ candidate: answer(1.25 * 20), previous: answer(20) }) <= bound)
  ok(shareStopped({ candidate: answer(20), previous: answer(20) }, { ...policy, tolerance: 1 }) <= bound)
})

test('the bound holds where answers fail as often as before', () => {
  const failing = (random: () => number): number | null => (random() < 0.1 ? null : answer(20)(random))
  ok(shareStopped({ candidate: failing, previous: failing }, { ...policy, tolerance: 1 }) <= 0.025)
})

test('a release twice as slow is refused, and within some tens of pairs', () => {
  const stops = seeds.map((seed) => stopsAfter({ candidate: answer(60), previous: answer(20) }, seed))
  ok(stops.every((stop) => stop !== null))
  const sorted = stops.flatMap((stop) => (stop === null ? [] : [stop])).toSorted((a, b) => a - b)
  ok((sorted[200] ?? 0) <= learningPairs + 40, `median ${sorted[200]}`)
})

test('a release of which only every fifth answer is slow is refused, too: the median alone would not see it', () => {
  const candidate = (random: () => number): number => answer(20)(random) * (random() < 0.2 ? 20 : 1)
  ok(shareStopped({ candidate, previous: answer(20) }) >= 0.9)
})

test('a release that fails to answer is slower than any', () => {
  const stop = stopsAfter({ candidate: () => null, previous: () => 20 }, 1)
  ok(stop !== null && stop <= learningPairs + 15, `${stop}`)
})

test('the verdict does not depend on the unit of time', () => {
  for (const seed of seeds.slice(0, 50)) {
    const times = (unit: number): Times => ({ candidate: answer(40 * unit), previous: answer(20 * unit) })
    strictEqual(stopsAfter(times(1), seed), stopsAfter(times(1_024), seed))
  }
})

test('differences below what is ignored are none', () => {
  const times = { candidate: () => 3, previous: () => 1 }
  strictEqual(stopsAfter(times, 1, { ...policy, ignoreBelowMs: 5 }), null)
  ok(stopsAfter(times, 1) !== null)
})

test('the quantile is of the past alone: a pair says nothing before there is one, and not of itself', () => {
  let comparison: Comparison = noComparison
  for (let pair = 0; pair < learningPairs; pair += 1)
    comparison = afterPair(comparison, { candidateMs: 1_000, previousMs: 10 }, policy)
  strictEqual(comparedLogE(comparison), 0)
  // Slower than its own past, in the same pair: the previous release speaks for the candidate.
  const favourable = afterPair(comparison, { candidateMs: 10, previousMs: 1_000 }, policy)
  ok(comparedLogE(favourable) < 0)
  const both = afterPair(comparison, { candidateMs: 1_000, previousMs: 1_000 }, policy)
  strictEqual(comparedLogE(both), 0)
})

test('quantiles are nearest ranks', () => {
  deepStrictEqual(
    [0.5, 0.95, 1].map((at) => quantileOf([1, 2, 3, 4], at)),
    [2, 4, 4],
  )
  strictEqual(quantileOf([], 0.5), Number.POSITIVE_INFINITY)
})
