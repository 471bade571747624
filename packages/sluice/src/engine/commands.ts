/** What people ask for, as events. A command is decided like any event, in the same transaction as what follows from it. */
import { admit, type Override, type Refusal } from '../core/admission.ts'
import { environmentKey } from '../core/consequences.ts'
import type { EnvironmentEvent } from '../core/environment.ts'
import { SluiceError } from '../core/errors.ts'
import type { AggregateKey } from '../core/ledger/entry.ts'
import type { Release, RolloutId } from '../core/model.ts'
import { rolloutId } from '../core/model.ts'
import type { CommandEvent } from '../core/rollout/commands.ts'
import { holdOf } from '../core/release-machine.ts'
import { planRollout, specOf } from '../core/rollout/plan.ts'
import type { Purpose, RolloutEvent, RolloutPlan } from '../core/rollout/types.ts'
import { type Asking, type Desk, input } from './desk.ts'
import { commandEnvironment } from './environment-commands.ts'
import { holdingWhatIsLeft } from './holds.ts'
import { type Prepared, prepare } from './prepare.ts'
import type { Input } from './transaction.ts'
import { asEnvironment, asRelease } from './trusted.ts'

/** Asks for a release to serve an environment. `release`: an id, its beginning, a version, or `latest`; null for what the purpose implies. */
export type DeployCommand = {
  readonly service: string
  readonly environment: string
  readonly purpose: Purpose
  readonly release: string | null
  /** What a person passes over, in so many words. */
  readonly overrides?: readonly Override[]
  /** `automation`: nobody asked just now. It passes over nothing, and goes back to nothing by itself. Absent: a person. */
  readonly initiator?: 'automation'
  /** See `AdmissionInput.emergency`. */
  readonly emergency?: 'declared'
}

/** What else is decided in the transaction that starts a rollout. */
export type Also = {
  readonly keys: readonly AggregateKey[]
  readonly inputs: (started: Started & { readonly at: number }) => readonly Input[]
}

/** What a rollout command answers. */
export type Started = { readonly rollout: RolloutId; readonly plan: RolloutPlan }

/** Admits and starts a rollout, or says every reason why not (`admission_refused`). */
export const deploy = async (desk: Desk, command: DeployCommand, asking: Asking): Promise<Started> => {
  const prepared = await prepare(desk, command)
  const isReturn = command.purpose !== 'rollback' && prepared.purpose === 'rollback'
  return startRollout(desk, { command, prepared, ...(isReturn ? { also: holdingWhatIsLeft(asking) } : {}) }, asking)
}

/** What is to be started, and with what. */
export type Starting = { readonly command: DeployCommand; readonly prepared: Prepared; readonly also?: Also }

/** Starts what was prepared, if it is still admitted. */
export const startRollout = async (
  desk: Desk,
  { command, prepared, also }: Starting,
  asking: Asking,
): Promise<Started> => {
  const { service, environment, overrides = [], emergency } = command
  const { purpose, release, spec, current, from, contracts } = prepared
  const key = environmentKey(service, environment)
  const before = spec.after === null ? null : environmentKey(service, spec.after)
  const id = rolloutId(desk.ids.next('rol'))
  const at = desk.clock.now()
  const plan = planRollout({ purpose, environment, from, to: release, kept: current.kept })
  const rollout: AggregateKey = { kind: 'rollout', id }
  const held: AggregateKey = { kind: 'release', id: release.id }
  const keys = [key, rollout, held, ...(before === null ? [] : [before]), ...(also?.keys ?? [])]
  await desk.loop.transact(
    keys,
    (stateOf) => {
      if (asking.signal?.aborted === true)
        throw new SluiceError('outcome_unknown', { detail: 'called off before it was decided; nothing was started' })
      const state = asEnvironment(stateOf(key))
      if (state.serving !== current.serving) throw moved(environment)
      const admission = admit({
        purpose,
        release,
        spec,
        environment: state,
        before: before === null ? null : asEnvironment(stateOf(before)),
        now: at,
        hold: holdOf(asRelease(stateOf(held))),
        contracts,
        overrides,
        ...(emergency === undefined ? {} : { emergency }),
      })
      if (admission.kind === 'refused') throw refused(admission.refusals)
      const admitted: EnvironmentEvent = { type: 'rollout_admitted', at, rollout: id, release: release.id }
      const started: RolloutEvent = { type: 'rollout_started', at, id, token: state.token + 1, plan, by: asking.by }
      const others = also?.inputs({ rollout: id, plan, at }) ?? []
      return [input(key, admitted, asking), input(rollout, started, asking), ...others]
    },
    asking.record?.({ rollout: id, plan }) ?? null,
  )
  return { rollout: id, plan }
}

