/** Whether a newer rollout may take the place of one that is under way. */
import type { EnvironmentSpec, ReleaseId } from '../model.ts'
import type { RolloutState } from './types.ts'

type Live = Exclude<RolloutState, { status: 'absent' }>

/** The newcomer. */
export type Newcomer = {
  readonly release: ReleaseId
  readonly spec: EnvironmentSpec
  /** Set when it is a way back, which nothing may block. */
  readonly purpose?: 'rollback'
}

/**
 * Why not, as a sentence; null when it may. The stable release stays where traffic goes back to, and the newer candidate replaces the older
 * one (as Argo Rollouts documents it, argo-rollouts.readthedocs.io, 2026-08). Nothing takes the place of a rollback but another rollback, to what somebody named.
 */
export const whyNotReplaced = ({ id, plan }: Live, { release, spec, purpose }: Newcomer): string | null => {
  if (plan.to === release) return `${id} is bringing in the same release`
  if (plan.from === release) return `that is the release that ${id} would go back to: abort it instead`
  if (purpose === 'rollback') return null
  if (plan.purpose === 'rollback') return `${id} is a rollback, and nothing takes the place of one`
  const isAlone = [spec, plan.spec, plan.fromSpec].some((one) => one?.strategy.kind === 'recreate')
  return isAlone ? `two releases may not run together here, so ${id} has to turn back first` : null
}
