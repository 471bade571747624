/** Performs what a train asks for: the rollout of a member is asked for once, found again under its key, and waited for. */
import type { Refusal } from '../../core/admission.ts'
import { SluiceError } from '../../core/errors.ts'
import { causeInWords } from '../../core/hold.ts'
import { assert } from '../../core/machine.ts'
import { type Actor, type ReleaseId, type RolloutId, rolloutId, sluice } from '../../core/model.ts'
import type { Cause } from '../../core/rollout/types.ts'
import { takenBackBy } from '../../core/rollback-targets.ts'
import { causeOfReturn } from '../../core/train/cause.ts'
import type { Train, TrainEffect, TrainMember, TrainResult } from '../../core/train/types.ts'
import { type Deliveries, type Delivery, pause, waitsFor } from './deliver.ts'
import type { Rollout } from '../trusted.ts'

/** An effect of a train, and the train. */
export type TrainJob = { readonly train: Train; readonly effect: TrainEffect }

/** Resolves once the member is where it was to go, or is known not to come. Rejects `outcome_unknown` once the signal falls. */
export const performTrain = (
  world: Deliveries,
  { train, effect }: TrainJob,
  signal: AbortSignal,
): Promise<TrainResult> => {
  const { action } = effect
  const member = train.plan.members[action.member]
  assert(member !== undefined, 'an effect is for a member of its train')
  const work: Work = { world, train, member, place: action.member, signal }
  switch (action.kind) {
    case 'carry':
      return carry(work, effect.key)
    case 'stop':
      return stop(work)
    case 'return':
      return bringBack(work, { key: effect.key, to: action.to })
  }
}

type Settled = Extract<Rollout, { status: 'succeeded' | 'rolled_back' }>

type Work = {
  readonly world: Deliveries
  readonly train: Train
  readonly member: TrainMember
  readonly place: number
  readonly signal: AbortSignal
}

const deliveryOf = ({ train, member }: Work, key: string): Delivery => ({
  key,
  service: member.service,
  environment: member.environment,
  since: train.startedAt,
})

const carry = async (work: Work, key: string): Promise<TrainResult> => {
  const { world, member, train, signal } = work
  const { service, environment, release } = member
  const known = await world.rolloutOf(deliveryOf(work, key))
  if (known !== null) return arrival(work, known)
  // Whatever the config says: one train does not push in.
  const command = {
    service,
    environment,
    purpose: 'promote',
    release,
    initiator: 'automation',
    replace: false,
    ...(train.plan.overrides === undefined ? {} : { overrides: train.plan.overrides }),
  } as const
  for (;;) {
    await mustStand(work)
    // What a drill shows for a while is not what served before.
    if ((await world.liveDrill({ service, environment })) !== null) {
      await pause(world.clock, signal)
      continue
    }
    const refusals = await world.refusals(command, train.by)
    if (refusals.some(({ kind }) => kind === 'already_serving')) {
      return { kind: 'not_arrived', rollout: null, detail: `${environment} of ${service} serves it already` }
    }
    // Who is there goes first, and a gate that is not open yet is waited for.
    if (refusals.some(isAnswer)) {
      return { kind: 'not_arrived', rollout: null, detail: refusals.map(({ detail }) => detail).join('; ') }
    }
    if (refusals.length === 0) {
      const rollout = await unlessTaken(world.deploy(command, { by: train.by, key, signal }))
      if (rollout !== null) return arrival(work, rollout)
    }
    await pause(world.clock, signal)
  }
}

/** Whether a train does not wait for this to pass. */
export const isAnswer = (refusal: Refusal): boolean => !waitsFor(refusal) && !isBusy(refusal)

const isBusy = ({ kind }: Refusal): boolean => kind === 'live_rollout' || kind === 'queue_ahead'

/** Somebody else was first, or nothing could be written just now: asked again. */
const unlessTaken = async (asked: Promise<string>): Promise<string | null> => {
  try {
    return await asked
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error
    if (error.code === 'admission_refused' || error.retry === 'same' || isUnwritten(error)) return null
    throw error
  }
}

/** Whether it only could not be written: nobody has said no to it. */
const isUnwritten = ({ code }: SluiceError): boolean => code === 'store_full' || code === 'overloaded'

