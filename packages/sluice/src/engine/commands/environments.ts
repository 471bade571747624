/** What people say to an environment: lock, freeze, and their opposites. */
import { environmentKey } from '../../core/consequences.ts'
import type { EnvironmentEvent } from '../../core/environment.ts'
import { SluiceError } from '../../core/errors.ts'
import type { FreezeWindow } from '../../core/model.ts'
import type { StateOf } from '../admission/admitting.ts'
import { type Asking, type Desk, input } from '../desk.ts'
import type { Input } from '../loop/transaction.ts'
import { asEnvironment } from '../trusted.ts'

/** Names an environment of a service. */
export type EnvironmentTarget = { readonly service: string; readonly environment: string }

/** An event for an environment. */
export type EnvironmentCommand = { readonly target: EnvironmentTarget; readonly event: EnvironmentEvent }

/** Locks against everything but rollbacks; `command_conflict` names who holds it already. */
export const lock = (
  desk: Desk,
  { until, ...target }: EnvironmentTarget & { readonly until: number | null },
  asking: Asking,
): Promise<void> => {
  const reason = asking.reason ?? 'no reason given'
  const at = desk.clock.now()
  if (until !== null && until <= at)
    return Promise.reject(
      new SluiceError('usage_invalid', {
        detail: 'the lock would be off already',
        hint: `sluice env lock ${target.environment} --for 2h -m "why"`,
      }),
    )
  return commandEnvironment(desk, { target, event: { type: 'locked', at, by: asking.by, reason, until } }, asking)
}

/** Takes a lock off. One that somebody else holds is broken: `usage_invalid` without a reason, and the ledger says whose it was. */
export const unlock = async (desk: Desk, target: EnvironmentTarget, asking: Asking): Promise<void> => {
  const { by, reason } = asking
  const at = desk.clock.now()
  const key = environmentKey(target.service, target.environment)
  const decide = (stateOf: StateOf): readonly Input[] => {
    const { lock: held } = asEnvironment(stateOf(key))
    const isTheirs = held !== null && held.by.name !== by.name && (held.until === null || held.until > at)
    if (isTheirs && (reason === null || reason.trim() === ''))
      throw new SluiceError('usage_invalid', {
        detail: `${held.by.name} holds the lock of ${target.environment} (${held.reason}); whoever breaks it says why`,
        hint: `sluice env unlock ${target.environment} -m "why"`,
      })
    const event: EnvironmentEvent = { type: 'unlocked', at, by, reason, ...(isTheirs ? { broke: held } : {}) }
    return [input(key, event, asking)]
  }
  const [accepted] = await desk.loop.transact([key], decide, asking.record?.({}) ?? null)
  if (accepted !== true) throw await changesNothing(desk, target, 'unlocked')
}

/** Freezes for a time. */
export const freeze = (
  desk: Desk,
  { window, ...target }: EnvironmentTarget & { readonly window: FreezeWindow },
  asking: Asking,
): Promise<void> =>
  commandEnvironment(desk, { target, event: { type: 'frozen', at: desk.clock.now(), by: asking.by, window } }, asking)

/** Ends every freeze that a person set. */
export const unfreeze = (desk: Desk, target: EnvironmentTarget, asking: Asking): Promise<void> =>
  commandEnvironment(
    desk,
    { target, event: { type: 'unfrozen', at: desk.clock.now(), by: asking.by, reason: asking.reason } },
    asking,
  )

/** Hands an event to an environment; `command_conflict` when it changes nothing. */
export const commandEnvironment = async (
  desk: Desk,
  { target, event }: EnvironmentCommand,
  asking: Asking,
): Promise<void> => {
  const { service, environment } = target
  const key = environmentKey(service, environment)
  const [accepted] = await desk.loop.transact([key], () => [input(key, event, asking)], asking.record?.({}) ?? null)
  if (accepted !== true) throw await changesNothing(desk, target, event.type)
}

const changesNothing = async (
  { reading }: Desk,
  { service, environment }: EnvironmentTarget,
  type: EnvironmentEvent['type'],
): Promise<SluiceError> => {
  const { lock: held } = await reading.environment(service, environment)
  const state = held === null ? 'it is not locked' : `it is locked by ${held.by.name}: ${held.reason}`
  const isOfFreezes = type === 'frozen' || type === 'unfrozen'
  const said =
    type === 'approved' || type === 'rejected' ? 'it was said already' : isOfFreezes ? 'nobody has frozen it' : state
  return new SluiceError('command_conflict', {
    detail: `${type} changes nothing in ${environment}: ${said}`,
    hint: `sluice env show ${environment}`,
  })
}
