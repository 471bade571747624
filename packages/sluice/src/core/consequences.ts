/** What one aggregate's step means for another, committed in the same transaction. */
import type { EnvironmentEvent, EnvironmentState } from './environment.ts'
import type { AggregateKey } from './ledger/entry.ts'
import { limits } from './limits.ts'
import { type Release, sluice } from './model.ts'
import { offersOf, type SettledPromotion } from './promotion.ts'
import type { RolloutState } from './rollout/types.ts'

/** An event that follows from another. */
export type Consequence =
  | { readonly key: AggregateKey & { readonly kind: 'environment' }; readonly event: EnvironmentEvent }
  | {
      readonly key: AggregateKey & { readonly kind: 'release' }
      readonly event: { readonly type: 'release_cut'; readonly at: number; readonly release: Release }
    }

/** The environment aggregate of a service. */
export const environmentKey = (
  service: string,
  environment: string,
): AggregateKey & { readonly kind: 'environment' } => ({
  kind: 'environment',
  id: `${service}/${environment}`,
})

/** A settled rollout changes what its environment knows. */
export const rolloutConsequences = (before: RolloutState, after: RolloutState): readonly Consequence[] => {
  if (before.status === after.status || (after.status !== 'succeeded' && after.status !== 'rolled_back')) return []
  const { plan, id, settledAt } = after
  const strategy = plan.spec.strategy
  const keepsPrevious = plan.purpose !== 'rollback' && 'keepPrevious' in strategy && strategy.keepPrevious
  return [
    {
      key: environmentKey(plan.service, plan.spec.name),
      event: {
        type: 'rollout_settled',
        at: settledAt,
        rollout: id,
        outcome: after.status,
        from: plan.from,
        to: plan.to,
        keepsPrevious,
        ...(plan.purpose === 'rollback' ? { purpose: plan.purpose } : {}),
        ...promotionOf(after),
        ...(isSuperseded(after) ? { superseded: true as const } : {}),
      },
    },
  ]
}

type Settled = Extract<RolloutState, { status: 'succeeded' | 'rolled_back' }>

const promotionOf = ({ plan, by }: Settled): SettledPromotion => ({
  ...(plan.onward === undefined ? {} : { onward: plan.onward }),
  ...(plan.isBackward === true && by.kind === 'person' ? { pinnedBy: by } : {}),
})

/** A release that has soaked goes to wait for its turn where Sluice takes it by itself: once, in the transaction that says so. */
export const environmentConsequences = (before: EnvironmentState, after: EnvironmentState): readonly Consequence[] =>
  offersOf(before, after).map(({ environment, release, at }) => ({
    key: environmentKey(after.service, environment),
    event: {
      type: 'queued',
      at,
      entry: {
        id: `que_auto_${release.slice(4, 4 + limits.shortIdLength)}`,
        release,
        purpose: 'promote',
        by: sluice,
        reason: `it has soaked in ${after.environment}`,
      },
    },
  }))

const isSuperseded = (state: RolloutState): boolean =>
  state.status === 'rolled_back' && state.cause.kind === 'command' && state.cause.command === 'superseded'

type RunLike = { readonly status: string; readonly release?: Release | null }

/** A run that has cut a release; the release is an aggregate of its own, written once. */
export const runConsequences = (before: RunLike, after: RunLike): readonly Consequence[] => {
  const { release } = after
  if (release === undefined || release === null || before.release === release || before.release?.id === release.id)
    return []
  return [{ key: { kind: 'release', id: release.id }, event: { type: 'release_cut', at: release.cutAt, release } }]
}
