/** Holding releases, and letting them go. */
import { SluiceError } from '../../core/errors.ts'
import type { Hold, RollbackReason } from '../../core/hold.ts'
import type { AggregateKey } from '../../core/ledger/entry.ts'
import type { ReleaseId } from '../../core/model.ts'
import type { ReleaseEvent } from '../../core/release-machine.ts'
import type { Also } from '../commands/deploy.ts'
import { type Asking, type Desk, input } from '../desk.ts'
import type { Input } from '../loop/transaction.ts'

/** Names a release of a service. */
export type ReleaseTarget = { readonly service: string; readonly release: string }

/** Holds a release by word; `command_conflict` when it is held already. */
export const holdRelease = async (
  desk: Desk,
  { reason, ...target }: ReleaseTarget & { readonly reason: RollbackReason | null },
  asking: Asking,
): Promise<void> => {
  const { id, content } = await desk.reading.releaseNamed(target.service, target.release)
  const at = desk.clock.now()
  const detail = asking.reason ?? 'no reason given'
  const event = { type: 'release_held', at, hold: { reason, detail, by: asking.by, at, environment: null } } as const
  if (await commandRelease(desk, { id, event }, asking)) return
  const hold = await desk.reading.hold(id)
  throw new SluiceError('command_conflict', {
    detail: `${content.version} is held already, by ${hold?.by.name ?? 'somebody'}: ${hold?.detail ?? ''}`,
    hint: `sluice releases show ${content.version}`,
  })
}

/** Takes the hold off a release; `command_conflict` when there is none. */
export const unholdRelease = async (desk: Desk, target: ReleaseTarget, asking: Asking): Promise<void> => {
  const { id, content } = await desk.reading.releaseNamed(target.service, target.release)
  const event = { type: 'release_unheld', at: desk.clock.now(), by: asking.by, reason: asking.reason } as const
  if (await commandRelease(desk, { id, event }, asking)) return
  throw new SluiceError('command_conflict', {
    detail: `${content.version} is not held`,
    hint: `sluice releases show ${content.version}`,
  })
}

const commandRelease = async (
  desk: Desk,
  { id, event }: { readonly id: ReleaseId; readonly event: Input['event'] },
  asking: Asking,
): Promise<boolean> => {
  const key: AggregateKey = { kind: 'release', id }
  const [accepted] = await desk.loop.transact([key], () => [input(key, event, asking)], asking.record?.({}) ?? null)
  return accepted === true
}

/** The hold on a release that is rolled back, as an event for it. */
export const heldBy = (id: ReleaseId, hold: Hold, asking: Asking): Input => {
  const event: ReleaseEvent = { type: 'release_held', at: hold.at, hold }
  return input({ kind: 'release', id }, event, asking)
}

/** Whoever goes back leaves something: that is held, so that nothing ships it again by itself. */
export const holdingWhatIsLeft = (
  asking: Asking,
  { reason, also }: { readonly reason?: RollbackReason | null; readonly also?: Also } = {},
): Also => ({
  keys: also?.keys ?? [],
  inputs: (started) => {
    const { plan, at } = started
    const others = also?.inputs(started) ?? []
    if (plan.from === null) return others
    const detail = asking.reason ?? `rolled back by ${asking.by.name}`
    const hold: Hold = { reason: reason ?? null, detail, by: asking.by, at, environment: plan.spec.name }
    return [heldBy(plan.from, hold, asking), ...others]
  },
})
