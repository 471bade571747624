/** From a release that is wanted somewhere to its rollout: what must be read first, what admission says, and what is recorded when it says yes. */
import { type Admission, admit } from '../core/admission.ts'
import { environmentKey } from '../core/consequences.ts'
import type { EnvironmentEvent, EnvironmentState } from '../core/environment.ts'
import type { AggregateKey } from '../core/ledger/entry.ts'
import { type Actor, type RolloutId, rolloutId } from '../core/model.ts'
import { holdOf } from '../core/release-machine.ts'
import { planRollout } from '../core/rollout/plan.ts'
import type { RolloutEvent, RolloutPlan } from '../core/rollout/types.ts'
import type { Ids } from '../ports/clock.ts'
import { type Asking, input } from './desk.ts'
import { abandonedBy, overtakenBy, placeOf, rolloutKey } from './replacing.ts'
import type { Input } from './transaction.ts'
import { asEnvironment, asRelease } from './trusted.ts'
import type { Wanted } from './wanted.ts'

/** Everything that is there before the decision; it stands only while what was read as serving does. */
export type Prepared = {
  readonly wanted: Wanted
  readonly id: RolloutId
  readonly plan: RolloutPlan
  readonly key: AggregateKey
  /** The environment before, when there is one. */
  readonly before: AggregateKey | null
  readonly rollout: AggregateKey
  /** The release, which somebody may hold. */
  readonly release: AggregateKey
  /** Every aggregate that the decision looks at. */
  readonly keys: readonly AggregateKey[]
}

/** Plans it. `as` names the rollout; a new name when null. */
export const prepare = (ids: Ids, wanted: Wanted, as: RolloutId | null = null): Prepared => {
  const { service, environment, purpose, spec, current, serving, replaced } = wanted
  const key = environmentKey(service, environment)
  const before = spec.after === null ? null : environmentKey(service, spec.after)
  const id = as ?? rolloutId(ids.next('rol'))
  const abandoned = abandonedBy(current, replaced)
  const company = { kept: current.kept, abandoned, ...overtakenBy(replaced) }
  const drill = wanted.drill === undefined ? {} : { drill: wanted.drill }
  const plan = planRollout({ purpose, environment, from: serving, to: wanted.release, ...company, ...drill })
  const rollout: AggregateKey = { kind: 'rollout', id }
  const release: AggregateKey = { kind: 'release', id: wanted.release.id }
  const place = placeOf(replaced)
  const others = [before, place === null ? null : rolloutKey(place.live)]
  const keys = [key, rollout, release, ...others.filter((one) => one !== null)]
  return { wanted, id, plan, key, before, rollout, release, keys }
}

/** Gives the state of an aggregate as of the last decision. */
export type StateOf = (key: AggregateKey) => unknown

/** Whether what was read still stands. */
export const stillStands = ({ key, wanted }: Prepared, stateOf: StateOf): boolean => {
  const { serving, live } = asEnvironment(stateOf(key))
  const place = placeOf(wanted.replaced)
  return serving === wanted.current.serving && (place === null || live === place.live)
}

/** When it is, who asks, and whose turn in the queue it is, if any. */
export type Asked = { readonly now: number; readonly by: Actor; readonly turnOf?: string }

/** What admission says to it now. What the system asks for is asked more strictly. */
export const admissionOf = (prepared: Prepared, stateOf: StateOf, { now, by, turnOf }: Asked): Admission => {
  const { wanted, key, before, release } = prepared
  const { purpose, spec, serving, replaced, contracts, overrides, emergency } = wanted
  if (replaced !== null && 'refusal' in replaced) return { kind: 'refused', refusals: [replaced.refusal] }
  return admit({
    purpose,
    release: wanted.release,
    spec,
    environment: asEnvironment(stateOf(key)),
    before: before === null ? null : asEnvironment(stateOf(before)),
    now,
    hold: holdOf(asRelease(stateOf(release))),
    contracts,
    overrides,
    ...(emergency === undefined ? {} : { emergency }),
    ...(by.kind === 'system' ? { automatic: { serving } } : {}),
    ...(turnOf === undefined ? {} : { turnOf }),
    ...(replaced === null ? {} : { replaces: replaced.live }),
  })
}

/** What is recorded when its rollout starts. */
export const startOf = (
  { key, rollout, id, plan, wanted }: Prepared,
  stateOf: StateOf,
  { at, asking }: { readonly at: number; readonly asking: Asking },
): readonly Input[] => {
  const { token }: EnvironmentState = asEnvironment(stateOf(key))
  const admitted: EnvironmentEvent = { type: 'rollout_admitted', at, rollout: id, release: wanted.release.id }
  const started: RolloutEvent = { type: 'rollout_started', at, id, token: token + 1, plan, by: asking.by }
  const place = placeOf(wanted.replaced)
  const superseded: RolloutEvent = { type: 'superseded', at, by: asking.by, successor: id }
  const over = place === null ? [] : [input(rolloutKey(place.live), superseded, asking)]
  return [...over, input(key, admitted, asking), input(rollout, started, asking)]
}
