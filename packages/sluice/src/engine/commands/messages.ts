/** What people do about messages that did not arrive: try them again, or give them up. */
import { SluiceError } from '../../core/errors.ts'
import type { AggregateKey } from '../../core/ledger/entry.ts'
import type { Message, MessageEvent } from '../../core/notify/message.ts'
import { type Asking, type Desk, input } from '../desk.ts'

/** What is wanted of one message. */
export type MessageCommand = 'retry_requested' | 'discard_requested'

/** How many messages are tried again, and whether there may be more of them that are not. */
export type RetriedAll = { readonly retried: number; readonly isMore: boolean }

/** Tries one again that was set aside, or gives one up. `not_found`, `command_conflict`. */
export const commandMessage = async (
  { loop, reading, clock }: Desk,
  { id, type }: { readonly id: string; readonly type: MessageCommand },
  asking: Asking,
): Promise<object> => {
  const { status } = await reading.message(id)
  const key: AggregateKey = { kind: 'message', id }
  const event: MessageEvent = { type, at: clock.now(), by: asking.by, reason: asking.reason }
  const [isAccepted] = await loop.transact([key], () => [input(key, event, asking)], asking.record?.({}) ?? null)
  if (isAccepted === true) return {}
  const what = type === 'retry_requested' ? 'only one that was set aside is tried again' : 'it is over'
  throw new SluiceError('command_conflict', {
    detail: `message ${id} is ${status}: ${what}`,
    hint: `sluice notify show ${id}`,
  })
}

/** Tries all of these again, in one transaction; `isMore` when there are others beside them. */
export const retryMessages = async (
  { loop, clock }: Desk,
  { dead, isMore }: { readonly dead: readonly Message[]; readonly isMore: boolean },
  asking: Asking,
): Promise<RetriedAll> => {
  const keys = dead.map(({ id }): AggregateKey => ({ kind: 'message', id }))
  const event: MessageEvent = { type: 'retry_requested', at: clock.now(), by: asking.by, reason: asking.reason }
  const answer = { retried: dead.length, isMore }
  const record = asking.record?.(answer) ?? null
  const inputs = keys.map((key) => input(key, event, asking))
  if (keys.length > 0) await loop.transact(keys, () => inputs, record)
  return answer
}
