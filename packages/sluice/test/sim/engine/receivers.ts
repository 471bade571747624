/**
 * Who is told in the engine simulator: a hook that hears everything, and a chat that shows the last word on each subject. They lose messages, ask to be left alone, say no, or are gone for good; the
 * config cannot be read for a while, and the place in the ledger up to which everything was told gets lost.
 */
import type { LedgerRow } from '../../../src/core/ledger/entry.ts'
import { limits } from '../../../src/core/limits.ts'
import type { Message, MessageState } from '../../../src/core/notify/message.ts'
import type { NotifySettings } from '../../../src/core/notify/rules.ts'
import { subjectText } from '../../../src/core/notify/turns.ts'
import type { Ports } from '../../../src/engine/ports.ts'
import type { Delivered, Delivery } from '../../../src/ports/notifier.ts'
import { Breach, demand } from '../breach.ts'
import { faults } from '../core/faults.ts'
import { clockJumpMsMax } from './bounds.ts'
import type { Incarnation, Reply } from './network.ts'
import type { Scene } from './scene.ts'
import { aside, type Side } from './side.ts'

const settings: NotifySettings = {
  publicUrl: null,
  channels: [
    { name: 'ops', kind: 'webhook', url: 'https://ops.example.com', secret: 'HOOK' },
    { name: 'chat', kind: 'slack', token: 'CHAT', channel: 'releases', url: 'https://slack.com/api' },
  ],
  routes: [],
  templates: {},
}

/** How much of the day goes by at each look while nothing but messages is under way: of a channel that will answer again, and of one that will not. */
const [waitMs, hopelessMs] = [600_000, limits.messageLifeMs / 4]

/** So many jumps of the clock can be a day. */
const jumpsInDay = limits.messageLifeMs / clockJumpMsMax

/** Rows of which everybody is told. */
const toldOf: ReadonlySet<string> = new Set(['rollout_started', 'line_stopped', 'line_resumed'])

/** See the file's header. */
export class Receivers implements Side {
  readonly #scene: Scene
  /** The hook answers nobody any more. */
  readonly #isGone: boolean
  #hasBegun = false
  /** What control planes kept of the ledger. */
  readonly #kept = new Map<string, string>()
  /** Keys of what arrived, in the order in which it came first. */
  readonly #arrived = new Set<string>()

  constructor(scene: Scene) {
    this.#scene = scene
    this.#isGone = (scene.setting.random.next() & 3) === 0
  }

