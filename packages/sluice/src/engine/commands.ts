/** What people ask for, as events. A command is decided like any event, in the same transaction as what follows from it. */
import { type Admission, admit, type Refusal } from '../core/admission.ts'
import { environmentKey } from '../core/consequences.ts'
import { releaseBefore } from '../core/environment.ts'
import { SluiceError } from '../core/errors.ts'
import type { AggregateKey } from '../core/ledger/entry.ts'
import type { Release, RolloutId } from '../core/model.ts'
import type { CommandEvent } from '../core/rollout/commands.ts'
import { specOf } from '../core/rollout/plan.ts'
import type { Purpose, RolloutEvent, RolloutPlan } from '../core/rollout/types.ts'
import { admissionOf, type Prepared, prepare, startOf, type StateOf, stillStands } from './admitting.ts'
import { type Asking, type Desk, input } from './desk.ts'
import { commandEnvironment } from './environment-commands.ts'
import { enqueue, isQueued, type WhenBusy } from './queue-commands.ts'
import type { Input } from './transaction.ts'
import { asAnswer } from './trusted.ts'

/** Asks for a release to serve an environment. `release`: an id, its beginning, a version, or `latest`; null for what the purpose implies. */
export type DeployCommand = {
  readonly service: string
  readonly environment: string
  readonly purpose: Purpose
  readonly release: string | null
  /** Whether it takes the place of a rollout that is under way; as the config says when absent. */
  readonly replace?: boolean
}

/** What a rollout command answers. */
export type Started = { readonly rollout: RolloutId; readonly plan: RolloutPlan }

/** What a deploy answers that may have to wait for its turn: `queued` is the rollout that it will be. */
export type StartedOrQueued = { readonly kind: 'started' | 'queued'; readonly rollout: RolloutId }

/** Admits and starts a rollout, or says every reason why not (`admission_refused`). */
export const deploy = async (desk: Desk, command: DeployCommand, asking: Asking): Promise<Started> => {
  const prepared = await prepareCommand(desk, command)
  const started: Started = { rollout: prepared.id, plan: prepared.plan }
  const decide = (stateOf: StateOf): readonly Input[] => {
    const { at, admission } = ask(desk, { prepared, stateOf, asking })
    if (admission.kind === 'refused') throw refused(admission.refusals)
    return startOf(prepared, stateOf, { at, asking })
  }
  await desk.loop.transact(prepared.keys, decide, asking.record?.(started) ?? null)
  return started
}

/** The same for somebody who may be willing to wait for their turn. */
export const deployOrQueue = async (
  desk: Desk,
  { whenBusy, ...command }: DeployCommand & { readonly whenBusy: WhenBusy },
  asking: Asking,
): Promise<StartedOrQueued> => {
  const prepared = await prepareCommand(
    desk,
    whenBusy === null ? command : { ...command, replace: whenBusy === 'replace' },
  )
  let answer: StartedOrQueued = { kind: 'started', rollout: prepared.id }
  const decide = (stateOf: StateOf): readonly Input[] => {
    const { at, admission } = ask(desk, { prepared, stateOf, asking })
    answer = { kind: 'started', rollout: prepared.id }
    if (admission.kind === 'admitted') return startOf(prepared, stateOf, { at, asking })
    if (!isQueued(prepared, admission, whenBusy)) throw refused(admission.refusals)
    const { entry, inputs } = enqueue(prepared, stateOf, { at, asking })
    answer = { kind: 'queued', rollout: entry }
    return inputs
  }
  // The answer to an idempotency key is written with what was decided, so it is made once that is known.
  const { record } = asking
  await desk.loop.transact(prepared.keys, decide, record === null ? null : () => record(answer))
  return answer
}

const prepareCommand = async (desk: Desk, command: DeployCommand): Promise<Prepared> => {
  const { service, environment, purpose, replace } = command
  const release = await chooseRelease(desk, command)
  return prepare(desk, {
    service,
    environment,
    purpose,
    release,
    ...(replace === undefined ? {} : { replaces: replace }),
  })
}

