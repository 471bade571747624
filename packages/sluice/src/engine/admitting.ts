/** From a release that is wanted somewhere to its rollout: what must be read first, what admission says, and what is recorded when it says yes. */
import { type Admission, admit, type Refusal } from '../core/admission.ts'
import { environmentKey } from '../core/consequences.ts'
import type { EnvironmentEvent, EnvironmentState } from '../core/environment.ts'
import type { AggregateKey } from '../core/ledger/entry.ts'
import type { Actor, EnvironmentSpec, Release, ReleaseId, RolloutId } from '../core/model.ts'
import { rolloutId } from '../core/model.ts'
import { planRollout, specOf } from '../core/rollout/plan.ts'
import { whyNotReplaced } from '../core/rollout/replace.ts'
import type { Purpose, RolloutEvent, RolloutPlan } from '../core/rollout/types.ts'
import { type Asking, type Desk, input } from './desk.ts'
import type { Input } from './transaction.ts'
import { asEnvironment } from './trusted.ts'

/** A release that is to serve an environment. */
export type Wanted = {
  readonly service: string
  readonly environment: string
  readonly purpose: Purpose
  readonly release: Release
  /** Whether it takes the place of a rollout that is under way. */
  readonly replaces?: boolean
}

/** A rollout whose place another takes, and its candidate. */
export type Replaced = { readonly live: RolloutId; readonly candidate: ReleaseId }

/** Everything that is read before the decision; it stands only while `serving` does. */
export type Prepared = {
  readonly wanted: Wanted
  readonly spec: EnvironmentSpec
  readonly id: RolloutId
  readonly plan: RolloutPlan
  readonly serving: Release | null
  /** Whose place it takes; or why it may not take that of who is live. */
  readonly replaced: Replaced | { readonly refusal: Refusal } | null
  readonly key: AggregateKey
  /** The environment before, when there is one. */
  readonly before: AggregateKey | null
  readonly rollout: AggregateKey
  /** Every aggregate that the decision looks at. */
  readonly keys: readonly AggregateKey[]
}

/** Reads what the decision needs. `as` names the rollout; a new name when null. `not_found`, `config_invalid`. */
export const prepare = async (
  desk: Pick<Desk, 'reading' | 'ids'>,
  wanted: Wanted,
  as: RolloutId | null = null,
): Promise<Prepared> => {
  const { service, environment, purpose, release } = wanted
  const spec = specOf(release, environment)
  const key = environmentKey(service, environment)
  const before = spec.after === null ? null : environmentKey(service, spec.after)
  const current = await desk.reading.environment(service, environment)
  const serving = current.serving === null ? null : await desk.reading.release(current.serving)
  const id = as ?? rolloutId(desk.ids.next('rol'))
  const replaced = await toReplace(desk.reading, current, { wanted, spec })
  const abandoned = abandonedBy(current, replaced)
  const plan = planRollout({ purpose, environment, from: serving, to: release, kept: current.kept, abandoned })
  const rollout: AggregateKey = { kind: 'rollout', id }
  const old = placeOf(replaced)
  const keys = [key, rollout, ...(before === null ? [] : [before]), ...(old === null ? [] : [rolloutKey(old.live)])]
  return { wanted, spec, id, plan, serving, replaced, key, before, rollout, keys }
}

const rolloutKey = (id: RolloutId): AggregateKey => ({ kind: 'rollout', id })

const placeOf = (replaced: Prepared['replaced']): Replaced | null =>
  replaced === null || 'refusal' in replaced ? null : replaced

/** The rollout whose place is to be taken, if there is one; with why not, where it may not be. */
const toReplace = async (
  reading: Pick<Desk['reading'], 'rollout'>,
  { live, environment }: EnvironmentState,
  { wanted, spec }: { readonly wanted: Wanted; readonly spec: EnvironmentSpec },
): Promise<Prepared['replaced']> => {
  const { purpose, release, replaces } = wanted
  const isAsked = purpose !== 'rollback' && (replaces ?? spec.whenBusy === 'replace')
  if (live === null || !isAsked) return null
  const rollout = await reading.rollout(live)
  const whyNot = whyNotReplaced(rollout, { release: release.id, spec })
  if (whyNot === null) return { live, candidate: rollout.plan.to }
  const hint = `sluice rollout watch ${live}   or   sluice rollout abort ${live}`
  const detail = `rollout ${live} is under way in ${environment}: ${whyNot}`
  return { refusal: { kind: 'live_rollout', who: live, until: null, detail, hint } }
}

/** Candidates that nobody brings in any more. */
const abandonedBy = ({ abandoned = [] }: EnvironmentState, replaced: Prepared['replaced']): readonly ReleaseId[] => {
  const place = placeOf(replaced)
  return place === null ? abandoned : [...abandoned, place.candidate]
}

/** Gives the state of an aggregate as of the last decision. */
export type StateOf = (key: AggregateKey) => unknown

/** Whether what was read still stands. */
export const stillStands = ({ key, serving, replaced }: Prepared, stateOf: StateOf): boolean => {
  const state = asEnvironment(stateOf(key))
  const place = placeOf(replaced)
  return state.serving === (serving?.id ?? null) && (place === null || state.live === place.live)
}

/** When it is, who asks, and whose turn in the queue it is, if any. */
export type Asked = { readonly now: number; readonly by: Actor; readonly turnOf?: string }

/** What admission says to it now. What the system asks for is asked more strictly. */
export const admissionOf = (prepared: Prepared, stateOf: StateOf, { now, by, turnOf }: Asked): Admission => {
  const { wanted, spec, serving, replaced, key, before } = prepared
  if (replaced !== null && 'refusal' in replaced) return { kind: 'refused', refusals: [replaced.refusal] }
  return admit({
    purpose: wanted.purpose,
    release: wanted.release,
    spec,
    environment: asEnvironment(stateOf(key)),
    before: before === null ? null : asEnvironment(stateOf(before)),
    now,
    ...(by.kind === 'system' ? { automatic: { serving } } : {}),
    ...(turnOf === undefined ? {} : { turnOf }),
    ...(replaced === null ? {} : { replaces: replaced.live }),
  })
}

/** What is recorded when its rollout starts. */
export const startOf = (
  { key, rollout, id, plan, wanted, replaced }: Prepared,
  stateOf: StateOf,
  { at, asking }: { readonly at: number; readonly asking: Asking },
): readonly Input[] => {
  const { token }: EnvironmentState = asEnvironment(stateOf(key))
  const release: ReleaseId = wanted.release.id
  const admitted: EnvironmentEvent = { type: 'rollout_admitted', at, rollout: id, release }
  const started: RolloutEvent = { type: 'rollout_started', at, id, token: token + 1, plan, by: asking.by }
  const place = placeOf(replaced)
  const superseded: RolloutEvent = { type: 'superseded', at, by: asking.by, successor: id }
  const over = place === null ? [] : [input(rolloutKey(place.live), superseded, asking)]
  return [...over, input(key, admitted, asking), input(rollout, started, asking)]
}
