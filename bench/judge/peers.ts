/**
 * What others would have done with the same traffic: the documented example of Flagger and of Argo Rollouts, and Kayenta's defaults, each as its
 * documentation and its code say (2026). Counts are drawn a minute (or five) at a time, which is all that these tools look at.
 */
import { normal, type Random, randomOf, successes } from './random.ts'

/** Error rates of both arms, and requests a second of both together. */
export type Traffic = { readonly stable: number; readonly candidate: number; readonly perSecond: number }

/** What came of a release: whether it was rolled back, and what the candidate had answered and failed by then. */
export type Outcome = { readonly rolledBack: boolean; readonly requests: number; readonly failed: number }

type Arm = { requests: number; failed: number }

const answer = (arm: Arm, random: Random, { requests, rate }: { requests: number; rate: number }): number => {
  const failed = successes(random, requests, rate)
  arm.requests += requests
  arm.failed += failed
  return failed
}

/**
 * Flagger: every minute, success rate at least 99 %, threshold 10, weight 2 % to 50 % by 2 %. Failed checks are counted over the whole release and tested at the beginning of
 * the next tick; a failed check holds the weight.
 */
export const flagger = ({ candidate, perSecond }: Traffic, seed: number): Outcome => {
  const random = randomOf(seed)
  const arm: Arm = { requests: 0, failed: 0 }
  let failedChecks = 0
  for (let weight = 2; weight <= 50;) {
    const requests = successes(random, perSecond * 60, weight / 100)
    const failed = answer(arm, random, { requests, rate: candidate })
    if (failedChecks >= 10) return { rolledBack: true, ...arm }
    if (requests === 0 || 1 - failed / requests < 0.99) failedChecks += 1
    else weight += 2
  }
  return { rolledBack: false, ...arm }
}

/** Argo Rollouts: background analysis every five minutes, success rate at least 95 %, failureLimit 3; weights 20, 40, 60 and 80 % for ten minutes each. */
export const argo = ({ candidate, perSecond }: Traffic, seed: number): Outcome => {
  const random = randomOf(seed)
  const arm: Arm = { requests: 0, failed: 0 }
  let failures = 0
  for (const weight of [20, 20, 40, 40, 60, 60, 80, 80]) {
    const requests = successes(random, perSecond * 300, weight / 100)
    const failed = answer(arm, random, { requests, rate: candidate })
    if (requests > 0 && 1 - failed / requests < 0.95) failures += 1
    if (failures > 3) return { rolledBack: true, ...arm }
  }
  return { rolledBack: false, ...arm }
}

/**
 * Kayenta: the error rate of sixty minutes of the candidate against a baseline of the same size (5 % of the traffic each), by the Mann-Whitney test of NetflixACAJudge at a
 * confidence of 98 %, tolerance 25 % of the estimate. The first verdict comes after the hour.
 */
export const kayenta = ({ stable, candidate, perSecond }: Traffic, seed: number): Outcome => {
  const random = randomOf(seed)
  const arm: Arm = { requests: 0, failed: 0 }
  const requests = Math.round(perSecond * 60 * 0.05)
  const control: number[] = []
  const experiment: number[] = []
  for (let minute = 0; minute < 60; minute += 1) {
    control.push(successes(random, requests, stable) / requests)
    experiment.push(answer(arm, random, { requests, rate: candidate }) / requests)
  }
  return { rolledBack: isHigh(control, experiment, random), ...arm }
}

/** z of a two-sided confidence of 98 %. */
const z98 = 2.326_347_874

/** Whether the experiment's interval lies above a quarter of the estimated shift. */
const isHigh = (control: readonly number[], experiment: readonly number[], random: Random): boolean => {
  const values = new Set([...control, ...experiment])
  if (values.size === 1) return false
  // Two constants get noise, so that the test has ranks to work with.
  const isConstant = new Set(control).size === 1 && new Set(experiment).size === 1
  const spread = (all: readonly number[]): readonly number[] =>
    isConstant ? all.map((value) => value * (1 + 1e-5 * normal(random))) : all
  const [left, right] = [spread(control), spread(experiment)]
  const differences = new Float64Array(left.length * right.length)
  for (const [row, value] of right.entries())
    for (const [column, other] of left.entries()) differences[row * left.length + column] = value - other
  differences.sort()
  const sigma = sigmaOf([...left, ...right], left.length * right.length)
  const middle = differences.length / 2
  const low = Math.max(0, Math.floor(middle - z98 * sigma - 0.5))
  const estimate = ((differences[Math.ceil(middle) - 1] ?? 0) + (differences[Math.floor(middle)] ?? 0)) / 2
  return (differences[low] ?? 0) > 0.25 * Math.abs(estimate) && mean(right) >= mean(left)
}

/** Standard deviation of the rank sum's statistic, corrected for ties. */
const sigmaOf = (all: readonly number[], pairs: number): number => {
  const counts = new Map<number, number>()
  for (const value of all) counts.set(value, (counts.get(value) ?? 0) + 1)
  const total = all.length
  let ties = 0
  for (const count of counts.values()) ties += count ** 3 - count
  return Math.sqrt((pairs / 12) * (total + 1 - ties / (total * (total - 1))))
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
