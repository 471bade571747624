/**
 * The loop: event → decide → one transaction (events + state + effects) → perform → result, as an event. The only writer.
 *
 * - Decisions are made in order on held states; commits are handed to the store without waiting for each other (it groups them), and
 *   answered in order. Nothing is performed before the commit that intends it is durable.
 * - A rejected commit means that what is held may be wrong: everything held is dropped, and read again once every commit that was handed
 *   over is answered. `store_fenced` by another writer, and `store_failed`, end the loop; start-up is recovery.
 * - There is no clean-shutdown state: `stop` only stops.
 */
import { SluiceError } from '../core/errors.ts'
import type { AggregateKey, AggregateKind, LedgerRow } from '../core/ledger/entry.ts'
import { limits } from '../core/limits.ts'
import type { Clock, Log } from '../ports/clock.ts'
import type { Commit, Lease, RequestRecord, Store, Stored } from '../ports/store.ts'
import { InFlight } from './in-flight.ts'
import { asSluiceError, isRefusal } from './loop-errors.ts'
import type { Job } from './perform.ts'
import { type AnyEffect, type AnyEvent, machines, machineVersions } from './machines.ts'
import { sluice } from '../core/model.ts'
import { type Held, heldOf, type Input, keyText, type Plan, planTransaction, unwritten } from './transaction.ts'

/** What the loop asks of the rest of the engine. */
export type LoopOptions = {
  readonly clock: Clock
  readonly log: Log
  readonly store: Store
  readonly owner: string
  /** Performs an effect and gives the event to record; never rejects. */
  readonly perform: (job: Job, signal: AbortSignal) => Promise<AnyEvent>
  /** Called with every row once it is durable. */
  readonly onRows: (rows: readonly LedgerRow[]) => void
  /** Everything unsettled was taken up: at the start, and again after a write that failed. */
  readonly onTakenUp: () => void
  /** The loop can no longer be trusted with anything: exit, reopen, read. */
  readonly onFatal: (error: SluiceError) => void
}

/** Makes inputs from the states as they are held; may throw to refuse. */
type Make = (stateOf: (key: AggregateKey) => unknown) => readonly Input[]

/** A plan, and its being written; null when it changes nothing. */
type Decided = { readonly plan: Plan; readonly written: Promise<readonly LedgerRow[]> | null }

/** See the file's header. One a store; `start` before anything else. */
export class Loop {
  readonly #options: LoopOptions
  readonly #held = new Map<string, Held>()
  /** Of those that are held, what the store has: a decision more may be under way. */
  readonly #durable = new Map<string, Held>()
  readonly #inFlight: InFlight
  #lease: Lease | null = null
  /** Grows whenever what is held is dropped; a commit decided before that is stale, whatever the store says to it. */
  #generation = 0
  /** Commits handed over and not answered yet. */
  readonly #commits = new Set<Promise<unknown>>()
  /** Set while what is held was dropped and some of those are still out: what is read before they are in is soon old. */
  #recovering: Promise<unknown> | null = null
  #status: 'new' | 'running' | 'stopped' = 'new'
  #cancelWake: () => void = () => {}
  /** The newest time that anything was decided for, epoch ms; at the start unknown, so the first wake-up is for everything. */
  #newestAt = Infinity

  constructor(options: LoopOptions) {
    this.#options = options
    this.#inFlight = new InFlight(options.clock)
  }

  /** Takes the lease and takes up everything unsettled: start-up is recovery. */
  async start(): Promise<void> {
    this.#lease = await this.#options.store.acquireLease(this.#options.owner, this.#options.clock.now())
    this.#status = 'running'
    await this.#takeUp({ isRestart: true })
  }

  /** Stops performing and deciding. What is in flight is left to its deadline; nothing relies on this. */
  stop(): void {
    this.#status = 'stopped'
    this.#cancelWake()
    this.#inFlight.abortAll()
  }

