/** Who is told what: the notices that the ledger makes, the messages that they become, and what people ask of both. */
import { environmentKey } from '../core/consequences.ts'
import { SluiceError } from '../core/errors.ts'
import type { AggregateKey, LedgerRow } from '../core/ledger/entry.ts'
import { limits } from '../core/limits.ts'
import { type Actor, type Sha256, sluice } from '../core/model.ts'
import type { Message, MessageEvent, PendingMessage } from '../core/notify/message.ts'
import { channelPrefix, messageId } from '../core/notify/message-id.ts'
import { routed } from '../core/notify/route.ts'
import type { NotifySettings } from '../core/notify/rules.ts'
import { applyTemplate } from '../core/notify/template.ts'
import type { Channel, Notice } from '../core/notify/types.ts'
import type { Log } from '../ports/clock.ts'
import type { Delivered, Notifier, NotifyRules } from '../ports/notifier.ts'
import type { Projections } from '../ports/projections.ts'
import type { Store } from '../ports/store.ts'
import { type Asking, type Desk, input } from './desk.ts'
import type { Caller } from './engine.ts'
import type { Once } from './once.ts'
import { NoticeFollower } from './notice-follower.ts'
import { NoticeMaker } from './notice-maker.ts'
import { Outbox } from './outbox.ts'
import { UntoldRows } from './untold-rows.ts'
import type { Page, PageQuery } from './reading.ts'

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

/** What came of a test. */
export type Tested = { readonly channel: Channel; readonly delivered: Delivered }

/** How many messages are tried again, and whether there may be more of them that are not. */
export type RetriedAll = { readonly retried: number; readonly isMore: boolean }

/** Why somebody was told of a moment, or not. */
export type ExplainedNotice = {
  readonly notice: Notice
  readonly channels: readonly {
    readonly channel: string
    readonly isTold: boolean
    readonly because: string
    /** Null where there is none: nobody was to be told then, or the row was looked at before the channel was there. */
    readonly message: Message | null
  }[]
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
    const wanted = Math.min(limit ?? limits.pageItemsDefault, limits.pageItemsMax)
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

  /** Sends a notice of the kind `test` now, to one channel or all, past the outbox: what came back is the answer. `not_found` for a channel that is not in the config, as it stands. */
  async test(name: string | null, by: Actor, signal: AbortSignal): Promise<readonly Tested[]> {
    const { notifier, notifyRules, desk } = this.#parts
    const read = await notifyRules.read('now')
    if (read.status === 'unreadable')
      throw new SluiceError('config_invalid', { detail: read.detail, hint: 'sluice validate' })
    const all = read.settings?.channels ?? []
    const channels = name === null ? all : all.filter((channel) => channel.name === name)
    if (channels.length === 0) throw noChannel(name, all)
    const notice = testNotice({ at: desk.clock.now(), by, service: read.service, settings: read.settings })
    const deadline = new AbortController()
    const cancel = desk.clock.after(limits.messageDeadlineMs, () => deadline.abort())
    const bounded = AbortSignal.any([signal, deadline.signal])
    try {
      return await Promise.all(
        channels.map(async (channel) => {
          const key = `msg_test_${notice.at}_${channel.name}`
          const sent = notifier.send({ key, channel, notice, previous: null }, bounded)
          return { channel, delivered: await sent.catch(asRefused) }
        }),
      )
    } finally {
      cancel()
    }
  }

  /** Tries one again that was set aside. `not_found`, `command_conflict`. */
  retry(id: string, caller: Caller): Promise<object> {
    return this.#parts.once(caller, { name: 'retryMessage', id }, (asking) =>
      this.#command(id, 'retry_requested', asking),
    )
  }

  /** Tries all again that were set aside, of one channel or of all; the oldest are not among them where they are more than a request may name. */
  async retryAll(channel: string | null, caller: Caller): Promise<RetriedAll> {
    return this.#parts.once(caller, { name: 'retryMessages', channel }, async (asking) => {
      const { loop, clock } = this.#parts.desk
      const { items, next } = await this.#dead(channel)
      const keys = items.map(({ id }): AggregateKey => ({ kind: 'message', id }))
      const event: MessageEvent = { type: 'retry_requested', at: clock.now(), by: asking.by, reason: asking.reason }
      const answer = { retried: items.length, isMore: next !== null }
      const record = asking.record?.(answer) ?? null
      const inputs = keys.map((key) => input(key, event, asking))
      if (keys.length > 0) await loop.transact(keys, () => inputs, record)
      return answer
    })
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

  /** Gives one up. `not_found`, `command_conflict`. */
  discard(id: string, caller: Caller): Promise<object> {
    return this.#parts.once(caller, { name: 'discardMessage', id }, (asking) =>
      this.#command(id, 'discard_requested', asking),
    )
  }

  async #command(id: string, type: 'retry_requested' | 'discard_requested', asking: Asking): Promise<object> {
    const { loop, reading, clock } = this.#parts.desk
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

  /** Why somebody was told of a run, a rollout or another thing, or not: by what the config says now. `not_found`. */
  async why(subject: string, service: string): Promise<readonly ExplainedNotice[]> {
    const settings = await this.#settings()
    const { store, desk } = this.#parts
    const key = keyOf(subject, service)
    const maker = new NoticeMaker({ store, reading: desk.reading })
    const style = { settings: settings ?? nobody, service }
    const found: ExplainedNotice[] = []
    let after = 0
    let looked = 0
    for (;;) {
      const rows = await store.ledger({ after, limit: limits.pageItemsMax, key })
      looked += rows.length
      if (looked === 0) throw new SluiceError('not_found', { detail: `there is no ${key.kind} ${subject}` })
      for (const row of rows) {
        const notice = await maker.of(row, style)
        if (notice !== null) found.push(await this.#explain(notice, style.settings))
      }
      const last = rows.at(-1)
      if (last === undefined || rows.length < limits.pageItemsMax || looked >= limits.noticeExplainRowsMax) return found
      after = last.seq
    }
  }

  async #explain(notice: Notice, settings: NotifySettings): Promise<ExplainedNotice> {
    const isUntold = await this.#untold.has(Number(notice.id))
    const told = routed(settings, notice).map((one) => (isUntold && one.isTold ? { ...one, ...toldNobody } : one))
    const channels = await Promise.all(
      told.map(async (one) => ({ ...one, message: await this.#messageOf(one.channel, notice) })),
    )
    return { notice, channels }
  }

  async #messageOf(channel: string, notice: Notice): Promise<Message | null> {
    const { desk, sha256 } = this.#parts
    return desk.reading.message(messageId(channel, notice, sha256)).catch((error: unknown) => {
      if (error instanceof SluiceError && error.code === 'not_found') return null
      throw error
    })
  }

  async #settings(): Promise<NotifySettings | null> {
    const read = await this.#parts.notifyRules.read('recent')
    if (read.status === 'read') return read.settings
    throw new SluiceError('config_invalid', { detail: read.detail, hint: 'sluice validate' })
  }
}

