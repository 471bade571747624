/** From a release that is wanted somewhere to its rollout: what must be read first, what admission says, and what is recorded when it says yes. */
import { type Admission, admit, type AdmissionInput, isBehindGlass, type Refusal } from '../../core/admission.ts'
import { environmentKey } from '../../core/consequences.ts'
import type { EnvironmentEvent, EnvironmentState } from '../../core/environment.ts'
import type { AggregateKey } from '../../core/ledger/entry.ts'
import { lineKey } from '../../core/line.ts'
import { type RolloutId, rolloutId } from '../../core/model.ts'
import { holdOf } from '../../core/release-machine.ts'
import { planRollout } from '../../core/rollout/plan.ts'
import type { RolloutEvent, RolloutPlan } from '../../core/rollout/types.ts'
import type { Ids } from '../../ports/clock.ts'
import { type Asking, input } from '../desk.ts'
import { type Asker, governanceInput, governanceOf } from './governance.ts'
import { abandonedBy, overtakenBy, placeOf, rolloutKey } from './replacing.ts'
import type { Input } from '../loop/transaction.ts'
import { asEnvironment, asLine, asRelease } from '../trusted.ts'
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
  const said = {
    ...(wanted.drill === undefined ? {} : { drill: wanted.drill }),
    ...(wanted.hotfix === undefined ? {} : { hotfix: wanted.hotfix }),
  }
  const plan = planRollout({ purpose, environment, from: serving, to: wanted.release, ...company, ...said })
  const rollout: AggregateKey = { kind: 'rollout', id }
  const release: AggregateKey = { kind: 'release', id: wanted.release.id }
  const place = placeOf(replaced)
  const others = [before, place === null ? null : rolloutKey(place.live)]
  // A way back does not even look at the line.
  const line = purpose === 'rollback' ? [] : [lineKey]
  const keys = [key, rollout, release, ...line, ...others.filter((one) => one !== null)]
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
export type Asked = { readonly now: number; readonly asker: Asker; readonly turnOf?: string }

/** What admission says to it now. What the system asks for is asked more strictly. */
export const admissionOf = (prepared: Prepared, stateOf: StateOf, asked: Asked): Admission => {
  const { replaced } = prepared.wanted
  if (replaced !== null && 'refusal' in replaced) return { kind: 'refused', refusals: [replaced.refusal] }
  return admit(admissionInput(prepared, stateOf, asked))
}

/** What admission looks at. */
const admissionInput = (
  { wanted, key, before, release }: Prepared,
  stateOf: StateOf,
  { now, asker, turnOf }: Asked,
): AdmissionInput => {
  const { purpose, spec, serving, replaced, contracts, overrides, emergency, governed, glass } = wanted
  const place = placeOf(replaced)
  return {
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
    ...(asker.by.kind === 'system' ? { automatic: { serving } } : {}),
    ...(turnOf === undefined ? {} : { turnOf }),
    ...(place === null ? {} : { replaces: place.live }),
    ...(governed === null
      ? {}
      : {
          governance: governanceInput(governed, {
            asker,
            line: asLine(stateOf(lineKey)),
            glass: glass && 'broken',
          }),
        }),
  }
}

/** What the glass is broken for: the refusals that it goes past; null where it stays whole, because nobody broke it, or nothing was behind it. */
const glassOf = (
  { wanted }: Prepared,
  input: AdmissionInput,
): { readonly reason: string; readonly passed: readonly Refusal[] } | null => {
  const { glass } = wanted
  if (glass === undefined || input.governance === undefined) return null
  const { glass: _, ...whole } = input.governance
  const admission = admit({ ...input, governance: whole })
  const passed = admission.kind === 'admitted' ? [] : admission.refusals.filter(isBehindGlass)
  return passed.length === 0 ? null : { reason: glass.reason, passed }
}

/** What is recorded when its rollout starts. */
export const startOf = (
  prepared: Prepared,
  stateOf: StateOf,
  { at, asking, turnOf }: { readonly at: number; readonly asking: Asking; readonly turnOf?: string },
): readonly Input[] => {
  const { key, rollout, id, plan, wanted } = prepared
  const { by } = asking
  const { token }: EnvironmentState = asEnvironment(stateOf(key))
  const asked = admissionInput(prepared, stateOf, {
    now: at,
    asker: asking,
    ...(turnOf === undefined ? {} : { turnOf }),
  })
  const glass = glassOf(prepared, asked)
  const governance = governanceOf(plan, asked, glass)
  const release = wanted.release.id
  const admitted: EnvironmentEvent = { type: 'rollout_admitted', at, rollout: id, release }
  const base = { type: 'rollout_started', at, id, token: token + 1, plan, by } as const
  const started: RolloutEvent = governance === undefined ? base : { ...base, governance }
  const place = placeOf(wanted.replaced)
  const superseded: RolloutEvent = { type: 'superseded', at, by, successor: id }
  const over = place === null ? [] : [input(rolloutKey(place.live), superseded, asking)]
  const record = governance?.breakGlass
  const broken: readonly EnvironmentEvent[] =
    record === undefined ? [] : [{ type: 'glass_broken', at, rollout: id, release, glass: record }]
  return [
    ...over,
    ...broken.map((event) => input(key, event, asking)),
    input(key, admitted, asking),
    input(rollout, started, asking),
  ]
}