  /**
   * Decides and commits inputs as one transaction, made by `make` from the held states of `keys` without any wait in between.
   * Resolves once durable, with which inputs changed something; then their effects are on their way. `request` may be made after the decision.
   */
  async transact(
    keys: readonly AggregateKey[],
    make: Make,
    request: RequestRecord | (() => RequestRecord) | null = null,
  ): Promise<readonly boolean[]> {
    const touched = [...keys]
    try {
      const { plan, written } = await this.#decide(touched, make, request)
      if (written !== null) {
        const rows = await written
        for (const held of plan.held) this.#keepDurable(held)
        this.#options.onRows(rows)
        for (const { key, effect } of plan.effects) this.#perform(key, effect)
        for (const held of plan.held) this.#settleUp(held)
      }
      this.#wake()
      return plan.accepted
    } finally {
      for (const key of touched) this.#letGo(key)
    }
  }

  /**
   * Decides on what is held. A refusal, and an answer that nothing changes, wait until what they were decided on is durable: if it turns
   * out never to have been, they are decided again.
   */
  async #decide(
    keys: AggregateKey[],
    make: Make,
    request: RequestRecord | (() => RequestRecord) | null,
  ): Promise<Decided> {
    for (;;) {
      while (keys.some((key) => !this.#held.has(keyText(key)))) await this.hold(keys)
      const { lease } = this.#running()
      const generation = this.#generation
      const missing: AggregateKey[] = []
      const decided = attempt(() => {
        const inputs = make((key) => this.#heldOf(key).state)
        for (const { event } of inputs) this.#newestAt = Math.max(this.#newestAt, event.at)
        return planTransaction(inputs, (key) => {
          if (!this.#held.has(keyText(key))) missing.push(key)
          return this.#heldOf(key)
        })
      })
      // What follows for another aggregate is known once it is decided: a release that a run cuts again is there already.
      if (missing.length > 0) {
        keys.push(...missing)
        continue
      }
      if (decided.plan !== null && decided.plan.transitions.length > 0) {
        const { plan } = decided
        // Held and handed over in the same turn as it was decided, so that the next decision stands on it and is written after it.
        for (const held of plan.held) this.#held.set(keyText(held.key), held)
        const record = typeof request === 'function' ? request() : request
        return { plan, written: this.#commit({ lease, transitions: plan.transitions, request: record }) }
      }
      await Promise.allSettled(this.#commits)
      this.#running()
      if (generation !== this.#generation) continue
      if (decided.plan === null) throw decided.error
      return { plan: decided.plan, written: null }
    }
  }

  /** Whether it decides anything: not before its start, nor after its stop. */
  get isRunning(): boolean {
    return this.#status === 'running'
  }

  #running(): { readonly lease: Lease } {
    if (this.#lease !== null && this.#status === 'running') return { lease: this.#lease }
    throw new SluiceError('store_fenced', { detail: 'the engine is not running' })
  }

  /** Reads what is not held yet. Environments come with their rollouts, because a settled rollout changes its environment. */
  async hold(keys: readonly AggregateKey[]): Promise<void> {
    for (const key of keys) {
      while (this.#recovering !== null) await this.#recovering
      if (this.#held.has(keyText(key))) continue
      const stored = await this.#options.store.load(key)
      if (this.#held.has(keyText(key))) continue
      const held = stored === null ? unwritten(key) : heldOf(stored)
      this.#held.set(keyText(key), held)
      if (stored !== null) this.#keepDurable(held)
    }
  }

  /** Whether all that is unsettled is held: not until it was taken up, at the start and again after a write that failed; then `onTakenUp` is called. */
  isWhole = false

  /** Aggregates of a kind that are held, which all unsettled ones are while `isWhole`. */
  live(kind: AggregateKind): readonly AggregateKey[] {
    return [...this.#held.values()].flatMap(({ key, version }) => (key.kind === kind && version > 0 ? [key] : []))
  }

  /** The state of a held aggregate as of the last decision. */
  heldState(key: AggregateKey): unknown {
    return this.#heldOf(key).state
  }

  /** The state of an aggregate as it was written last; null for one that is not held. What is read again and again need not be put together anew from its rows. */
  durableState(key: AggregateKey): unknown {
    return this.#durable.get(keyText(key))?.state ?? null
  }

  #keepDurable(held: Held): void {
    const text = keyText(held.key)
    const before = this.#durable.get(text)
    if (before === undefined || before.version < held.version) this.#durable.set(text, held)
  }

  /** The state of an aggregate as of the last decision. */
  async state(key: AggregateKey): Promise<unknown> {
    await this.hold([key])
    return this.#heldOf(key).state
  }

  /** Hands an event to an aggregate; retries by itself while the disk is full. Never rejects. */
  submit(key: AggregateKey, event: AnyEvent): void {
    void this.#submit(key, event)
  }

  async #submit(key: AggregateKey, event: AnyEvent): Promise<void> {
    try {
      await this.transact(await this.#withRelated(key), () => [{ key, event, actor: sluice, reason: null }])
    } catch (error) {
      if (this.#status !== 'running') return
      if (error instanceof SluiceError && error.code === 'usage_invalid') return this.#tooLarge(key, event, error)
      if (error instanceof SluiceError) return this.#again(key, event, error)
      this.#options.log.error('decision_failed', { key: keyText(key), event: event.type, error: String(error) })
      await this.#park(key, `${event.type}: ${String(error)}`)
    }
  }

  /** What is too large to be written will be so again: an effect that came to it has failed, anything else is set aside. */
  async #tooLarge(key: AggregateKey, event: AnyEvent, { code, detail }: SluiceError): Promise<void> {
    this.#options.log.warn('event_too_large', { key: keyText(key), event: event.type })
    if (!('sequence' in event) || event.type === 'effect_failed') return this.#park(key, detail)
    const failure = { code, retry: 'never', detail, evidence: [] }
    const failed = { type: 'effect_failed', at: event.at, sequence: event.sequence, failure }
    return this.#submit(key, failed)
  }

  /** A result that could not be written is written later; the ballast is for exactly this. */
  async #again(key: AggregateKey, event: AnyEvent, error: SluiceError): Promise<void> {
    this.#options.log.warn('commit_retried', { key: keyText(key), event: event.type, code: error.code })
    if (error.code === 'store_full') await this.#options.store.releaseBallast()
    // What the time is, the next wake-up says; said by both, it would be said more often with every write that fails.
    const retry = event.type === 'time_passed' ? () => this.#wake() : () => this.submit(key, event)
    this.#options.clock.after(limits.commitRetryMs, retry)
  }

  async #park(key: AggregateKey, detail: string): Promise<void> {
    const event = { type: 'work_parked', at: this.#options.clock.now(), detail }
    try {
      await this.transact(await this.#withRelated(key), () => [{ key, event, actor: sluice, reason: detail }])
    } catch (error) {
      if (this.#status !== 'running') return
      if (error instanceof SluiceError) return this.#again(key, event, error)
      this.#options.log.error('park_failed', { key: keyText(key), error: String(error) })
    }
  }

  /** The aggregates that a step of this one may touch. */
  async #withRelated(key: AggregateKey): Promise<readonly AggregateKey[]> {
    await this.hold([key])
    return [key, ...machines[key.kind].related(this.#heldOf(key).state)]
  }

  #heldOf(key: AggregateKey): Held {
    return this.#held.get(keyText(key)) ?? unwritten(key)
  }

  async #commit(commit: Commit): Promise<readonly LedgerRow[]> {
    const generation = this.#generation
    const written = this.#options.store.commit(commit)
    this.#commits.add(written)
    try {
      return await written
    } catch (error) {
      const known = asSluiceError(error)
      if (generation !== this.#generation)
        throw new SluiceError('overloaded', { detail: 'an earlier write failed; ask again', cause: known })
      this.#commits.delete(written)
      this.#drop()
      // Refused for its own sake, with nothing written: the rest goes on.
      if (known.retry === 'later' || isRefusal(known)) this.#takeUpLater(known)
      else this.#fatal(known)
      throw known
    } finally {
      this.#commits.delete(written)
    }
  }

  #drop(): void {
    this.#generation += 1
    this.isWhole = false
    this.#held.clear()
    this.#durable.clear()
    const recovering = Promise.allSettled(this.#commits).then(() => {
      if (this.#recovering === recovering) this.#recovering = null
    })
    this.#recovering = recovering
  }

  #takeUpLater({ retry }: SluiceError): void {
    this.#options.clock.after(retry === 'later' ? limits.commitRetryMs : 0, () => {
      if (this.#status === 'running')
        this.#takeUp({ isRestart: false }).catch((error: unknown) => this.#fatal(asSluiceError(error)))
    })
  }

  #fatal(error: SluiceError): void {
    if (this.#status !== 'running') return
    this.stop()
    this.#options.onFatal(error)
  }

  /** Everything unsettled is taken up; at a restart also claimed, and what was claimed again and again without a step forward set aside. */
  async #takeUp({ isRestart }: { readonly isRestart: boolean }): Promise<void> {
    while (this.#recovering !== null) await this.#recovering
    const generation = this.#generation
    for (const stored of await this.#options.store.open(machineVersions)) {
      if (!this.#held.has(keyText(stored.key))) await this.#take(stored, isRestart)
    }
    this.isWhole = generation === this.#generation
    this.#wake()
    this.#options.onTakenUp()
  }

  async #take(stored: Stored, isRestart: boolean): Promise<void> {
    const held = heldOf(stored)
    const { key } = held
    this.#held.set(keyText(key), held)
    this.#keepDurable(held)
    const effects = machines[key.kind].outstanding(held.state)
    if (this.#lease === null || effects.length === 0) return
    const claims = isRestart ? await this.#options.store.claim(key, this.#lease) : 0
    if (claims > limits.claimsMax) return this.#park(key, `taken up ${claims} times without a step forward`)
    for (const effect of effects) this.#perform(key, effect)
  }

  #perform(key: AggregateKey, effect: AnyEffect): void {
    if (this.#status !== 'running') return
    const held = this.#held.get(keyText(key))
    if (
      held === undefined ||
      !machines[key.kind].outstanding(held.state).some(({ sequence }) => sequence === effect.sequence)
    )
      return
    const state = held.state
    this.#inFlight.run(keyText(key), effect, async (signal) => {
      const event = await this.#options.perform({ key, state, effect }, signal)
      if (this.#status === 'running') this.submit(key, event)
    })
  }

  /** Calls off what a new state no longer wants, and lets go of what is settled. */
  #settleUp({ key, version, state }: Held): void {
    const machine = machines[key.kind]
    const wanted = machine.outstanding(state).map(({ sequence }) => sequence)
    const held = this.#held.get(keyText(key))
    if (held === undefined || held.version !== version) return
    this.#inFlight.keepOnly(keyText(key), wanted)
    if (!machine.settled(state)) return
    this.#held.delete(keyText(key))
    this.#durable.delete(keyText(key))
  }

  /** What was only looked at, because nothing happens to it any more or it never came to be, need not stay; environments are few, and asked again and again. */
  #letGo(key: AggregateKey): void {
    const held = this.#held.get(keyText(key))
    if (held === undefined || key.kind === 'environment') return
    const isWritten = held.version === 0 || this.#durable.get(keyText(key))?.version === held.version
    if (!isWritten || (held.version > 0 && !machines[key.kind].settled(held.state))) return
    this.#held.delete(keyText(key))
    this.#durable.delete(keyText(key))
  }

  /** Sets the one timer for the earliest thing that is due. */
  #wake(): void {
    this.#cancelWake()
    if (this.#status !== 'running') return
    let earliest: number | null = null
    for (const { key, state } of this.#held.values()) {
      const at = machines[key.kind].nextAt(state)
      if (at !== null && (earliest === null || at < earliest)) earliest = at
    }
    if (earliest === null) return
    const delayMs = Math.min(limits.wakeDelayMsMax, Math.max(0, earliest - this.#options.clock.now()))
    this.#cancelWake = this.#options.clock.after(delayMs, () => this.#timePassed())
  }

  #timePassed(): void {
    const at = this.#options.clock.now()
    // A clock that was set back makes everything due: what waits for a time may be waiting for one that is far off now.
    const isBack = at < this.#newestAt
    this.#newestAt = at
    const due = [...this.#held.values()].filter(({ key, state }) => {
      const dueAt = machines[key.kind].nextAt(state)
      return dueAt !== null && (isBack || dueAt <= at)
    })
    for (const { key } of due) this.submit(key, { type: 'time_passed', at })
    if (due.length === 0) this.#wake()
  }
}

const attempt = (plan: () => Plan): { readonly plan: Plan } | { readonly plan: null; readonly error: unknown } => {
  try {
    return { plan: plan() }
  } catch (error) {
    return { plan: null, error }
  }
}