/** Of what was done without a control plane. */
const toldNobody = {
  isTold: false,
  because: 'a command did it while no control plane ran, and only that tells anybody: sluice up -d',
} as const

const nobody: NotifySettings = { publicUrl: null, channels: [], routes: [], templates: {} }

const isMeant = ({ status, channel }: Message, filter: MessageFilter): boolean =>
  (filter.status === null || status === filter.status) && (filter.channel === null || channel === filter.channel)

const noChannel = (name: string | null, all: readonly Channel[]): SluiceError =>
  new SluiceError('not_found', {
    detail: name === null ? 'the config has no channels' : `the config has no channel ${JSON.stringify(name)}`,
    hint:
      all.length === 0
        ? "notify: { channels: { ops: { webhook: { url: 'https://…', secret: 'HOOK_SECRET' } } } } in sluice.config.ts"
        : `channels: ${all.map((channel) => channel.name).join(', ')}`,
  })

/** A notifier does not reject for what a receiver does; what it rejects for is in the way here (a secret that is not there). */
const asRefused = (error: unknown): Delivered => ({
  status: 'refused',
  detail: error instanceof SluiceError ? error.detail : String(error),
})

type TestNotice = {
  readonly at: number
  readonly by: Actor
  readonly service: string
  readonly settings: NotifySettings | null
}

const testNotice = ({ at, by, service, settings }: TestNotice): Notice => {
  const publicUrl = settings?.publicUrl ?? null
  const notice: Notice = {
    id: String(at),
    kind: 'test',
    severity: 'low',
    at,
    subject: { kind: 'test', id: String(at) },
    outcome: null,
    service,
    environment: null,
    isProduction: false,
    title: `${by.name} tests this channel of ${service}`,
    facts: [{ name: 'from', value: sluice.name }],
    reason: null,
    actor: by,
    release: null,
    stable: null,
    commit: null,
    url: publicUrl === null ? null : `${publicUrl.replace(/\/+$/, '')}/notifications`,
  }
  return applyTemplate(notice, settings?.templates.test ?? null)
}

/** The aggregate that a word names: an id says by its beginning what it is of; anything else is an environment. */
const keyOf = (word: string, service: string): AggregateKey => {
  if (word === 'line') return { kind: 'line', id: 'all' }
  const kinds = {
    run: 'run',
    rol: 'rollout',
    rel: 'release',
    inc: 'incident',
    drl: 'drill',
    tra: 'train',
    msg: 'message',
  } as const
  const [, prefix = ''] = /^(run|rol|rel|inc|drl|tra|msg)_/.exec(word) ?? []
  for (const [known, kind] of Object.entries(kinds)) if (known === prefix) return { kind, id: word }
  return environmentKey(service, word)
}
