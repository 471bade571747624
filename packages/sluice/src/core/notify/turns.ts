/** Whose turn it is in a channel: one message at a time, the first of a subject before the next, and a channel that fails is asked no oftener for having more to say. */
import { limits } from '../limits.ts'
import type { Message, PendingMessage } from './message.ts'
import type { NoticeSubject } from './types.ts'

/** How a channel stands. */
export type ChannelHealth = {
  /** Attempts that failed in a row. */
  readonly failures: number
  /** Whether it was told that it fails. */
  readonly isFailing: boolean
  /** No attempt before this, epoch ms; null for at once. */
  readonly notBeforeAt: number | null
}

/** A channel of which nothing bad is known. */
export const healthy: ChannelHealth = { failures: 0, isFailing: false, notBeforeAt: null }

/** What is to be done in a channel now. */
export type ChannelTurn = {
  /** Messages that a later one of the same subject makes superfluous. */
  readonly superseded: readonly { readonly id: string; readonly by: string }[]
  /** The message to send; null for none. */
  readonly next: PendingMessage | null
  /** When to look again, epoch ms; null when something else will say so. */
  readonly wakeAt: number | null
}

/** How a channel stands after what happened to one of its messages last; null where that says nothing of the channel. */
export const healthAfter = (message: Message, before: ChannelHealth): ChannelHealth | null => {
  switch (message.status) {
    case 'delivered':
      return healthy
    case 'dead':
      return message.cause === 'refused' ? { failures: before.failures + 1, isFailing: true, notBeforeAt: null } : null
    case 'pending': {
      const { stage, channelAfter } = message
      if (stage.kind !== 'waiting' || channelAfter === undefined) return null
      const { failures, isFailing } = channelAfter
      return { failures, isFailing, notBeforeAt: stage.notBeforeAt }
    }
    case 'superseded':
    case 'discarded':
      return null
  }
}

/** How a channel stood when one of its messages was written last, by those to which something happened last, the newest first: what is known of it after a restart. */
export const lastHealth = (newestFirst: readonly Message[]): ChannelHealth => {
  for (const message of newestFirst) {
    const found = healthAfter(message, healthy)
    if (found !== null) return found
  }
  return healthy
}

/** Messages of one channel, `now`, and how it stands; `isInPlace`: the last word on a subject is all that it shows. */
export const channelTurn = (
  messages: readonly PendingMessage[],
  { now, health, isInPlace }: { readonly now: number; readonly health: ChannelHealth; readonly isInPlace: boolean },
): ChannelTurn => {
  const subjects = new Map<string, PendingMessage[]>()
  const waiting = messages.filter(({ stage }) => stage.kind === 'waiting')
  for (const message of waiting.toSorted(byAge)) {
    const key = subjectText(message.notice.subject)
    const known = subjects.get(key)
    if (known === undefined) subjects.set(key, [message])
    else known.push(message)
  }
  const superseded = isInPlace ? [...subjects.values()].flatMap(outlived) : []
  if (waiting.length < messages.length) return { superseded, next: null, wakeAt: null }
  if (health.notBeforeAt !== null && !isDue(health.notBeforeAt, now))
    return { superseded, next: null, wakeAt: health.notBeforeAt }
  const heads = [...subjects.values()].flatMap((group) => (isInPlace ? group.slice(-1) : group.slice(0, 1)))
  const due = heads.filter((message) => isDue(dueAt(message), now))
  // Of a channel that fails the message is tried that was tried least: it may be one message that does not go through.
  const order = health.failures > 0 ? byAttempts : byAge
  const [next = null] = due.toSorted(order)
  const wakeAt = next !== null || heads.length === 0 ? null : Math.min(...heads.map(dueAt))
  return { superseded, next, wakeAt }
}

/** Text that names a subject. */
export const subjectText = ({ kind, id }: NoticeSubject): string => `${kind}/${id}`

const outlived = (group: readonly PendingMessage[]): ChannelTurn['superseded'] => {
  const by = group.at(-1)?.id ?? ''
  return group.slice(0, -1).map(({ id }) => ({ id, by }))
}

const dueAt = ({ stage }: PendingMessage): number => (stage.kind === 'waiting' ? (stage.notBeforeAt ?? 0) : 0)

/** A clock that was set back must not hold a message for as long. */
const isDue = (at: number, now: number): boolean => at <= now || at - now > limits.messageRetryAfterMsMax

const byAge = (a: PendingMessage, b: PendingMessage): number => Number(a.notice.id) - Number(b.notice.id)

const byAttempts = (a: PendingMessage, b: PendingMessage): number => a.attempts - b.attempts || byAge(a, b)