const arrival = async (work: Work, id: string): Promise<TrainResult> => {
  const state = await untilDecided(work, id)
  const rollout = rolloutId(id)
  if (state.status === 'succeeded') return { kind: 'arrived', rollout, from: state.plan.from }
  const why = 'cause' in state ? ` (${reasonOf(state.cause)})` : ''
  const held = state.status === 'reverting' ? ' and is held for a look' : ''
  return { kind: 'not_arrived', rollout, detail: `rollout ${id} was taken back${why}${held}: sluice why ${id}` }
}

const reasonOf = (cause: Cause): string => {
  if (cause.kind === 'window') return cause.detail
  if (cause.kind !== 'command') return causeInWords(cause)
  const { by, command, reason } = cause
  return `${command.replace('_', ' ')} by ${by.name}${reason === null ? '' : `: ${reason}`}`
}

/**
 * One that is set aside on its way forward waits for a person, and so does the train; `sluice train abort` turns both around. Once it is on its way back nobody is waited for: not whoever
 * is to look at what failed (`onFail: 'pause'`), and not whoever is to help it back.
 */
const untilDecided = async (work: Work, id: string): Promise<Rollout> => {
  const { world, signal } = work
  for (;;) {
    const state = await world.reading.rollout(id)
    await mustStand(work)
    if (state.status === 'succeeded' || state.status === 'rolled_back') return state
    if (state.status === 'reverting' && state.stage.kind === 'awaiting') return state
    if (state.status === 'parked' && state.resume.direction === 'back') throw setAside(id)
    await pause(world.clock, signal)
  }
}

/** One verdict for all: a train whose earlier arrival somebody takes back (a person, or what watches over it) does not go on without it. `rolled_back`. */
const mustStand = async ({ world, train, place }: Work): Promise<void> => {
  const now = await world.reading.train(train.id)
  if (now.status !== 'advancing') return
  for (const [index, state] of now.members.entries()) {
    const member = now.plan.members[index]
    if (member === undefined || index === place || state.status !== 'arrived') continue
    const by = await takenBack(world, member, state.rollout)
    if (by === null) continue
    const { service, environment } = member
    const detail = `${service}/${environment}, which had arrived, was taken back by rollout ${by}`
    throw new SluiceError('rolled_back', { detail, hint: `sluice why ${by}` })
  }
}

/** The rollback that takes an arrival away, or has; null while it stands, a newer release has followed, or a drill is about to return. */
const takenBack = async (world: Deliveries, member: TrainMember, arrived: RolloutId): Promise<RolloutId | null> => {
  const { service, environment, release } = member
  if ((await world.liveDrill({ service, environment })) !== null) return null
  const current = await world.reading.environment(service, environment)
  if (current.serving !== release) return takenBackBy(current, arrived)
  if (current.live === null) return null
  const { id, plan, status } = await world.reading.rollout(current.live)
  return plan.purpose === 'rollback' && status !== 'reverting' ? id : null
}

const stop = async (work: Work): Promise<TrainResult> => {
  const { world, train, place, signal } = work
  // One that was just decided is found only once it is written.
  await world.settled()
  const rollout = await world.rolloutOf(deliveryOf(work, `${train.id}/carry/${place}`))
  if (rollout === null) return { kind: 'not_arrived', rollout: null, detail: 'it had not begun' }
  const why = `train ${train.id} goes back: ${causeOfReturn(train) ?? 'somebody turned it around'}`
  while (!(await isTurnedAround(world.abort(rollout, { by: sluice, why })))) await pause(world.clock, signal)
  return arrival(work, rollout)
}

/** Whether it is, or is over already; not while nothing can be written. */
const isTurnedAround = async (asked: Promise<void>): Promise<boolean> => {
  try {
    await asked
    return true
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error
    if (error.code !== 'command_conflict' && !isUnwritten(error)) throw error
    return error.code === 'command_conflict'
  }
}

type Back = { readonly key: string; readonly to: ReleaseId | null }

/** What the way back is asked with. */
type Return = { readonly key: string; readonly to: ReleaseId }

const bringBack = async (work: Work, { key, to }: Back): Promise<TrainResult> => {
  const { service, environment, release } = work.member
  const known = await work.world.rolloutOf(deliveryOf(work, key))
  if (known !== null) return returned(work, known)
  if (!(await isThere(work)))
    return { kind: 'returned', rollout: null, detail: `${environment} of ${service} had moved on` }
  // A rollback to what serves is none: where it came back as the same release, nothing changed.
  if (to === null || to === release) {
    throw new SluiceError('not_found', {
      detail: `nothing served ${environment} of ${service} before, so there is nothing to go back to`,
      hint: `sluice deploy ${environment}`,
    })
  }
  const asked = await askBack(work, { key, to })
  return asked === null
    ? { kind: 'returned', rollout: null, detail: `${environment} of ${service} had moved on` }
    : returned(work, asked)
}

