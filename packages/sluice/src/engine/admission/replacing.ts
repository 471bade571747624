/** A rollout whose place another takes. */
import type { Refusal } from '../../core/admission.ts'
import type { EnvironmentState } from '../../core/environment.ts'
import type { AggregateKey } from '../../core/ledger/entry.ts'
import type { EnvironmentSpec, Release, ReleaseId, RolloutId } from '../../core/model.ts'
import { whyNotReplaced } from '../../core/rollout/replace.ts'
import type { PlanInput } from '../../core/rollout/plan.ts'
import type { Purpose } from '../../core/rollout/types.ts'
import type { Reading } from '../reading/reading.ts'

/** Whose place is taken, its candidate, and what it was for; or why it may not be taken. */
export type Replaced =
  | { readonly live: RolloutId; readonly candidate: ReleaseId; readonly purpose: Purpose }
  | { readonly refusal: Refusal }

/** Who wants to. */
export type Newcomer = {
  readonly purpose: Purpose
  readonly release: Release
  readonly spec: EnvironmentSpec
  /** What the caller said; undefined for what the config says. */
  readonly replace: boolean | undefined
}

/** The rollout whose place is to be taken; null when nobody is to make way, or nobody is there. */
export const replacedBy = async (
  reading: Pick<Reading, 'rollout'>,
  { live, environment }: EnvironmentState,
  { purpose, release, spec, replace }: Newcomer,
): Promise<Replaced | null> => {
  // What the config says is for the way forward; a way back takes a place only when somebody said which release it is to be.
  const isAsked = replace ?? (purpose !== 'rollback' && spec.whenBusy === 'replace')
  if (live === null || !isAsked) return null
  const rollout = await reading.rollout(live)
  const newcomer = { release: release.id, spec, ...(purpose === 'rollback' ? { purpose } : {}) }
  const whyNot = whyNotReplaced(rollout, newcomer)
  if (whyNot === null) return { live, candidate: rollout.plan.to, purpose: rollout.plan.purpose }
  const hint = `sluice rollout watch ${live}   or   sluice rollout abort ${live}`
  const detail = `rollout ${live} is under way in ${environment}: ${whyNot}`
  return { refusal: { kind: 'live_rollout', who: live, until: null, detail, hint } }
}

/** The rollout that makes way; null when none does. */
export const placeOf = (replaced: Replaced | null): Exclude<Replaced, { refusal: Refusal }> | null =>
  replaced === null || 'refusal' in replaced ? null : replaced

/** Candidates that nobody brings in any more. */
export const abandonedBy = ({ abandoned = [] }: EnvironmentState, replaced: Replaced | null): readonly ReleaseId[] => {
  const place = placeOf(replaced)
  return place === null ? abandoned : [...abandoned, place.candidate]
}

/** What a plan has to know of a rollout whose place it takes. */
export const overtakenBy = (replaced: Replaced | null): Pick<PlanInput, 'overtakes'> => {
  const purpose = placeOf(replaced)?.purpose
  return purpose === 'rollback' ? { overtakes: purpose } : {}
}

/** The aggregate of a rollout. */
export const rolloutKey = (id: RolloutId): AggregateKey => ({ kind: 'rollout', id })
