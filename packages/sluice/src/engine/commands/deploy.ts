/** What people ask for, as events. A command is decided like any event, in the same transaction as what follows from it. */
import type { Admission, Override, Refusal } from '../../core/admission.ts'
import { environmentKey } from '../../core/consequences.ts'
import { SluiceError } from '../../core/errors.ts'
import type { AggregateKey } from '../../core/ledger/entry.ts'
import type { RolloutId } from '../../core/model.ts'
import type { DrillWay } from '../../core/promotion.ts'
import type { CommandEvent } from '../../core/rollout/commands.ts'
import type { Cause, Hotfix, Purpose, RolloutPlan } from '../../core/rollout/types.ts'
import { admissionOf, type Prepared, prepare, startOf, type StateOf, stillStands } from '../admission/admitting.ts'
import { type Asking, type Desk, input } from '../desk.ts'
import { holdingWhatIsLeft } from '../admission/holds.ts'
import { isForward, lineKeys, mustRun } from './line.ts'
import { liveDrill } from '../admission/live-drill.ts'
import { enqueue, isQueued, type WhenBusy } from './queue.ts'
import type { Input } from '../loop/transaction.ts'
import { asRollout } from '../trusted.ts'
import { wantedBy } from '../admission/wanted.ts'

/** Asks for a release to serve an environment. `release`: an id, its beginning, a version, or `latest`; null for what the purpose implies. */
export type DeployCommand = {
  readonly service: string
  readonly environment: string
  readonly purpose: Purpose
  readonly release: string | null
  /** Whether it takes the place of a rollout that is under way; as the config says when absent. */
  readonly replace?: boolean
  /** What a person passes over, in so many words. */
  readonly overrides?: readonly Override[]
  /** `automation`: nobody asked just now. It passes over nothing, and goes back to nothing by itself. Absent: a person. */
  readonly initiator?: 'automation'
  /** See `AdmissionInput.emergency`. */
  readonly emergency?: 'declared'
  /** Why it goes past what people have put in the way; the record stays red until somebody else has looked at it. */
  readonly glass?: { readonly reason: string }
  /** Set for a way of a rollback drill. */
  readonly drill?: DrillWay
  /** Set where somebody says that it is a hotfix: on record, and nothing else. */
  readonly hotfix?: Hotfix
}

/** What else is decided in the transaction that starts a rollout. */
export type Also = {
  readonly keys: readonly AggregateKey[]
  readonly inputs: (started: Started & { readonly at: number }) => readonly Input[]
}

/** What a rollout command answers. */
export type Started = { readonly rollout: RolloutId; readonly plan: RolloutPlan }

/** What a deploy answers that may have to wait for its turn: `queued` is the rollout that it will be. */
export type StartedOrQueued = { readonly kind: 'started' | 'queued'; readonly rollout: RolloutId }

/** Admits and starts a rollout, or says every reason why not (`admission_refused`). */
export const deploy = async (desk: Desk, command: DeployCommand, asking: Asking): Promise<Started> => {
  return startRollout(desk, await starting(desk, command, asking), asking)
}

/** What is to be started, and with what. */
export type Starting = { readonly prepared: Prepared; readonly also?: Also }

/** Whoever goes back by deploying leaves something, too. */
const starting = async (desk: Desk, command: DeployCommand, asking: Asking): Promise<Starting> => {
  const prepared = prepare(desk.ids, await wantedBy(desk, command))
  const isReturn = command.purpose !== 'rollback' && prepared.wanted.purpose === 'rollback'
  return isReturn ? { prepared, also: holdingWhatIsLeft(asking) } : { prepared }
}

/** Starts what was prepared, if it is still admitted. */
export const startRollout = async (desk: Desk, start: Starting, asking: Asking): Promise<Started> => {
  const { prepared } = start
  const started: Started = { rollout: prepared.id, plan: prepared.plan }
  const decide = (stateOf: StateOf): readonly Input[] => {
    const { at, admission } = ask(desk, { prepared, stateOf, asking })
    if (admission.kind === 'refused') throw refused(admission.refusals)
    return inputsOf(start, stateOf, { at, asking })
  }
  await desk.loop.transact(keysOf(start), decide, asking.record?.(started) ?? null)
  return started
}

