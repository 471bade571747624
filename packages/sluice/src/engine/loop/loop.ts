/**
 * The loop: event → decide → one transaction (events + state + effects) → perform → result, as an event. The only writer.
 *
 * - Decisions are made in order on held states (`held-states.ts`); commits are handed to the store without waiting for each other (it groups
 *   them), and answered in order. Nothing is performed before the commit that intends it is durable.
 * - A rejected commit means that what is held may be wrong: everything held is dropped, and read again once every commit that was handed
 *   over is answered. `store_fenced` by another writer, and `store_failed`, end the loop; start-up is recovery.
 * - Results and wake-ups come back through `submissions.ts`; `wake-up.ts` has the one timer.
 * - There is no clean-shutdown state: `stop` only stops.
 */
import { SluiceError } from '../../core/errors.ts'
import type { AggregateKey, AggregateKind, LedgerRow } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import type { Clock, Log } from '../../ports/clock.ts'
import type { Commit, Lease, RequestRecord, Store, Stored } from '../../ports/store.ts'
import { HeldStates } from './held-states.ts'
import { InFlight } from './in-flight.ts'
import type { Job } from '../perform/perform.ts'
import { type AnyEffect, type AnyEvent, machines, machineVersions } from '../machines.ts'
import { Submissions } from './submissions.ts'
import { type Held, type Input, keyText, type Plan, planTransaction } from './transaction.ts'
import { WakeUp } from './wake-up.ts'

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

/** Makes the record of a request once it is decided; null for none. It is kept also where nothing had to change: who asks again is answered the same. */
type MakeRecord = () => RequestRecord | null

/** A plan, and its being written; null when it changes nothing. */
type Decided = { readonly plan: Plan; readonly written: Promise<readonly LedgerRow[]> | null }

/** See the file's header. One a store; `start` before anything else. */
export class Loop {
  readonly #options: LoopOptions
  readonly #held: HeldStates
  readonly #wakeUp: WakeUp
  readonly #submissions: Submissions
  readonly #inFlight: InFlight
  #lease: Lease | null = null
  /** Grows whenever what is held is dropped; a commit decided before that is stale, whatever the store says to it. */
  #generation = 0
  /** Commits handed over and not answered yet. */
  readonly #commits = new Set<Promise<unknown>>()
  #isWhole = false
  /** Who waits for that. */
  readonly #waiting = new Set<() => void>()
  #status: 'new' | 'running' | 'stopped' = 'new'

