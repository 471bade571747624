/** Who is told what: the notices that the ledger makes, the messages that they become, and what people ask of both. */
import { SluiceError } from '../../core/errors.ts'
import type { LedgerRow } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import type { Actor, Sha256 } from '../../core/model.ts'
import type { Message, PendingMessage } from '../../core/notify/message.ts'
import { channelPrefix } from '../../core/notify/message-id.ts'
import type { NotifySettings } from '../../core/notify/rules.ts'
import type { Channel } from '../../core/notify/types.ts'
import type { Log } from '../../ports/clock.ts'
import type { Notifier, NotifyRules } from '../../ports/notifier.ts'
import type { Projections } from '../../ports/projections.ts'
import type { Store } from '../../ports/store.ts'
import { testChannels, type Tested } from '../commands/channel-test.ts'
import type { Desk } from '../desk.ts'
import type { Caller } from '../engine.ts'
import { commandMessage, type RetriedAll, retryMessages } from '../commands/messages.ts'
import { NoticeFollower } from './notice-follower.ts'
import { NoticeMaker } from './notice-maker.ts'
import { explainNotices, type ExplainedNotice } from './notice-reasons.ts'
import type { Once } from '../commands/once.ts'
import { Outbox } from './outbox.ts'
import { type Page, pageLimit, type PageQuery } from '../reading/stored-states.ts'
import { UntoldRows } from './untold-rows.ts'

/** What it works with. */
export type NotificationsParts = {
  readonly desk: Desk
  readonly once: Once
  readonly store: Pick<Store, 'head' | 'ledger'>
  readonly log: Log
  readonly sha256: Sha256
  readonly notifier: Notifier
  readonly notifyRules: NotifyRules
  readonly projections: Projections
  /** `nobody`: what this process does is told to nobody. */
  readonly tells: 'all' | 'nobody'
}

/** Which messages are meant; null for any. */
export type MessageFilter = { readonly status: Message['status'] | null; readonly channel: string | null }

/** How a channel stands. */
export type ChannelStanding = {
  readonly channel: Channel
  /** Messages that wait or are on their way. */
  readonly backlog: number
  /** Attempts that failed in a row, as far as is known. */
  readonly failures: number
  readonly isFailing: boolean
  readonly lastDeliveredAt: number | null
  /** The last attempt that came to nothing, epoch ms and its words. */
  readonly lastFailure: { readonly at: number; readonly detail: string } | null
}

/** See the file's header. One an engine. */
export class Notifications {
  readonly #parts: NotificationsParts
  readonly #outbox: Outbox
  readonly #follower: NoticeFollower
  readonly #untold: UntoldRows