/** What `sluice plan <env>` shows: the plan and whether it would be admitted now. Changes nothing. */
export type Preview = {
  readonly plan: RolloutPlan
  readonly release: Release
  readonly from: Release | null
  readonly refusals: readonly Refusal[]
}

/** See `Preview`. */
export const previewDeploy = async (desk: Desk, command: DeployCommand): Promise<Preview> => {
  const { service, environment, overrides = [] } = command
  const { purpose, release, spec, current: state, from, contracts } = await prepare(desk, command)
  const before = spec.after === null ? null : await desk.reading.environment(service, spec.after)
  const hold = await desk.reading.hold(release.id)
  const now = desk.clock.now()
  const admission = admit({ purpose, release, spec, environment: state, before, now, hold, contracts, overrides })
  const plan = planRollout({ purpose, environment, from, to: release, kept: state.kept })
  return { plan, release, from, refusals: admission.kind === 'refused' ? admission.refusals : [] }
}

/** Hands a command to a rollout; `command_conflict` when it means nothing in the state the rollout is in. */
export const commandRollout = async (
  desk: Desk,
  { rollout: id, type }: { readonly rollout: string; readonly type: CommandEvent['type'] },
  asking: Asking,
): Promise<void> => {
  const rollout = await desk.reading.rollout(id)
  const key: AggregateKey = { kind: 'rollout', id }
  const event: CommandEvent = { type, at: desk.clock.now(), by: asking.by, reason: asking.reason }
  const related = environmentKey(rollout.plan.service, rollout.plan.spec.name)
  const [accepted] = await desk.loop.transact(
    [key, related],
    () => [input(key, event, asking)],
    asking.record?.({}) ?? null,
  )
  if (accepted !== true) throw conflict(id, type, await desk.reading.rollout(id))
}

/** A person's yes: to a rollout that waits for one, or ahead of time to an exact release in an environment. */
export const approve = async (
  desk: Desk,
  target:
    | { readonly rollout: string }
    | { readonly service: string; readonly environment: string; readonly release: string },
  asking: Asking,
): Promise<void> => {
  const at = desk.clock.now()
  const { by, reason } = asking
  if ('rollout' in target) {
    const rollout = await desk.reading.rollout(target.rollout)
    const key: AggregateKey = { kind: 'rollout', id: target.rollout }
    const related = environmentKey(rollout.plan.service, rollout.plan.spec.name)
    const event: RolloutEvent = { type: 'approved', at, by, reason }
    const [accepted] = await desk.loop.transact(
      [key, related],
      () => [input(key, event, asking)],
      asking.record?.({}) ?? null,
    )
    if (accepted !== true) throw conflict(target.rollout, 'approve', await desk.reading.rollout(target.rollout))
    return
  }
  const release = await desk.reading.releaseNamed(target.service, target.release)
  specOf(release, target.environment)
  await commandEnvironment(desk, { target, event: { type: 'approved', at, by, release: release.id, reason } }, asking)
}

/** Each reason names the environment itself. */
const refused = (refusals: readonly Refusal[]): SluiceError =>
  new SluiceError('admission_refused', {
    detail: refusals.map(({ detail }) => detail).join('; '),
    ...(refusals[0] === undefined ? {} : { hint: refusals[0].hint }),
  })

const moved = (environment: string): SluiceError =>
  new SluiceError('command_conflict', {
    detail: `${environment} changed while this was asked`,
    hint: 'ask again',
    retry: 'same',
  })

/** A command that means nothing in the state the rollout is in. */
export const conflict = (id: string, command: string, { status }: { readonly status: string }): SluiceError =>
  new SluiceError('command_conflict', {
    detail: `${command.replace('_requested', '')} changes nothing: rollout ${id} is ${status.replace('_', ' ')}`,
    hint: `sluice rollout watch ${id}`,
  })