/** The same for somebody who may be willing to wait for their turn. A way back never waits. */
export const deployOrQueue = async (
  desk: Desk,
  { whenBusy, ...command }: DeployCommand & { readonly whenBusy: WhenBusy },
  asking: Asking,
): Promise<StartedOrQueued> => {
  const asked = whenBusy === null ? command : { ...command, replace: whenBusy === 'replace' }
  const start = await starting(desk, asked, asking)
  const { prepared } = start
  let answer: StartedOrQueued = { kind: 'started', rollout: prepared.id }
  const decide = (stateOf: StateOf): readonly Input[] => {
    const { at, admission } = ask(desk, { prepared, stateOf, asking })
    answer = { kind: 'started', rollout: prepared.id }
    if (admission.kind === 'admitted') return inputsOf(start, stateOf, { at, asking })
    if (!isQueued(prepared, admission, whenBusy)) throw refused(admission.refusals)
    const { entry, inputs } = enqueue(prepared, stateOf, { at, asking })
    answer = { kind: 'queued', rollout: entry }
    return inputs
  }
  // The answer to an idempotency key is written with what was decided, so it is made once that is known.
  const { record } = asking
  await desk.loop.transact(keysOf(start), decide, record === null ? null : () => record(answer))
  return answer
}

const keysOf = ({ prepared, also }: Starting): readonly AggregateKey[] => [...prepared.keys, ...(also?.keys ?? [])]

const inputsOf = (
  { prepared, also }: Starting,
  stateOf: StateOf,
  { at, asking }: { readonly at: number; readonly asking: Asking },
): readonly Input[] => [
  ...startOf(prepared, stateOf, { at, asking }),
  ...(also?.inputs({ rollout: prepared.id, plan: prepared.plan, at }) ?? []),
]

type Question = { readonly prepared: Prepared; readonly stateOf: StateOf; readonly asking: Asking }

const ask = (
  desk: Desk,
  { prepared, stateOf, asking }: Question,
): { readonly at: number; readonly admission: Admission } => {
  if (asking.signal?.aborted === true)
    throw new SluiceError('outcome_unknown', { detail: 'called off before it was decided; nothing was started' })
  const { wanted } = prepared
  if (!stillStands(prepared, stateOf)) throw moved(wanted.environment)
  // Somebody may have ended it in this moment, and have had it stay.
  if (wanted.drill !== undefined && liveDrill(desk, wanted) === null) throw moved(wanted.environment)
  const at = desk.clock.now()
  return { at, admission: admissionOf(prepared, stateOf, { now: at, asker: asking }) }
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
  // A way back is asked nothing; what goes forward is, while it does.
  const asked = isForward(type, rollout) ? lineKeys : []
  const [accepted] = await desk.loop.transact(
    [key, related, ...asked],
    (stateOf) => {
      if (asked.length > 0 && isForward(type, asRollout(stateOf(key)))) mustRun(stateOf)
      return [input(key, event, asking)]
    },
    asking.record?.({}) ?? null,
  )
  if (accepted !== true) throw conflict(id, type, await desk.reading.rollout(id))
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
export const conflict = (
  id: string,
  command: string,
  state: { readonly status: string; readonly paused?: Cause | null },
): SluiceError => {
  const { status, paused = null } = state
  const held = paused?.kind === 'window' ? `, ${paused.detail}` : ''
  const standing = paused !== null && status === 'advancing' ? 'paused' : status.replace('_', ' ')
  return new SluiceError('command_conflict', {
    detail: `${command.replace('_requested', '')} changes nothing: rollout ${id} is ${standing}${held}`,
    hint: `sluice rollout watch ${id}`,
  })
}
