/**
 * The A/A self-check: the stable arm against itself, parted by a second salt. Both halves run the same release, so that evidence for a difference
 * says that what is counted is not independent (errors that come in bursts from one user, counted by request), and no verdict could be trusted.
 */
import { logE } from './eprocess.ts'
import { evidenceOf, type JudgeStatistics, wholeBp } from './statistics.ts'

/** The half of a unit, known by 32 bits of its key: mixed once more, so that it has nothing to do with the arm or with how units are counted. */
export const twinHalf = (unit: number): 0 | 1 => {
  const mixed = Math.imul((unit ^ (unit >>> 16)) >>> 0, 0x7feb352d)
  return Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b) >>> 31 === 0 ? 0 : 1
}

/** How many times as bad one half is supposed to be: small differences too, since with much traffic they are what dependence looks like. */
const twinRatios: readonly number[] = [1.05, 1.1, 1.25, 1.5, 2, 3, 5, 10]

/** Natural log of the evidence that one half is worse than the other, whichever. */
export const logETwins = ([left, right]: readonly [number, number]): number => {
  const half = { shareBp: wholeBp / 2, candidate: left, stable: right }
  const mirrored = { ...half, candidate: right, stable: left }
  return logE([logE(evidenceOf([half], 1, twinRatios)), logE(evidenceOf([mirrored], 1, twinRatios))])
}

/** The metric whose stable arm differs from itself; null when none does. The metrics share `alpha`, so that the check as a whole has that bound. */
export const dependentMetric = ({ metrics }: JudgeStatistics, alpha: number): string | null =>
  metrics.find(({ twins }) => logETwins(twins) >= Math.log(metrics.length / alpha))?.metric ?? null