  over(ports: Ports, process: Incarnation): Ports {
    const { setting, network, disk } = this.#scene
    // Somebody was told of what came before the schedule.
    if (!this.#hasBegun) this.#kept.set('notices', JSON.stringify({ form: 1, seq: disk.rows().length }))
    this.#hasBegun = true
    return {
      ...ports,
      notifyRules: {
        read: async () =>
          setting.strikesBeside(faults.notify_unreadable, 32)
            ? { status: 'unreadable', detail: 'somebody is editing it' }
            : { status: 'read', settings, service: 'shop' },
      },
      projections: {
        read: async (name) => this.#kept.get(name) ?? null,
        keep: async (name, text) => void this.#kept.set(name, text),
      },
      notifier: {
        send: (delivery, signal) => {
          this.#mustNotBeOver(delivery, process)
          return aside(setting, () =>
            network.ask<Delivered>(process, signal, (reply) => aside(setting, () => this.#receive(delivery, reply))),
          )
        },
      },
    }
  }

  strike(): void {
    // Whoever has told nobody yet has no other way to know where to go on.
    if (this.#scene.setting.strikesBeside(faults.projection_lost, 4) && this.#messages().length > 0)
      this.#kept.delete('notices')
  }

  lookAfter(): void {
    const { isQuiet, setting } = this.#scene
    if (isQuiet && !this.isOver()) setting.world.skew += this.#isGone ? hopelessMs : waitMs
  }

  isOver(): boolean {
    for (const { key, settled } of this.#scene.disk.aggregates()) if (key.kind === 'message' && !settled) return false
    return true
  }

  mustHold(): void {
    const messages = this.#messages()
    for (const message of messages) this.#mustBeTrue(message)
    for (const row of this.#scene.disk.rows()) if (toldOf.has(row.type)) this.#mustBeTold(row, messages)
    this.#mustHaveKeptOrder(messages)
  }

  #receive({ key, channel }: Delivery, reply: Reply<Delivered>): void {
    const { setting } = this.#scene
    this.#scene.tell(`${key} is sent to ${channel.name}`)
    const later = { status: 'later', detail: 'come back', retryAfterMs: null } as const
    if (this.#isGone && channel.name === 'ops') return reply.give(later)
    if (setting.strikesBeside(faults.notify_later, 160))
      return reply.give({ ...later, retryAfterMs: setting.random.below(60_000) })
    if (setting.strikesBeside(faults.notify_refused, 64))
      return reply.give({ status: 'refused', detail: 'no such channel' })
    this.#arrived.add(key)
    reply.give({ status: 'delivered', receipt: { key } })
  }

  #messages(): readonly Message[] {
    const found: Message[] = []
    for (const { key, state } of this.#scene.disk.aggregates()) {
      if (key.kind !== 'message') continue
      const message = state as MessageState
      if (message.status !== 'absent') found.push(message)
    }
    return found
  }

  /** Invariant: nobody is sent again what is known to have arrived; but whoever was replaced does not know. */
  #mustNotBeOver({ key }: Delivery, process: Incarnation): void {
    if (process !== this.#scene.newest) return
    const message = this.#messages().find(({ id }) => id === key)
    if (message?.status !== 'pending') this.#scene.blame(new Breach(`${key} is ${message?.status}, and sent again`))
  }

  /** Invariant: what is called delivered has arrived, and nothing is given up before its day is over, nor while somebody would have taken it. */
  #mustBeTrue(message: Message): void {
    const { id, status, queuedAt, channel } = message
    demand(status !== 'delivered' || this.#arrived.has(id), `${id} is called delivered, and never arrived`)
    if (status !== 'dead') return
    demand(message.cause !== 'overflow', `${id} had no room among ${this.#messages().length}`)
    // A clock that was set forward often enough has made a day of a minute.
    const isHopeless = (this.#isGone && channel === 'ops') || this.#scene.jumps >= jumpsInDay
    demand(message.cause !== 'expired' || isHopeless, `${id} was given up, and ${channel} would have taken it`)
    const isEarly = message.cause === 'expired' && message.deadAt < queuedAt + limits.messageLifeMs
    demand(!isEarly, `${id} was given up after ${message.deadAt - queuedAt} ms`)
  }

  /** Invariant: everybody is told of a thing, once. */
  #mustBeTold({ seq, type }: LedgerRow, messages: readonly Message[]): void {
    for (const { name } of settings.channels) {
      if (name === 'chat' && type !== 'rollout_started') continue
      const told = messages.filter(({ notice, channel }) => notice.id === String(seq) && channel === name)
      demand(told.length === 1, `${name} was told ${told.length} times of row ${seq} (${type})`)
    }
  }

  /** Invariant: what is told of one thing arrives in the order in which it happened. */
  #mustHaveKeptOrder(messages: readonly Message[]): void {
    const known = new Map(messages.map((message) => [message.id, message]))
    const last = new Map<string, number>()
    for (const key of this.#arrived) {
      const message = known.get(key)
      // What was given up while it was on its way may come after what followed it.
      if (message?.status !== 'delivered') continue
      const subject = `${message.channel} ${subjectText(message.notice.subject)}`
      const number = Number(message.notice.id)
      demand((last.get(subject) ?? 0) < number, `${key} came after what happened later`)
      last.set(subject, number)
    }
  }
}
