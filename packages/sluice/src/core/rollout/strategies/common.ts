/** Pieces that strategies share. */
import type { ReleaseId } from '../../model.ts'
import type { Amount, Holdback } from '../../strategy.ts'
import type { ListenAddress, RouteMatch, RouteRule } from '../../routing.ts'
import type { VerificationScope } from '../../verification/types.ts'
import type { Share, Step } from '../types.ts'

/** What a strategy is given: who leaves, who comes, and how many instances each has. */
export type StrategyInput = {
  readonly from: { readonly release: ReleaseId; readonly instances: number } | null
  readonly to: { readonly release: ReleaseId; readonly instances: number }
  /** Where the environment has checks that look. */
  readonly checks?: readonly VerificationScope[]
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

/** A release and how many of its instances take part. */
export type Party = Omit<Share, 'arm' | 'shareBp'>

/** Traffic split between the two; `candidateBp` below 10 000. At 0 nothing but a rule leads to the candidate. */
export const split = (stable: Party, candidate: Party, candidateBp: number): Extract<Step, { kind: 'shift' }> => ({
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

/** Requests that match one of `routes` go to the candidate, whatever the split. */
export const rulesTo = (routes: readonly (readonly RouteMatch[])[]): readonly RouteRule[] =>
  routes.map((all) => ({ arm: 'candidate', all }))

/** Whether a strategy demands to verify, and the address through which it looks besides. */
export type Verifying = { readonly isDemanded?: true | undefined; readonly through?: ListenAddress | undefined }

/** The checks of the candidate by itself, where there are some or the strategy demands them. */
export const verifiedFirst = (
  { checks = [] }: StrategyInput,
  party: Party,
  { isDemanded, through }: Verifying,
): readonly Step[] => {
  if (!checks.includes('candidate') && isDemanded !== true) return []
  return [{ ...verified(party), ...(through === undefined ? {} : { through }) }]
}

/** The checks of the environment as its users reach it, where there are some. */
export const verifiedAfter = ({ checks = [] }: StrategyInput, { release, count }: Party): readonly Step[] =>
  checks.includes('environment') ? [{ kind: 'verify', release, count, scope: 'environment' }] : []

/** All checks of the candidate by itself, before its users see it. */
export const verified = ({ release, count }: Party): Extract<Step, { kind: 'verify' }> => ({
  kind: 'verify',
  release,
  count,
  scope: 'candidate',
})

/**
 * The last step forward: all traffic on the candidate, the environment checked, and watched for `bakeMs`; with a holdback, watched first beside what is left on the
 * old release, so that the judge has somebody to compare with.
 */
export const promotion = (
  input: StrategyInput,
  { stable, candidate }: { readonly stable: Party; readonly candidate: Party },
  { holdback, bakeMs }: { readonly holdback?: Holdback | undefined; readonly bakeMs: number },
): readonly Step[] => {
  const all = allOn(candidate.release, candidate.count)
  const checked = verifiedAfter(input, candidate)
  if (holdback === undefined)
    return bakeMs > 0 ? [all, ...checked, { kind: 'wait', ms: bakeMs, reason: 'bake at 100 %' }] : [all, ...checked]
  return [
    {
      kind: 'shift',
      shares: [
        { arm: 'holdback', ...stable, shareBp: holdback.shareBp },
        { arm: 'candidate', ...candidate, shareBp: 10_000 - holdback.shareBp },
      ],
      whenEmpty: 'hold',
    },
    ...checked,
    { kind: 'judge', bakeMs: holdback.bakeMs, unitsMin: holdback.unitsMin },
    all,
  ]
}

/** How many of `total` instances an amount is; percentages are rounded up or down as the caller must. */
export const amountOf = (amount: Amount, total: number, round: 'up' | 'down'): number => {
  if (amount.kind === 'count') return amount.count
  const exact = (total * amount.percent) / 100
  return round === 'up' ? Math.ceil(exact) : Math.floor(exact)
}

/** Nothing in flight to it, then nothing of it, from index `keep` on. */
export const takeDown = (release: ReleaseId, keep: number): readonly Step[] => [
  { kind: 'drain', release, keep },
  { kind: 'retire', release, keep },
]

/** The first release of an environment: nobody to compare with and nobody to hurt. */
export const first = (input: StrategyInput, isDemanded?: true): readonly Step[] => {
  const { release, instances: count } = input.to
  return [
    ...bringUp(release, count, 0),
    ...verifiedFirst(input, { release, count }, { isDemanded }),
    allOn(release, count),
    ...verifiedAfter(input, { release, count }),
  ]
}
