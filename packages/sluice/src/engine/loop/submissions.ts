/**
 * Events that nobody waits for (a result, a wake-up), handed to their aggregates until each is recorded. What cannot be written now is written
 * later; what can never be is told as a failure, or parked: set aside with its reason, blocking nobody else.
 */
import { SluiceError } from '../../core/errors.ts'
import type { AggregateKey } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import { sluice } from '../../core/model.ts'
import type { Clock, Log } from '../../ports/clock.ts'
import type { Store } from '../../ports/store.ts'
import type { HeldStates } from './held-states.ts'
import { type AnyEvent, machines } from '../machines.ts'
import { type Input, keyText } from './transaction.ts'

/** What they are handed over with. */
export type SubmissionsParts = {
  readonly clock: Clock
  readonly log: Log
  readonly store: Pick<Store, 'releaseBallast'>
  readonly held: HeldStates
  /** Decides and commits as one transaction. */
  readonly transact: (keys: readonly AggregateKey[], make: () => readonly Input[]) => Promise<unknown>
  /** Whether anything is decided at all. */
  readonly isRunning: () => boolean
  /** Sets the timer of the loop anew. */
  readonly wake: () => void
}

/** See the file's header. One a loop. */
export class Submissions {
  readonly #parts: SubmissionsParts

  constructor(parts: SubmissionsParts) {
    this.#parts = parts
  }

  /** Hands an event to an aggregate; retries by itself while the disk is full. Never rejects. */
  async submit(key: AggregateKey, event: AnyEvent): Promise<void> {
    const { log, transact, isRunning } = this.#parts
    try {
      await transact(await this.#withRelated(key), () => [{ key, event, actor: sluice, reason: null }])
    } catch (error) {
      if (!isRunning()) return
      if (error instanceof SluiceError && error.code === 'usage_invalid') return this.#tooLarge(key, event, error)
      if (error instanceof SluiceError) return this.#again(key, event, error)
      log.error('decision_failed', { key: keyText(key), event: event.type, error: String(error) })
      await this.park(key, `${event.type}: ${String(error)}`)
    }
  }

  /** Sets the work of an aggregate aside, with the reason. Never rejects. */
  async park(key: AggregateKey, detail: string): Promise<void> {
    const { clock, log, transact, isRunning } = this.#parts
    const event = { type: 'work_parked', at: clock.now(), detail }
    try {
      await transact(await this.#withRelated(key), () => [{ key, event, actor: sluice, reason: detail }])
    } catch (error) {
      if (!isRunning()) return
      if (error instanceof SluiceError) return this.#again(key, event, error)
      log.error('park_failed', { key: keyText(key), error: String(error) })
    }
  }

  /** What is too large to be written will be so again: an effect that came to it has failed, anything else is set aside. */
  async #tooLarge(key: AggregateKey, event: AnyEvent, { code, detail }: SluiceError): Promise<void> {
    this.#parts.log.warn('event_too_large', { key: keyText(key), event: event.type })
    if (!('sequence' in event) || event.type === 'effect_failed') return this.park(key, detail)
    const failure = { code, retry: 'never', detail, evidence: [] }
    const failed = { type: 'effect_failed', at: event.at, sequence: event.sequence, failure }
    return this.submit(key, failed)
  }

  /** A result that could not be written is written later; the ballast is for exactly this. */
  async #again(key: AggregateKey, event: AnyEvent, error: SluiceError): Promise<void> {
    const { clock, log, store, wake } = this.#parts
    log.warn('commit_retried', { key: keyText(key), event: event.type, code: error.code })
    if (error.code === 'store_full') await store.releaseBallast()
    // What the time is, the next wake-up says; said by both, it would be said more often with every write that fails.
    const retry = event.type === 'time_passed' ? wake : () => void this.submit(key, event)
    clock.after(limits.commitRetryMs, retry)
  }

  /** The aggregates that a step of this one may touch. */
  async #withRelated(key: AggregateKey): Promise<readonly AggregateKey[]> {
    await this.#parts.held.read([key])
    return [key, ...machines[key.kind].related(this.#parts.held.of(key).state)]
  }
}
