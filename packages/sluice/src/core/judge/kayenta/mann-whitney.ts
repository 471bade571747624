import { type Bracket, findRoot } from './root.ts'
import { normalQuantile, ranks } from './statistics.ts'

/** Two samples to compare. */
export type Samples = { readonly control: readonly number[]; readonly experiment: readonly number[] }

/** How far the experiment lies above the control: the Hodges-Lehmann estimate and its confidence interval. */
export type Shift = { readonly low: number; readonly high: number; readonly estimate: number }

/** What makes an interval impossible: all observations are one value. */
export class TiedObservations extends Error {}

/**
 * The standardized rank sum when the experiment is moved down by `shift`: normal approximation with continuity and tie correction. As R's
 * `wilcox.test(conf.int = TRUE, exact = FALSE)`, from which Kayenta took it. Throws TiedObservations.
 */
export const rankSumZ = ({ control, experiment }: Samples, shift: number): number => {
  const nx = experiment.length
  const ny = control.length
  const ranked = ranks([...experiment.map((value) => value - shift), ...control])
  const sum = ranked.ranks.slice(0, nx).reduce((total, rank) => total + rank, 0)
  const distance = sum - (nx * (nx + 1)) / 2 - (nx * ny) / 2
  const tied = ranked.ties.reduce((total, count) => total + count ** 3 - count, 0)
  const sigma = Math.sqrt(((nx * ny) / 12) * (nx + ny + 1 - tied / ((nx + ny) * (nx + ny - 1))))
  if (sigma === 0) throw new TiedObservations('no interval: all observations are tied')
  return (distance - Math.sign(distance) * 0.5) / sigma
}

/** The shift between two samples, neither empty, at a confidence level of 0–1. Throws TiedObservations. */
export const mannWhitneyShift = (samples: Samples, confidence: number): Shift => {
  const { control, experiment } = samples
  const low = min(experiment) - max(control)
  const high = max(experiment) - min(control)
  const bracket = (z: number): Bracket => ({
    low,
    high,
    atLow: rankSumZ(samples, low) - z,
    atHigh: rankSumZ(samples, high) - z,
  })
  const end = (z: number): number => {
    const within = bracket(z)
    if (within.atLow <= 0) return low
    if (within.atHigh >= 0) return high
    return findRoot((shift) => rankSumZ(samples, shift) - z, within)
  }
  const z = normalQuantile((1 - confidence) / 2)
  return { low: end(-z), high: end(z), estimate: findRoot((shift) => rankSumZ(samples, shift), bracket(0)) }
}

const min = (values: readonly number[]): number => values.reduce((least, value) => Math.min(least, value), Infinity)
const max = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), -Infinity)