  constructor(options: LoopOptions) {
    const { clock, log, store } = options
    this.#options = options
    this.#held = new HeldStates(store)
    this.#inFlight = new InFlight(clock)
    this.#wakeUp = new WakeUp({
      clock,
      held: this.#held,
      timePassed: (key, at) => this.submit(key, { type: 'time_passed', at }),
    })
    this.#submissions = new Submissions({
      clock,
      log,
      store,
      held: this.#held,
      transact: (keys, make) => this.transact(keys, make),
      isRunning: () => this.isRunning,
      wake: () => this.#wake(),
    })
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
    this.#wakeUp.cancel()
    this.#inFlight.abortAll()
    this.#lookAgain()
  }

  /**
   * Decides and commits inputs as one transaction, made by `make` from the held states of `keys` without any wait in between.
   * Resolves once durable, with which inputs changed something; then their effects are on their way.
   */
  async transact(
    keys: readonly AggregateKey[],
    make: Make,
    request: RequestRecord | MakeRecord | null = null,
  ): Promise<readonly boolean[]> {
    const touched = [...keys]
    try {
      const { plan, written } = await this.#decide(touched, make, request)
      if (written !== null) {
        const rows = await written
        for (const held of plan.held) this.#held.written(held)
        if (rows.length > 0) this.#options.onRows(rows)
        for (const { key, effect } of plan.effects) this.#perform(key, effect)
        for (const held of plan.held) this.#settleUp(held)
      }
      this.#wake()
      return plan.accepted
    } finally {
      for (const key of touched) this.#held.letGo(key)
    }
  }

  /** Whether it decides anything: not before its start, nor after its stop. */
  get isRunning(): boolean {
    return this.#status === 'running'
  }

  /** Whether all that is unsettled is held: not until it was taken up, at the start and again after a write that failed; then `onTakenUp` is called. */
  get isWhole(): boolean {
    return this.#isWhole
  }

  /** Resolves once all that is unsettled is held, or nothing is decided here: before the start and after the stop. */
  async whole(): Promise<void> {
    while (this.isRunning && !this.#isWhole) await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  /** Reads what is not held yet. Environments come with their rollouts, because a settled rollout changes its environment. */
  hold(keys: readonly AggregateKey[]): Promise<void> {
    return this.#held.read(keys)
  }

  /** Aggregates of a kind that are held, which all unsettled ones are while `isWhole`. */
  live(kind: AggregateKind): readonly AggregateKey[] {
    return this.#held.live(kind)
  }

  /** The state of a held aggregate as of the last decision. */
  heldState(key: AggregateKey): unknown {
    return this.#held.of(key).state
  }

  /** The state of an aggregate as it was written last; null for one that is not held. What is read again and again need not be put together anew from its rows. */
  durableState(key: AggregateKey): unknown {
    return this.#held.durableState(key)
  }

  /** The state of an aggregate as of the last decision. */
  async state(key: AggregateKey): Promise<unknown> {
    await this.hold([key])
    return this.heldState(key)
  }

  /** Hands an event to an aggregate; retries by itself while the disk is full. Never rejects. */
  submit(key: AggregateKey, event: AnyEvent): void {
    void this.#submissions.submit(key, event)
  }

  /**
   * Decides on what is held. A refusal, an answer that nothing changes, and a decision that only looked at something, wait until what they stand on is
   * durable: if it turns out never to have been, they are decided again. What is written itself needs no wait: the store refuses a version that never came to be.
   */
  async #decide(keys: AggregateKey[], make: Make, request: RequestRecord | MakeRecord | null): Promise<Decided> {
    for (;;) {
      while (keys.some((key) => !this.#held.has(key))) await this.#held.read(keys)
      const { lease } = this.#running()
      const generation = this.#generation
      const missing: AggregateKey[] = []
      const looked: AggregateKey[] = []
      const decided = attempt(() => {
        const look = (key: AggregateKey): Held => {
          looked.push(key)
          return this.#held.of(key)
        }
        const inputs = make((key) => look(key).state)
        for (const { event } of inputs) this.#wakeUp.decidedFor(event.at)
        return planTransaction(inputs, (key) => {
          if (!this.#held.has(key)) missing.push(key)
          return look(key)
        })
      })
      // What follows for another aggregate is known once it is decided: a release that a run cuts again is there already.
      if (missing.length > 0) {
        keys.push(...missing)
        continue
      }
      if (decided.plan !== null && decided.plan.transitions.length > 0) {
        const { plan } = decided
        if (this.#standsOnUnwritten(looked, plan)) {
          await Promise.allSettled(this.#commits)
          continue
        }
        // Held and handed over in the same turn as it was decided, so that the next decision stands on it and is written after it.
        for (const held of plan.held) this.#held.decided(held)
        const record = typeof request === 'function' ? request() : request
        return { plan, written: this.#commit({ lease, transitions: plan.transitions, request: record }) }
      }
      await Promise.allSettled(this.#commits)
      this.#running()
      if (generation !== this.#generation) continue
      if (decided.plan === null) throw decided.error
      const record = typeof request === 'function' ? request() : null
      const written = record === null ? null : this.#commit({ lease, transitions: [], request: record })
      return { plan: decided.plan, written }
    }
  }

  /** Whether something was looked at, but is not written by the plan itself, that is on its way to the store and may still be refused. */
  #standsOnUnwritten(looked: readonly AggregateKey[], { held }: Plan): boolean {
    const written = new Set(held.map(({ key }) => keyText(key)))
    return looked.some((key) => !written.has(keyText(key)) && !this.#held.isWritten(key))
  }

  #running(): { readonly lease: Lease } {
    if (this.#lease !== null && this.#status === 'running') return { lease: this.#lease }
    throw new SluiceError('store_fenced', { detail: 'the engine is not running' })
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
      this.#generation += 1
      this.#isWhole = false
      this.#held.drop(this.#commits)
      // Refused for its own sake, with nothing written: the rest goes on.
      if (known.retry === 'later' || isRefusal(known)) this.#takeUpLater(known)
      else this.#fatal(known)
      throw known
    } finally {
      this.#commits.delete(written)
    }
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
    while (this.#held.recovering !== null) await this.#held.recovering
    const generation = this.#generation
    for (const stored of await this.#options.store.open(machineVersions)) {
      // A write has failed meanwhile: what was read before it may be old, and is read again once more.
      if (generation !== this.#generation) break
      if (!this.#held.has(stored.key)) await this.#take(stored, isRestart)
    }
    this.#isWhole = generation === this.#generation
    this.#wakeUp.takenUp()
    this.#wake()
    this.#lookAgain()
    this.#options.onTakenUp()
  }

  #lookAgain(): void {
    for (const look of this.#waiting) look()
    this.#waiting.clear()
  }

  async #take(stored: Stored, isRestart: boolean): Promise<void> {
    const { key, state } = this.#held.take(stored)
    const effects = machines[key.kind].outstanding(state)
    if (this.#lease === null || effects.length === 0) return
    const claims = isRestart ? await this.#options.store.claim(key, this.#lease) : 0
    if (claims > limits.claimsMax) return this.#submissions.park(key, `taken up ${claims} times without a step forward`)
    for (const effect of effects) this.#perform(key, effect)
  }

  #perform(key: AggregateKey, effect: AnyEffect): void {
    if (this.#status !== 'running' || !this.#held.has(key)) return
    const { state } = this.#held.of(key)
    if (!machines[key.kind].outstanding(state).some(({ sequence }) => sequence === effect.sequence)) return
    this.#inFlight.run(keyText(key), effect, async (signal) => {
      const event = await this.#options.perform({ key, state, effect }, signal)
      if (this.#status === 'running') this.submit(key, event)
    })
  }

  /** Calls off what a new state no longer wants, and lets go of what is settled. */
  #settleUp({ key, version, state }: Held): void {
    const machine = machines[key.kind]
    if (!this.#held.has(key) || this.#held.of(key).version !== version) return
    this.#inFlight.keepOnly(
      keyText(key),
      machine.outstanding(state).map(({ sequence }) => sequence),
    )
    if (machine.settled(state)) this.#held.remove(key)
  }

  #wake(): void {
    if (this.#status === 'running') this.#wakeUp.set()
  }
}

const attempt = (plan: () => Plan): { readonly plan: Plan } | { readonly plan: null; readonly error: unknown } => {
  try {
    return { plan: plan() }
  } catch (error) {
    return { plan: null, error }
  }
}

/** What the store says to one commit and no other: somebody was first, or it is larger than a row may be. */
const isRefusal = ({ code }: SluiceError): boolean => code === 'command_conflict' || code === 'usage_invalid'

const asSluiceError = (error: unknown): SluiceError =>
  error instanceof SluiceError ? error : new SluiceError('store_failed', { detail: String(error), cause: error })
