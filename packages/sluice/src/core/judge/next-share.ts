/**
 * The next share, chosen by evidence: the largest at which the candidate is expected to cost no more bad responses than are left of the exposure budget,
 * were it as bad as the evidence still allows.
 *
 * It costs what it gives beyond what the stable release would have given: what happens anyway is no reason to keep a good release waiting, however much
 * traffic there is. What a bad candidate costs at a share is bounded twice: by the requests it gets until the next decision, and by the tripwire, which stops
 * it after some bad responses however many requests come. The worse it is, the sooner. So the worst case is looked for over all rates up to the bound.
 */
import type { JudgePolicy } from '../model.ts'
import { statisticsOf, atLeast } from './assess.ts'
import { rateRatios, stepOf } from './eprocess.ts'
import { rateUpper, ratioUpper } from './proof.ts'
import { badOf, type JudgeStatistics, wholeBp } from './statistics.ts'

/** What the next share is chosen from. */
export type NextShare = {
  readonly statistics: JudgeStatistics
  readonly policy: JudgePolicy
  /** Shares that may come next, each with the time until the decision after it. */
  readonly allowed: readonly AllowedShare[]
  /** Requests of both arms per millisecond. */
  readonly requestsPerMs: number
}

/** A share that may come next, basis points, and how long it would last at most. */
export type AllowedShare = { readonly shareBp: number; readonly horizonMs: number }

/** Level of the bounds where the policy asks for no proof of its own. */
const boundAlpha = 0.05
/** Ratio between two rates that the worst case is looked for at. */
const rateStep = 1.25

/** The largest of the allowed shares that, with all below it, the exposure budget allows; null when it allows none. Without a budget: the largest. */
export const nextShare = (input: NextShare): number | null => {
  const { policy, allowed } = input
  const worst = worstOf(input)
  const left = (policy.exposureBudget ?? Infinity) - worst.spent
  if (left === Infinity) return allowed.reduce<number | null>((most, { shareBp }) => Math.max(most ?? 0, shareBp), null)
  let largest: number | null = null
  for (const share of allowed.toSorted((a, b) => a.shareBp - b.shareBp)) {
    if (exposureUnder(worst, share, input) > left) return largest
    largest = share.shareBp
  }
  return largest
}

/** Every share that a ramp may come to, 5 % apart (basis points): for whoever does not know which ones are planned. */
export const allShares: readonly number[] = sharesUpTo(wholeBp)

function sharesUpTo(most: number): readonly number[] {
  const shares: number[] = []
  for (let shareBp = 1; shareBp < most; shareBp = Math.max(shareBp + 1, Math.round(shareBp * 1.05)))
    shares.push(shareBp)
  return [...shares, most]
}

/** Bad responses that the candidate may be expected to cost at a share until the next decision, at the worst that the evidence allows. */
export const exposureAt = (share: AllowedShare, input: Omit<NextShare, 'allowed'>): number =>
  exposureUnder(worstOf(input), share, input)

/** The rate of bad responses that stable has, the highest that the candidate may have, and what it has cost so far. */
type Worst = { readonly stable: number; readonly upper: number; readonly spent: number }

/** The same for every share, and dear: what the evidence allows at the worst. */
const worstOf = ({ statistics, policy }: Pick<NextShare, 'statistics' | 'policy'>): Worst => {
  const { strata } = statisticsOf(statistics, 'errors')
  const bad = badOf({ metric: 'errors', strata, twins: [0, 0] })
  const alpha = policy.prove?.alpha ?? boundAlpha
  const stable = (bad.stable + 1) / (Math.max(1, statistics.stable.units) + 2)
  const own = rateUpper({ units: atLeast(statistics.candidate), badUnits: bad.candidate }, alpha / 2)
  const ratio = ratioUpper(strata, alpha / 2)
  const spent = Math.max(0, bad.candidate - stable * statistics.candidate.units)
  return { stable, upper: Math.min(1, own, ratio === null ? 1 : ratio * stable), spent }
}

const exposureUnder = (
  { stable, upper }: Worst,
  { shareBp, horizonMs }: AllowedShare,
  { policy, requestsPerMs }: Pick<NextShare, 'policy' | 'requestsPerMs'>,
): number => {
  if (upper <= stable) return 0
  const requests = (requestsPerMs * horizonMs * shareBp) / wholeBp
  const untilStopAt = stopper(shareBp / wholeBp, policy)
  let worst = (upper - stable) * Math.min(requests, 1)
  for (let rate = stable * rateStep; ; rate *= rateStep) {
    const tried = Math.min(rate, upper)
    worst = Math.max(worst, (1 - stable / tried) * Math.min(tried * requests, untilStopAt(tried / stable)))
    if (rate >= upper) return worst
  }
}

/**
 * Bad responses of the candidate until the evidence crosses 1/α, were its rate `ratio` times the stable's: what is to be gathered, over what each bad
 * event gathers on average (Wald), for the alternative that stops first. Infinite where nothing would stop it.
 */
export const badUntilStop = (ratio: number, share: number, policy: JudgePolicy): number => stopper(share, policy)(ratio)

/** The same at one share, for many ratios: what an event adds does not depend on them. */
const stopper = (share: number, { alpha, tolerance }: JudgePolicy): ((ratio: number) => number) => {
  const step = stepOf(share, tolerance)
  if (step === null) return () => Infinity
  const wanted = Math.log(rateRatios.length / alpha)
  return (ratio) => {
    const theta = (ratio * share) / (ratio * share + 1 - share)
    let least = Infinity
    for (let index = 0; index < step.candidate.length; index += 1) {
      const perEvent = theta * (step.candidate[index] ?? 0) + (1 - theta) * (step.stable[index] ?? 0)
      if (perEvent > 0) least = Math.min(least, (theta * wanted) / perEvent + 1)
    }
    return least
  }
}