/** Whether what the train brought serves, or is about to: a drill returns to what it left, and a rollout that is under way may bring it in once more. */
const isThere = async ({ world, member }: Work): Promise<boolean> => {
  const { service, environment, release } = member
  const drill = await world.liveDrill({ service, environment })
  if (drill !== null) return drill.plan.serving === release
  const { serving, live } = await world.reading.environment(service, environment)
  if (serving === release || live === null) return serving === release
  const { plan, status } = await world.reading.rollout(live)
  return plan.to === release && status !== 'reverting'
}

/** Asks until somebody does it: what is under way there turns around or makes way. Null once there is nothing to take back any more. */
const askBack = async (work: Work, way: Return): Promise<RolloutId | null> => {
  const { world, train, member, signal } = work
  const { service, environment } = member
  const why = `train ${train.id} goes back: ${causeOfReturn(train) ?? 'somebody turned it around'}`
  while (await isThere(work)) {
    try {
      const command = { service, environment, release: way.to }
      return await world.rollback(command, { by: backBy(train), key: way.key, why, signal })
    } catch (error) {
      if (!(await isPassing(work, way, error))) throw error
    }
    await pause(world.clock, signal)
  }
  return null
}

/** Whoever turned the train around takes it back; what it does by itself, it does for whoever started it. */
const backBy = (train: Train): Actor => ('cause' in train && train.cause.kind === 'command' ? train.cause.by : train.by)

/** Whether a refusal ends by itself, with the rollout that is under way. Everything else is an answer: waiting changes nothing of it. */
const isPassing = async ({ world, train, member }: Work, { to }: Return, error: unknown): Promise<boolean> => {
  if (!(error instanceof SluiceError)) return false
  const { service, environment } = member
  if (error.code === 'command_conflict') {
    const { live } = await world.reading.environment(service, environment)
    if (live === null || error.retry === 'same') return error.retry === 'same'
    if ((await world.reading.rollout(live)).status === 'parked') throw setAside(live)
    return true
  }
  if (isUnwritten(error)) return true
  if (error.code !== 'admission_refused') return false
  const command = { service, environment, purpose: 'rollback', release: to, replace: true } as const
  return (await world.refusals(command, backBy(train))).every(isBusy)
}

/** By where it ended, whoever had asked for it: in the release that the train brought, or in another one. */
const returned = async (work: Work, id: string): Promise<TrainResult> => {
  const rollout = rolloutId(id)
  const { status, plan } = await settledBack(work, id)
  if ((status === 'succeeded' ? plan.to : plan.from) !== work.member.release)
    return { kind: 'returned', rollout, detail: `taken back by ${id}` }
  if (await isTakenByAnother(work)) return { kind: 'returned', rollout, detail: `${id} made way for another rollout` }
  throw new SluiceError('rolled_back', { detail: `the way back, ${id}, did not succeed`, hint: `sluice why ${id}` })
}

/** One that is set aside waits for a person, and everything that is to go back after it must not. */
const settledBack = async ({ world, signal }: Work, id: string): Promise<Settled> => {
  for (;;) {
    const state = await world.reading.rollout(id)
    if (state.status === 'succeeded' || state.status === 'rolled_back') return state
    if (state.status === 'parked') throw setAside(id)
    await pause(world.clock, signal)
  }
}

/** Somebody's rollout took the place of the way back: what counts is where that one ends. */
const isTakenByAnother = async (work: Work): Promise<boolean> => {
  const { world, member, signal } = work
  for (;;) {
    if (!(await isThere(work))) return true
    const { live } = await world.reading.environment(member.service, member.environment)
    if (live === null || (await world.reading.rollout(live)).status === 'parked') return false
    await pause(world.clock, signal)
  }
}

const setAside = (id: string): SluiceError =>
  new SluiceError('work_parked', {
    detail: `rollout ${id} is set aside and waits for somebody: sluice why ${id}`,
    hint: `sluice rollout retry ${id}`,
  })