  constructor(parts: NotificationsParts) {
    const { desk, store, log, sha256, notifyRules, projections } = parts
    const { loop, reading, clock } = desk
    this.#parts = parts
    this.#outbox = new Outbox({ loop, reading, clock, log, sha256, notifyRules })
    const maker = new NoticeMaker({ store, reading })
    const [outbox, untold] = [this.#outbox, new UntoldRows(projections)]
    this.#untold = untold
    this.#follower = new NoticeFollower({ store, reading, clock, log, notifyRules, projections, maker, outbox, untold })
  }

  /** Before this process writes its first row. */
  async prepare(): Promise<void> {
    const { store, tells } = this.#parts
    const head = await store.head()
    await (tells === 'nobody' ? this.#untold.begin(head) : this.#untold.end(head))
  }

  /** Takes up what an earlier process left. */
  async start(): Promise<void> {
    if (this.#parts.tells === 'nobody') return
    this.#outbox.look()
    await this.#follower.start()
  }

  /** Rows became durable. */
  noticed(rows: readonly LedgerRow[]): void {
    this.#outbox.noticed(rows)
    this.#follower.noticed(rows)
  }

  /** Everything unsettled was taken up anew. */
  look(): void {
    this.#outbox.look()
  }

  /** Looks no more, and sends nothing. */
  stop(): void {
    this.#follower.stop()
    this.#outbox.stop()
  }

  /** A page of messages, newest first. What is meant is looked for in a bounded number; the answer says where to go on. */
  async messages(filter: MessageFilter, { limit, cursor }: PageQuery): Promise<Page<Message>> {
    const wanted = pageLimit(limit)
    const { reading } = this.#parts.desk
    const prefix = filter.channel === null ? {} : { idPrefix: channelPrefix(filter.channel, this.#parts.sha256) }
    const items: Message[] = []
    let next: string | null = cursor ?? null
    let pages = 0
    do {
      const page: Page<Message> = await reading.messages({
        ...prefix,
        limit: wanted - items.length,
        ...(next === null ? {} : { cursor: next }),
      })
      pages += 1
      items.push(...page.items.filter((one) => isMeant(one, filter)))
      next = page.next
    } while (next !== null && items.length < wanted && pages < limits.messagePagesMax)
    return { items, next }
  }

  /** How the channels stand; none while nobody is told anything. */
  async channels(): Promise<readonly ChannelStanding[]> {
    const settings = await this.#settings()
    return Promise.all((settings?.channels ?? []).map((channel) => this.#standing(channel)))
  }

  /** Sends a notice of the kind `test` now, to one channel or all, past the outbox: what came back is the answer. `not_found` for a channel that is not in the config, as it stands. */
  test(name: string | null, by: Actor, signal: AbortSignal): Promise<readonly Tested[]> {
    const { notifier, notifyRules, desk } = this.#parts
    return testChannels({ clock: desk.clock, notifier, notifyRules }, { name, by }, signal)
  }

  /** Tries one again that was set aside. `not_found`, `command_conflict`. */
  retry(id: string, caller: Caller): Promise<object> {
    const { once, desk } = this.#parts
    return once(caller, { name: 'retryMessage', id }, (asking) =>
      commandMessage(desk, { id, type: 'retry_requested' }, asking),
    )
  }

  /** Tries all again that were set aside, of one channel or of all; the oldest are not among them where they are more than a request may name. */
  retryAll(channel: string | null, caller: Caller): Promise<RetriedAll> {
    const { once, desk } = this.#parts
    return once(caller, { name: 'retryMessages', channel }, async (asking) => {
      const { items, next } = await this.#dead(channel)
      return retryMessages(desk, { dead: items, isMore: next !== null }, asking)
    })
  }

  /** Gives one up. `not_found`, `command_conflict`. */
  discard(id: string, caller: Caller): Promise<object> {
    const { once, desk } = this.#parts
    return once(caller, { name: 'discardMessage', id }, (asking) =>
      commandMessage(desk, { id, type: 'discard_requested' }, asking),
    )
  }

  /** Why somebody was told of a run, a rollout or another thing, or not: by what the config says now. `not_found`. */
  async why(subject: string, service: string): Promise<readonly ExplainedNotice[]> {
    const { store, desk, sha256 } = this.#parts
    const parts = { store, reading: desk.reading, untold: this.#untold, sha256, settings: await this.#settings() }
    return explainNotices(parts, subject, service)
  }

  async #standing(channel: Channel): Promise<ChannelStanding> {
    const { name } = channel
    const { isRunning } = this.#parts.desk.loop
    const pending = isRunning ? this.#outbox.pending(name) : await this.#stored(name)
    const { failures, isFailing } = await this.#outbox.health(name)
    const { items } = await this.messages({ status: null, channel: name }, {})
    const delivered = items.flatMap((one) => (one.status === 'delivered' ? [one.deliveredAt] : []))
    const failed = [...items, ...pending].flatMap(({ recent }) => recent).toSorted((a, b) => b.at - a.at)
    return {
      channel,
      backlog: pending.length,
      failures,
      isFailing,
      lastDeliveredAt: this.#outbox.lastDeliveredAt(name) ?? (delivered.length === 0 ? null : Math.max(...delivered)),
      lastFailure: failed[0] ?? null,
    }
  }

  /** Messages that wait, where nothing is held because nothing goes on: a command that only looks. */
  async #stored(channel: string): Promise<readonly PendingMessage[]> {
    const { items } = await this.messages({ status: 'pending', channel }, { limit: limits.pageItemsMax })
    return items.flatMap((one) => (one.status === 'pending' ? [one] : []))
  }

  /** Messages that were set aside, as many as one request tries again. */
  async #dead(channel: string | null): Promise<Page<Message>> {
    const items: Message[] = []
    let next: string | null = null
    for (let page = 0; page < limits.messagesRetriedMax / limits.pageItemsMax; page += 1) {
      const limit = limits.pageItemsMax
      const found: Page<Message> = await this.messages(
        { status: 'dead', channel },
        { limit, ...(next === null ? {} : { cursor: next }) },
      )
      items.push(...found.items)
      next = found.next
      if (next === null) break
    }
    return { items, next }
  }

  async #settings(): Promise<NotifySettings | null> {
    const read = await this.#parts.notifyRules.read('recent')
    if (read.status === 'read') return read.settings
    throw new SluiceError('config_invalid', { detail: read.detail, hint: 'sluice validate' })
  }
}

const isMeant = ({ status, channel }: Message, filter: MessageFilter): boolean =>
  (filter.status === null || status === filter.status) && (filter.channel === null || channel === filter.channel)
