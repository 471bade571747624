/**
 * The outbox: messages that were made of notices, and whose turn it is. A message is an aggregate of its own, so that nothing of it is lost whenever this process dies; here is only what follows from
 * the messages that wait. With none there is nothing to do, and nothing is read.
 */
import type { LedgerRow } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import { type Sha256, sluice } from '../../core/model.ts'
import type { MessageEvent, PendingMessage, Turn } from '../../core/notify/message.ts'
import { channelPrefix, messageId, subjectPrefix } from '../../core/notify/message-id.ts'
import { updatesInPlace } from '../../core/notify/route.ts'
import type { NotifySettings } from '../../core/notify/rules.ts'
import {
  type ChannelHealth,
  channelTurn,
  healthAfter,
  healthy,
  lastHealth,
  subjectText,
} from '../../core/notify/turns.ts'
import type { Notice, Receipt } from '../../core/notify/types.ts'
import type { Clock, Log } from '../../ports/clock.ts'
import type { NotifyRules } from '../../ports/notifier.ts'
import type { Loop } from '../loop/loop.ts'
import type { Reading } from '../reading/reading.ts'
import type { Input } from '../loop/transaction.ts'
import { asMessage, existingMessage, pendingMessage } from '../trusted.ts'

/** What it works with. */
export type OutboxParts = {
  readonly loop: Loop
  readonly reading: Pick<Reading, 'messages'>
  readonly clock: Clock
  readonly log: Log
  readonly sha256: Sha256
  readonly notifyRules: NotifyRules
}

/** A notice for a channel, and in words why that is told. */
export type Post = { readonly notice: Notice; readonly channel: string; readonly because: string }

/** See the file's header. One an engine. */
export class Outbox {
  readonly #parts: OutboxParts
  readonly #health = new Map<string, ChannelHealth>()
  /** By channel, epoch ms; of what was delivered since the start. */
  readonly #deliveredAt = new Map<string, number>()
  #isLooking = false
  #isWanted = false
  /** A write has failed: what is asked for meanwhile waits for the same look. */
  #isResting = false
  #cancel: () => void = () => {}

  constructor(parts: OutboxParts) {
    this.#parts = parts
  }

  /** Queues a notice for a channel, once: whoever asks again changes nothing. Resolves once it is durable. */
  async post({ notice, channel, because }: Post): Promise<void> {
    const { loop, clock, sha256 } = this.#parts
    const id = messageId(channel, notice, sha256)
    const key = { kind: 'message', id } as const
    await this.health(channel)
    // Nothing waits: it is sent at once, with what its subject has in the channel already.
    const previous = this.pending(channel).length === 0 ? await this.#previous(channel, notice) : null
    await loop.transact([key], (stateOf): readonly Input[] => {
      if (asMessage(stateOf(key)).status !== 'absent') return []
      const at = clock.now()
      const waiting = this.pending(channel).length
      // What waits may not have been taken up again yet: then turns are given once it is.
      const isNext = loop.isWhole && waiting === 0 && this.#healthOf(channel).failures === 0
      const turn = isNext ? this.#turn(channel, previous) : null
      const event: MessageEvent = {
        type: 'message_queued',
        at,
        id,
        channel,
        notice,
        because,
        turn,
        ...(waiting >= limits.messageBacklogMax ? { isOverflow: true as const, turn: null } : {}),
      }
      return [{ key, event, actor: sluice, reason: null }]
    })
  }

  /** Messages that wait or are on their way, of one channel or of all. */
  pending(channel: string | null = null): readonly PendingMessage[] {
    const { loop } = this.#parts
    return loop.live('message').flatMap((key) => {
      const message = pendingMessage(loop.heldState(key))
      return message === null || (channel !== null && message.channel !== channel) ? [] : [message]
    })
  }