type Question = { readonly prepared: Prepared; readonly stateOf: StateOf; readonly asking: Asking }

const ask = (
  desk: Desk,
  { prepared, stateOf, asking }: Question,
): { readonly at: number; readonly admission: Admission } => {
  if (asking.signal?.aborted === true)
    throw new SluiceError('outcome_unknown', { detail: 'called off before it was decided; nothing was started' })
  if (!stillStands(prepared, stateOf)) throw moved(prepared.wanted.environment)
  const at = desk.clock.now()
  return { at, admission: admissionOf(prepared, stateOf, { now: at, by: asking.by }) }
}

/** What `sluice plan <env>` shows: the plan and whether it would be admitted now. Changes nothing. */
export const previewDeploy = async (
  desk: Desk,
  command: DeployCommand,
): Promise<{ plan: RolloutPlan; release: Release; refusals: readonly Refusal[] }> => {
  const { service, environment, purpose } = command
  const { spec, plan, wanted } = await prepareCommand(desk, command)
  const { release } = wanted
  const state = await desk.reading.environment(service, environment)
  const before = spec.after === null ? null : await desk.reading.environment(service, spec.after)
  const admission = admit({ purpose, release, spec, environment: state, before, now: desk.clock.now() })
  return { plan, release, refusals: admission.kind === 'refused' ? admission.refusals : [] }
}

/** Rolls back: a live rollout is turned around; otherwise the release before this one comes back by a plan of its own. */
export const rollback = async (
  desk: Desk,
  command: { readonly service: string; readonly environment: string; readonly release: string | null },
  asking: Asking,
): Promise<{ readonly rollout: RolloutId; readonly kind: 'aborted' | 'started' }> => {
  const { live } = await desk.reading.environment(command.service, command.environment)
  if (live === null || command.release !== null) {
    const answering = recording(asking, (answer) => ({ rollout: asAnswer<Started>(answer).rollout, kind: 'started' }))
    const { rollout } = await deploy(desk, { ...command, purpose: 'rollback' }, answering)
    return { rollout, kind: 'started' }
  }
  const aborted = { rollout: live, kind: 'aborted' } as const
  await commandRollout(
    desk,
    { rollout: live, type: 'abort_requested' },
    recording(asking, () => aborted),
  )
  return aborted
}

/** The same question, whose answer to be kept is not that of the command that it is handed on to. */
const recording = ({ by, reason, record }: Asking, answerOf: (answer: unknown) => unknown): Asking => ({
  by,
  reason,
  record: record === null ? null : (answer) => record(answerOf(answer)),
})

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

/** What "deploy", "promote" and "roll back" mean when no release is named. */
export const chooseRelease = async (
  { reading }: Desk,
  { service, environment, purpose, release }: DeployCommand,
): Promise<Release> => {
  if (release !== null) return reading.releaseNamed(service, release)
  if (purpose === 'deploy') return reading.releaseNamed(service, 'latest')
  const state = await reading.environment(service, environment)
  if (purpose === 'rollback') {
    const before = releaseBefore(state)
    if (before !== null) return reading.release(before)
    const detail = `nothing served ${environment} before what serves it now`
    throw new SluiceError('not_found', { detail, hint: `sluice rollback ${environment} --to <release>` })
  }
  const newest = await reading.releaseNamed(service, 'latest')
  const { after } = specOf(newest, environment)
  if (after === null) return newest
  const { serving } = await reading.environment(service, after)
  if (serving !== null) return reading.release(serving)
  throw new SluiceError('not_found', {
    detail: `nothing serves ${after}, which comes before ${environment}`,
    hint: `sluice deploy ${after}`,
  })
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

const conflict = (id: string, command: string, { status }: { readonly status: string }): SluiceError =>
  new SluiceError('command_conflict', {
    detail: `${command.replace('_requested', '')} changes nothing: rollout ${id} is ${status.replace('_', ' ')}`,
    hint: `sluice rollout watch ${id}`,
  })
