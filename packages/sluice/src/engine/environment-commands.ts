/** What people say to an environment: lock, freeze, and their opposites. */
import { environmentKey } from '../core/consequences.ts'
import type { EnvironmentEvent } from '../core/environment.ts'
import { SluiceError } from '../core/errors.ts'
import type { FreezeWindow } from '../core/model.ts'
import { type Asking, type Desk, input } from './desk.ts'

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
  return commandEnvironment(
    desk,
    { target, event: { type: 'locked', at: desk.clock.now(), by: asking.by, reason, until } },
    asking,
  )
}

/** Takes a lock off. */
export const unlock = (desk: Desk, target: EnvironmentTarget, asking: Asking): Promise<void> =>
  commandEnvironment(
    desk,
    { target, event: { type: 'unlocked', at: desk.clock.now(), by: asking.by, reason: asking.reason } },
    asking,
  )

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
  if (accepted === true) return
  const { lock: held } = await desk.reading.environment(service, environment)
  const state = held === null ? 'it is not locked' : `it is locked by ${held.by.name}: ${held.reason}`
  throw new SluiceError('command_conflict', {
    detail: `${event.type} changes nothing in ${environment}: ${state}`,
    hint: `sluice env show ${environment}`,
  })
}
