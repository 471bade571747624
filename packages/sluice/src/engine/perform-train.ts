/** Performs what a train asks for: the rollout of a member is asked for once, found again under its key, and waited for. */
import type { Refusal } from '../core/admission.ts'
import { SluiceError } from '../core/errors.ts'
import { assert } from '../core/machine.ts'
import { type RolloutId, rolloutId, sluice } from '../core/model.ts'
import type { Train, TrainEffect, TrainMember, TrainResult } from '../core/train/types.ts'
import { type Deliveries, type Delivery, pause, waitsFor } from './deliver.ts'
import type { Rollout } from './trusted.ts'

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
  } as const
  for (;;) {
    const refusals = await world.refusals(command, train.by)
    if (refusals.some(({ kind }) => kind === 'already_serving')) {
      return { kind: 'not_arrived', rollout: null, detail: `${environment} of ${service} serves it already` }
    }
    // Who is there goes first, and a gate that is not open yet is waited for.
    const isPassing = refusals.length > 0 && refusals.every((one) => waitsFor(one) || isBusy(one))
    if (refusals.length > 0 && !isPassing) {
      return { kind: 'not_arrived', rollout: null, detail: refusals.map(({ detail }) => detail).join('; ') }
    }
    if (refusals.length === 0) {
      const rollout = await unlessTaken(world.deploy(command, { by: train.by, key, signal }))
      if (rollout !== null) return arrival(work, rollout)
    }
    await pause(world.clock, signal)
  }
}

const isBusy = ({ kind }: Refusal): boolean => kind === 'live_rollout' || kind === 'queue_ahead'

/** Somebody else was first: asked again. */
const unlessTaken = async (asked: Promise<string>): Promise<string | null> => {
  try {
    return await asked
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'admission_refused') return null
    throw error
  }
}

const arrival = async (work: Work, id: string): Promise<TrainResult> => {
  const { status, plan } = await settledRollout(work, id)
  const rollout = rolloutId(id)
  if (status === 'succeeded') return { kind: 'arrived', rollout, from: plan.from }
  return { kind: 'not_arrived', rollout, detail: `rollout ${id} was taken back: sluice why ${id}` }
}

/** One that is set aside waits for a person, and so does the train; `sluice train abort` turns both around. */
const settledRollout = async ({ world, signal }: Work, id: string): Promise<Rollout> => {
  for (;;) {
    const state = await world.reading.rollout(id)
    if (state.status === 'succeeded' || state.status === 'rolled_back') return state
    await pause(world.clock, signal)
  }
}

const stop = async (work: Work): Promise<TrainResult> => {
  const { world, train, place } = work
  // One that was just decided is found only once it is written.
  await world.settled()
  const rollout = await world.rolloutOf(deliveryOf(work, `${train.id}/carry/${place}`))
  if (rollout === null) return { kind: 'not_arrived', rollout: null, detail: 'it had not begun' }
  await world.abort(rollout, sluice).catch((error: unknown) => {
    if (!(error instanceof SluiceError) || error.code !== 'command_conflict') throw error
  })
  return arrival(work, rollout)
}

type Back = { readonly key: string; readonly to: Train['plan']['members'][number]['release'] | null }

const bringBack = async (work: Work, { key, to }: Back): Promise<TrainResult> => {
  const { world, member, train, signal } = work
  const { service, environment, release } = member
  const known = await world.rolloutOf(deliveryOf(work, key))
  if (known !== null) return returned(work, known)
  for (;;) {
    const { serving, live } = await world.reading.environment(service, environment)
    if (serving !== release)
      return { kind: 'returned', rollout: null, detail: `${environment} of ${service} had moved on` }
    if (to === null) {
      throw new SluiceError('not_found', {
        detail: `nothing served ${environment} of ${service} before, so there is nothing to go back to`,
        hint: `sluice deploy ${environment}`,
      })
    }
    if (live === null) {
      const command = { service, environment, purpose: 'rollback', release: to } as const
      const rollout = await unlessTaken(world.deploy(command, { by: train.by, key, signal }))
      if (rollout !== null) return returned(work, rollout)
    }
    await pause(world.clock, signal)
  }
}

const returned = async (work: Work, id: string): Promise<TrainResult> => {
  const { status } = await settledRollout(work, id)
  const rollout: RolloutId = rolloutId(id)
  if (status === 'succeeded') return { kind: 'returned', rollout, detail: 'taken back' }
  throw new SluiceError('rolled_back', { detail: `the way back, ${id}, did not succeed`, hint: `sluice why ${id}` })
}
