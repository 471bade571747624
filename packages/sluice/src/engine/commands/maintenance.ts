/** What people say about maintenance. */
import { environmentKey } from '../../core/consequences.ts'
import { SluiceError } from '../../core/errors.ts'
import type { AggregateKey } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import type { MaintenanceEvent } from '../../core/maintenance.ts'
import type { Maintenance } from '../../core/routing.ts'
import { type Asking, type Desk, input } from '../desk.ts'
import type { EnvironmentTarget } from './environments.ts'

/** What is to be between clients and the release: a page, or requests that wait for a time. */
export type MaintenanceWish =
  | Extract<Maintenance, { kind: 'page' }>
  | { readonly kind: 'hold'; readonly holdMs: number }

/**
 * Puts an environment into maintenance, or (null) ends it. Durable when it resolves; the data plane has it a moment later. `command_conflict` where nothing serves,
 * and for the end of what is not there; `usage_invalid` for a hold that is too long.
 */
export const maintain = async (
  desk: Desk,
  { wish, ...target }: EnvironmentTarget & { readonly wish: MaintenanceWish | null },
  asking: Asking,
): Promise<void> => {
  const { service, environment } = target
  const at = desk.clock.now()
  const { serving } = await desk.reading.environment(service, environment)
  if (wish !== null && serving === null)
    throw new SluiceError('command_conflict', {
      detail: `nothing serves ${environment} yet, so there is nobody to be told`,
      hint: `sluice deploy ${environment}`,
    })
  const key: AggregateKey = { kind: 'maintenance', id: environmentKey(service, environment).id }
  const { by, reason } = asking
  const event: MaintenanceEvent = {
    type: 'maintenance_requested',
    at,
    by,
    reason,
    maintenance: maintenanceOf(wish, at),
  }
  const [accepted] = await desk.loop.transact([key], () => [input(key, event, asking)], asking.record?.({}) ?? null)
  if (accepted === true) return
  throw new SluiceError('command_conflict', {
    detail: `there is no maintenance in ${environment} that could end`,
    hint: `sluice env show ${environment}`,
  })
}

const maintenanceOf = (wish: MaintenanceWish | null, at: number): Maintenance | null => {
  if (wish?.kind !== 'hold') return wish
  if (wish.holdMs <= limits.maintenanceHoldMsMax) return { kind: 'hold', untilAt: at + wish.holdMs }
  throw new SluiceError('usage_invalid', {
    detail: `requests may wait for ${limits.maintenanceHoldMsMax / 1_000} s at most: clients give up, and whatever waits takes memory`,
    hint: 'show a page instead: sluice env maintenance on -m "why"',
  })
}
