/** What one aggregate's step means for another, committed in the same transaction. */
import type { EnvironmentEvent, EnvironmentState } from './environment.ts'
import { holdAfter } from './hold.ts'
import type { AggregateKey } from './ledger/entry.ts'
import { limits } from './limits.ts'
import { type Release, sluice } from './model.ts'
import { offersOf, type SettledPromotion } from './promotion.ts'
import type { ReleaseEvent } from './release-machine.ts'
import type { RolloutState } from './rollout/types.ts'
import type { ArrivalConsequence } from './source/remote.ts'
import type { WatchEvent } from './watch/types.ts'

/** An event that follows from another. */
export type Consequence =
  | ArrivalConsequence
  | { readonly key: AggregateKey & { readonly kind: 'environment' }; readonly event: EnvironmentEvent }
  | {
      readonly key: AggregateKey & { readonly kind: 'release' }
      readonly event: Extract<ReleaseEvent, { type: 'release_cut' | 'release_held' }>
    }
  | {
      readonly key: AggregateKey & { readonly kind: 'watch' }
      readonly event: Extract<WatchEvent, { type: 'watch_started' }>
    }

/** The environment aggregate of a service. */
export const environmentKey = (
  service: string,
  environment: string,
): AggregateKey & { readonly kind: 'environment' } => ({
  kind: 'environment',
  id: `${service}/${environment}`,
})

/** A settled rollout changes what its environment knows; one that came back holds its release, and one that succeeded is watched where triggers are configured. */
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
    ...holdOf(after),
    ...watchOf(after),
  ]
}

type Settled = Extract<RolloutState, { status: 'succeeded' | 'rolled_back' }>

/** A rollback that came back says nothing against what it would have brought back. */
const holdOf = (after: Settled): readonly Consequence[] => {
  if (after.status === 'succeeded' || after.plan.purpose === 'rollback') return []
  const hold = holdAfter(after.cause, after.plan.spec.name, after.settledAt)
  if (hold === null) return []
  return [{ key: { kind: 'release', id: after.plan.to }, event: { type: 'release_held', at: after.settledAt, hold } }]
}

/** Nobody watches over a rollback, for there is no rollback of a rollback; nor over what has nothing to go back to. */
const watchOf = (after: Settled): readonly Consequence[] => {
  const { plan, id } = after
  const triggers = plan.spec.rollback?.triggers
  if (after.status !== 'succeeded' || triggers === undefined) return []
  if (plan.purpose === 'rollback' || plan.from === null) return []
  const watch = {
    rollout: id,
    service: plan.service,
    environment: plan.spec.name,
    release: plan.to,
    triggers,
    health: plan.spec.health,
    ...(plan.spec.metrics === undefined ? {} : { metrics: plan.spec.metrics }),
  }
  return [{ key: { kind: 'watch', id }, event: { type: 'watch_started', at: after.settledAt, plan: watch } }]
}

const promotionOf = ({ plan, by }: Settled): SettledPromotion => ({
  ...(plan.onward === undefined ? {} : { onward: plan.onward }),
  ...(plan.isBackward === true && by.kind === 'person' ? { pinnedBy: by } : {}),
  ...(plan.drill === undefined ? {} : { drill: plan.drill }),
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
