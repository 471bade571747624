/** Pieces that strategies share. */
import type { ReleaseId } from '../../model.ts'
import type { Share, Step } from '../types.ts'

/** What a strategy is given: who leaves, who comes, and how many instances each has. */
export type StrategyInput = {
  readonly from: { readonly release: ReleaseId; readonly instances: number } | null
  readonly to: { readonly release: ReleaseId; readonly instances: number }
}

/** A pure function from two releases and its own options to the steps forward. */
export type StrategySteps<Options> = (input: StrategyInput, options: Options) => readonly Step[]

/** All traffic on one release. */
export const allOn = (release: ReleaseId, count: number): Step => ({
  kind: 'shift',
  shares: [{ arm: 'stable', release, shareBp: 10_000, count }],
  whenEmpty: 'hold',
})

/** Requests wait, for a bounded time. */
export const holdAll: Step = { kind: 'shift', shares: [], whenEmpty: 'hold' }

/** Traffic split between the two; `candidateBp` strictly between 0 and 10 000. */
export const split = (
  stable: Omit<Share, 'arm' | 'shareBp'>,
  candidate: Omit<Share, 'arm' | 'shareBp'>,
  candidateBp: number,
): Step => ({
  kind: 'shift',
  shares: [
    { arm: 'stable', ...stable, shareBp: 10_000 - candidateBp },
    { arm: 'candidate', ...candidate, shareBp: candidateBp },
  ],
  whenEmpty: 'hold',
})

/** Instances up, and good answers from them seen by the router itself. */
export const bringUp = (release: ReleaseId, count: number, failuresMax: number): readonly Step[] => [
  { kind: 'start', release, count },
  { kind: 'probe', release, count, failuresMax },
]

/** Nothing in flight to it, then nothing of it, from index `keep` on. */
export const takeDown = (release: ReleaseId, keep: number): readonly Step[] => [
  { kind: 'drain', release, keep },
  { kind: 'retire', release, keep },
]

/** The first release of an environment: nobody to compare with and nobody to hurt. */
export const first = ({ to }: StrategyInput): readonly Step[] => [
  ...bringUp(to.release, to.instances, 0),
  allOn(to.release, to.instances),
]
