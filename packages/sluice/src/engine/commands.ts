/** What people ask for, as events. A command is decided like any event, in the same transaction as what follows from it. */
import { admit, type Refusal } from '../core/admission.ts'
import { environmentKey } from '../core/consequences.ts'
import { type EnvironmentEvent, type EnvironmentState, releaseBefore } from '../core/environment.ts'
import { SluiceError } from '../core/errors.ts'
import type { AggregateKey } from '../core/ledger/entry.ts'
import type { EnvironmentSpec, Release, ReleaseId, RolloutId } from '../core/model.ts'
import { rolloutId } from '../core/model.ts'
import type { CommandEvent } from '../core/rollout/commands.ts'
import { planRollout, specOf } from '../core/rollout/plan.ts'
import { whyNotReplaced } from '../core/rollout/replace.ts'
import type { Purpose, RolloutEvent, RolloutPlan } from '../core/rollout/types.ts'
import { type Asking, type Desk, input } from './desk.ts'
import { commandEnvironment } from './environment-commands.ts'
import { asAnswer, asEnvironment } from './trusted.ts'

/** Asks for a release to serve an environment. `release`: an id, its beginning, a version, or `latest`; null for what the purpose implies. */
export type DeployCommand = {
  readonly service: string
  readonly environment: string
  readonly purpose: Purpose
  readonly release: string | null
  /** Take the place of a rollout that is under way, if there is one. */
  readonly replace?: boolean
}

/** What a rollout command answers. */
export type Started = { readonly rollout: RolloutId; readonly plan: RolloutPlan }

/** Admits and starts a rollout, or says every reason why not (`admission_refused`). */
export const deploy = async (desk: Desk, command: DeployCommand, asking: Asking): Promise<Started> => {
  const { service, environment, purpose } = command
  const release = await chooseRelease(desk, command)
  const spec = specOf(release, environment)
  const key = environmentKey(service, environment)
  const before = spec.after === null ? null : environmentKey(service, spec.after)
  const current = await desk.reading.environment(service, environment)
  const from = current.serving === null ? null : await desk.reading.release(current.serving)
  const id = rolloutId(desk.ids.next('rol'))
  const at = desk.clock.now()
  const replaced = await toReplace(desk, current, { command, release, spec })
  if (replaced !== null && 'refusal' in replaced) throw refused([replaced.refusal])
  const abandoned = abandonedBy(current, replaced)
  const plan = planRollout({ purpose, environment, from, to: release, kept: current.kept, abandoned })
  const rollout: AggregateKey = { kind: 'rollout', id }
  const old: AggregateKey | null = replaced === null ? null : { kind: 'rollout', id: replaced.live }
  const keys = [key, rollout, ...(before === null ? [] : [before]), ...(old === null ? [] : [old])]
  await desk.loop.transact(
    keys,
    (stateOf) => {
      if (asking.signal?.aborted === true)
        throw new SluiceError('outcome_unknown', { detail: 'called off before it was decided; nothing was started' })
      const state = asEnvironment(stateOf(key))
      const isOther = replaced !== null && state.live !== replaced.live
      if (state.serving !== current.serving || isOther) throw moved(environment)
      const previous = before === null ? null : asEnvironment(stateOf(before))
      const replaces = replaced === null ? {} : { replaces: replaced.live }
      const admission = admit({ purpose, release, spec, environment: state, before: previous, now: at, ...replaces })
      if (admission.kind === 'refused') throw refused(admission.refusals)
      const admitted: EnvironmentEvent = { type: 'rollout_admitted', at, rollout: id, release: release.id }
      const started: RolloutEvent = { type: 'rollout_started', at, id, token: state.token + 1, plan, by: asking.by }
      const superseded: RolloutEvent = { type: 'superseded', at, by: asking.by, successor: id }
      const over = old === null ? [] : [input(old, superseded, asking)]
      return [...over, input(key, admitted, asking), input(rollout, started, asking)]
    },
    asking.record?.({ rollout: id, plan }) ?? null,
  )
  return { rollout: id, plan }
}

/** What `sluice plan <env>` shows: the plan and whether it would be admitted now. Changes nothing. */
export const previewDeploy = async (
  desk: Desk,
  command: DeployCommand,
): Promise<{ plan: RolloutPlan; release: Release; refusals: readonly Refusal[] }> => {
  const { service, environment, purpose } = command
  const release = await chooseRelease(desk, command)
  const spec = specOf(release, environment)
  const state = await desk.reading.environment(service, environment)
  const from = state.serving === null ? null : await desk.reading.release(state.serving)
  const before = spec.after === null ? null : await desk.reading.environment(service, spec.after)
  const replaced = await toReplace(desk, state, { command, release, spec })
  const live = replaced === null || 'refusal' in replaced ? null : replaced
  const replaces = live === null ? {} : { replaces: live.live }
  const admission = admit({ purpose, release, spec, environment: state, before, now: desk.clock.now(), ...replaces })
  const plan = planRollout({
    purpose,
    environment,
    from,
    to: release,
    kept: state.kept,
    abandoned: abandonedBy(state, live),
  })
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
const chooseRelease = async (
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

type Replaced = { readonly live: RolloutId; readonly candidate: ReleaseId }

/** The live rollout that a deploy would take the place of, or why it may not; null where none is, or nobody asked for it. */
const toReplace = async (
  { reading }: Desk,
  { live, environment }: EnvironmentState,
  wanted: { readonly command: DeployCommand; readonly release: Release; readonly spec: EnvironmentSpec },
): Promise<Replaced | { readonly live: RolloutId; readonly refusal: Refusal } | null> => {
  const { command, release, spec } = wanted
  const isAsked = command.purpose !== 'rollback' && (command.replace === true || spec.whenBusy === 'replace')
  if (live === null || !isAsked) return null
  const rollout = await reading.rollout(live)
  const whyNot = whyNotReplaced(rollout, { release: release.id, spec })
  if (whyNot === null) return { live, candidate: rollout.plan.to }
  const hint = `sluice rollout watch ${live}   or   sluice rollout abort ${live}`
  const detail = `rollout ${live} is under way in ${environment}: ${whyNot}`
  return { live, refusal: { kind: 'live_rollout', who: live, until: null, detail, hint } }
}

/** Candidates that nobody brings in any more. */
const abandonedBy = ({ abandoned = [] }: EnvironmentState, replaced: Replaced | null): readonly ReleaseId[] =>
  replaced === null ? abandoned : [...abandoned, replaced.candidate]

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