  /** How a channel stands: as is known since the start, or as its messages say that were written last. */
  async health(channel: string): Promise<ChannelHealth> {
    const known = this.#health.get(channel)
    if (known !== undefined) return known
    const { reading, sha256 } = this.#parts
    const idPrefix = channelPrefix(channel, sha256)
    const { items } = await reading.messages({ idPrefix, limit: limits.pageItemsDefault })
    const found = lastHealth(items.filter((one) => one.channel === channel))
    // Meanwhile something may have happened to one of them.
    if (!this.#health.has(channel)) this.#health.set(channel, found)
    return this.#healthOf(channel)
  }

  /** When a message was delivered last, epoch ms; null for none since the start. */
  lastDeliveredAt(channel: string): number | null {
    return this.#deliveredAt.get(channel) ?? null
  }

  /** Rows became durable: something may have its turn now. */
  noticed(rows: readonly LedgerRow[]): void {
    const messages = rows.filter(({ key }) => key.kind === 'message')
    if (messages.length === 0) return
    for (const { key } of messages) {
      const message = existingMessage(this.#parts.loop.heldState(key))
      if (message === null) continue
      const after = healthAfter(message, this.#healthOf(message.channel))
      if (after !== null) this.#health.set(message.channel, after)
      if (message.status === 'delivered') this.#deliveredAt.set(message.channel, message.deliveredAt)
    }
    this.look()
  }

  /** Gives turns; at most one look at a time, and one more when something moved meanwhile. */
  look(): void {
    this.#isWanted = true
    if (this.#isLooking || this.#isResting) return
    this.#isLooking = true
    void this.#passes().finally(() => {
      this.#isLooking = false
      if (this.#isWanted) this.look()
    })
  }

  /** Looks no more. */
  stop(): void {
    this.#cancel()
  }

  async #passes(): Promise<void> {
    while (this.#isWanted && !this.#isResting) {
      this.#isWanted = false
      try {
        await this.#pass()
      } catch (error) {
        this.#parts.log.warn('turns_not_given', { error: String(error) })
        this.#isResting = true
        this.#later(limits.commitRetryMs)
      }
    }
  }

  async #pass(): Promise<void> {
    const { loop, clock, notifyRules } = this.#parts
    const pending = this.pending()
    if (pending.length === 0 || !loop.isWhole) return
    const read = await notifyRules.read('recent')
    const settings = read.status === 'read' ? read.settings : null
    const names = [...new Set(pending.map(({ channel }) => channel))]
    let wakeAt: number | null = null
    for (const name of names) {
      const at = await this.#serve(name, settings)
      if (at !== null) wakeAt = wakeAt === null ? at : Math.min(wakeAt, at)
    }
    if (wakeAt !== null) this.#later(Math.max(1, wakeAt - clock.now()))
  }

  /** Gives one channel its turn; when to look again, null when something else says so. */
  async #serve(name: string, settings: NotifySettings | null): Promise<number | null> {
    const { loop, clock } = this.#parts
    const channel = settings?.channels.find((one) => one.name === name)
    await this.health(name)
    const now = clock.now()
    const isInPlace = channel !== undefined && updatesInPlace(channel)
    const view = { now, health: this.#healthOf(name), isInPlace }
    const { superseded, next, wakeAt } = channelTurn(this.pending(name), view)
    if (next === null && superseded.length === 0) return wakeAt
    const previous = next === null ? null : await this.#previous(name, next.notice)
    const inputs: Input[] = superseded.map(({ id, by }) => {
      const event: MessageEvent = { type: 'superseded', at: now, by }
      return { key: { kind: 'message', id }, event, actor: sluice, reason: null }
    })
    if (next !== null) {
      const event: MessageEvent = { type: 'turn_given', at: now, turn: this.#turn(name, previous) }
      inputs.push({ key: { kind: 'message', id: next.id }, event, actor: sluice, reason: null })
    }
    await loop.transact(
      inputs.map(({ key }) => key),
      () => inputs,
    )
    return null
  }

  #turn(channel: string, previous: Receipt | null): Turn {
    const { failures, isFailing } = this.#healthOf(channel)
    return { previous, failures, isFailing }
  }

  #healthOf(channel: string): ChannelHealth {
    return this.#health.get(channel) ?? healthy
  }

  /** What the channel gave back for the last message of the same subject that it took. */
  async #previous(channel: string, { subject }: Notice): Promise<Receipt | null> {
    const { reading, sha256 } = this.#parts
    const idPrefix = subjectPrefix(channel, subject, sha256)
    const { items } = await reading.messages({ idPrefix, limit: limits.pageItemsDefault })
    const delivered = items.flatMap((one) =>
      one.status === 'delivered' && one.channel === channel && subjectText(one.notice.subject) === subjectText(subject)
        ? [one]
        : [],
    )
    const last = delivered.toSorted((a, b) => Number(b.notice.id) - Number(a.notice.id))[0]
    return last?.receipt ?? null
  }

  #later(ms: number): void {
    this.#cancel()
    if (!this.#parts.loop.isRunning) return
    this.#cancel = this.#parts.clock.after(Math.min(ms, limits.wakeDelayMsMax), () => {
      this.#isResting = false
      this.look()
    })
  }
}
