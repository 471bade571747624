/**
 * The loop: event → decide → one transaction (events + state + effects) → perform → result, as an event. The only writer.
 *
 * - Decisions are made in order on held states; commits are handed to the store without waiting for each other (it groups them), and
 *   answered in order. Nothing is performed before the commit that intends it is durable.
 * - A rejected commit means that what is held may be wrong: everything held is dropped and read again. `store_fenced` by another
 *   writer, and `store_failed`, end the loop; start-up is recovery.
 * - There is no clean-shutdown state: `stop` only stops.
 */
import { SluiceError } from '../core/errors.ts'
import type { AggregateKey, AggregateKind, LedgerRow } from '../core/ledger/entry.ts'
import { limits } from '../core/limits.ts'
import type { Clock, Log } from '../ports/clock.ts'
import type { Commit, Lease, RequestRecord, Store, Stored } from '../ports/store.ts'
import { InFlight } from './in-flight.ts'
import type { Job } from './perform.ts'
import { type AnyEffect, type AnyEvent, machines } from './machines.ts'
import { type Held, type Input, keyText, planTransaction, sluice } from './transaction.ts'

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
  /** The loop can no longer be trusted with anything: exit, reopen, read. */
  readonly onFatal: (error: SluiceError) => void
}

const versions: Readonly<Record<AggregateKind, number>> = {
  run: machines.run.version,
  release: machines.release.version,
  rollout: machines.rollout.version,
  environment: machines.environment.version,
}

/** See the file's header. One a store; `start` before anything else. */
export class Loop {
  readonly #options: LoopOptions
  readonly #held = new Map<string, Held>()
  readonly #inFlight: InFlight
  #lease: Lease | null = null
  /** Grows whenever what is held is dropped; a commit decided before that is stale, whatever the store says to it. */
  #generation = 0
  #status: 'new' | 'running' | 'stopped' = 'new'
  #cancelWake: () => void = () => {}

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
   * Resolves once durable, with which inputs changed something; then their effects are on their way.
   */
  async transact(
    keys: readonly AggregateKey[],
    make: (stateOf: (key: AggregateKey) => unknown) => readonly Input[],
    request: RequestRecord | null = null,
  ): Promise<readonly boolean[]> {
    while (keys.some((key) => !this.#held.has(keyText(key)))) await this.hold(keys)
    const lease = this.#lease
    if (lease === null || this.#status !== 'running')
      throw new SluiceError('store_fenced', { detail: 'the engine is not running' })
    const inputs = make((key) => this.#heldOf(key).state)
    const plan = planTransaction(inputs, (key) => this.#heldOf(key))
    if (plan.transitions.length > 0) {
      for (const held of plan.held) this.#held.set(keyText(held.key), held)
      this.#options.onRows(await this.#commit({ lease, transitions: plan.transitions, request }))
      for (const { key, effect } of plan.effects) this.#perform(key, effect)
      for (const held of plan.held) this.#settleUp(held)
    }
    this.#wake()
    return plan.accepted
  }

  /** Reads what is not held yet. Environments come with their rollouts, because a settled rollout changes its environment. */
  async hold(keys: readonly AggregateKey[]): Promise<void> {
    for (const key of keys) {
      if (this.#held.has(keyText(key))) continue
      const stored = await this.#options.store.load(key)
      if (this.#held.has(keyText(key))) continue
      this.#held.set(keyText(key), stored ?? { key, version: 0, state: machines[key.kind].initial(key) })
    }
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
      if (error instanceof SluiceError) return this.#again(key, event, error)
      this.#options.log.error('decision_failed', { key: keyText(key), event: event.type, error: String(error) })
      await this.#park(key, `${event.type}: ${String(error)}`)
    }
  }

  /** A result that could not be written is written later; the ballast is for exactly this. */
  async #again(key: AggregateKey, event: AnyEvent, error: SluiceError): Promise<void> {
    this.#options.log.warn('commit_retried', { key: keyText(key), event: event.type, code: error.code })
    if (error.code === 'store_full') await this.#options.store.releaseBallast()
    this.#options.clock.after(limits.commitRetryMs, () => this.submit(key, event))
  }

  async #park(key: AggregateKey, detail: string): Promise<void> {
    const event = { type: 'work_parked', at: this.#options.clock.now(), detail }
    await this.transact(await this.#withRelated(key), () => [{ key, event, actor: sluice, reason: detail }]).catch(
      (error: unknown) => this.#options.log.error('park_failed', { key: keyText(key), error: String(error) }),
    )
  }

  /** The aggregates that a step of this one may touch. */
  async #withRelated(key: AggregateKey): Promise<readonly AggregateKey[]> {
    await this.hold([key])
    return [key, ...machines[key.kind].related(this.#heldOf(key).state)]
  }

  #heldOf(key: AggregateKey): Held {
    return this.#held.get(keyText(key)) ?? { key, version: 0, state: machines[key.kind].initial(key) }
  }

  async #commit(commit: Commit): Promise<readonly LedgerRow[]> {
    const generation = this.#generation
    try {
      return await this.#options.store.commit(commit)
    } catch (error) {
      const known =
        error instanceof SluiceError ? error : new SluiceError('store_failed', { detail: String(error), cause: error })
      if (generation !== this.#generation)
        throw new SluiceError('overloaded', { detail: 'an earlier write failed; ask again', cause: known })
      this.#generation += 1
      this.#held.clear()
      if (known.retry === 'later')
        this.#options.clock.after(limits.commitRetryMs, () => void this.#takeUp({ isRestart: false }))
      else this.#fatal(known)
      throw known
    }
  }

  #fatal(error: SluiceError): void {
    if (this.#status !== 'running') return
    this.stop()
    this.#options.onFatal(error)
  }

  /** Everything unsettled is taken up; at a restart also claimed, and what was claimed again and again without a step forward set aside. */
  async #takeUp({ isRestart }: { readonly isRestart: boolean }): Promise<void> {
    for (const stored of await this.#options.store.open(versions)) {
      if (!this.#held.has(keyText(stored.key))) await this.#take(stored, isRestart)
    }
    this.#wake()
  }

  async #take(stored: Stored, isRestart: boolean): Promise<void> {
    const { key } = stored
    this.#held.set(keyText(key), stored)
    const effects = machines[key.kind].outstanding(stored.state)
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
    if (machine.settled(state)) this.#held.delete(keyText(key))
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
    const due = [...this.#held.values()].filter(
      ({ key, state }) => (machines[key.kind].nextAt(state) ?? Infinity) <= at,
    )
    for (const { key } of due) this.submit(key, { type: 'time_passed', at })
    if (due.length === 0) this.#wake()
  }
}
