/** From a release that is wanted somewhere to its rollout: what must be read first, what admission says, and what is recorded when it says yes. */
import { type Admission, admit } from '../core/admission.ts'
import { environmentKey } from '../core/consequences.ts'
import type { EnvironmentEvent, EnvironmentState } from '../core/environment.ts'
import type { AggregateKey } from '../core/ledger/entry.ts'
import type { Actor, EnvironmentSpec, Release, ReleaseId, RolloutId } from '../core/model.ts'
import { rolloutId } from '../core/model.ts'
import { planRollout, specOf } from '../core/rollout/plan.ts'
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
}

/** Everything that is read before the decision; it stands only while `serving` does. */
export type Prepared = {
  readonly wanted: Wanted
  readonly spec: EnvironmentSpec
  readonly id: RolloutId
  readonly plan: RolloutPlan
  readonly serving: Release | null
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
  const plan = planRollout({ purpose, environment, from: serving, to: release, kept: current.kept })
  const rollout: AggregateKey = { kind: 'rollout', id }
  const keys = [key, rollout, ...(before === null ? [] : [before])]
  return { wanted, spec, id, plan, serving, key, before, rollout, keys }
}

/** Gives the state of an aggregate as of the last decision. */
export type StateOf = (key: AggregateKey) => unknown

/** Whether what was read still stands. */
export const stillStands = ({ key, serving }: Prepared, stateOf: StateOf): boolean =>
  asEnvironment(stateOf(key)).serving === (serving?.id ?? null)

/** When it is, who asks, and whose turn in the queue it is, if any. */
export type Asked = { readonly now: number; readonly by: Actor; readonly turnOf?: string }

/** What admission says to it now. What the system asks for is asked more strictly. */
export const admissionOf = (prepared: Prepared, stateOf: StateOf, { now, by, turnOf }: Asked): Admission => {
  const { wanted, spec, serving, key, before } = prepared
  return admit({
    purpose: wanted.purpose,
    release: wanted.release,
    spec,
    environment: asEnvironment(stateOf(key)),
    before: before === null ? null : asEnvironment(stateOf(before)),
    now,
    ...(by.kind === 'system' ? { automatic: { serving } } : {}),
    ...(turnOf === undefined ? {} : { turnOf }),
  })
}

/** What is recorded when its rollout starts. */
export const startOf = (
  { key, rollout, id, plan, wanted }: Prepared,
  stateOf: StateOf,
  { at, asking }: { readonly at: number; readonly asking: Asking },
): readonly Input[] => {
  const { token }: EnvironmentState = asEnvironment(stateOf(key))
  const release: ReleaseId = wanted.release.id
  const admitted: EnvironmentEvent = { type: 'rollout_admitted', at, rollout: id, release }
  const started: RolloutEvent = { type: 'rollout_started', at, id, token: token + 1, plan, by: asking.by }
  return [input(key, admitted, asking), input(rollout, started, asking)]
}
