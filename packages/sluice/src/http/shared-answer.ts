/** Answers that many ask for at the same time, made once for all of them. */
import type { Engine } from '../engine/engine.ts'
import type { Clock } from '../ports/clock.ts'

/**
 * One answer, kept until a row is added to the ledger, and for `freshMs` at most: what is observed moves without a row. Whoever asks after a row was
 * announced is never given what was made before it.
 */
export class SharedAnswer<Answer> {
  readonly #clock: Pick<Clock, 'now'>
  readonly #freshMs: number
  #kept: { readonly answer: Promise<Answer>; readonly at: number } | null = null

  constructor(
    engine: Pick<Engine, 'subscribe'>,
    { clock, freshMs }: { readonly clock: Pick<Clock, 'now'>; readonly freshMs: number },
  ) {
    this.#clock = clock
    this.#freshMs = freshMs
    engine.subscribe(() => (this.#kept = null))
  }

  /** The answer that is at hand, or a new one by `make`. One that failed is not kept. */
  get(make: () => Promise<Answer>): Promise<Answer> {
    const now = this.#clock.now()
    const age = this.#kept === null ? Infinity : now - this.#kept.at
    if (this.#kept !== null && age >= 0 && age < this.#freshMs) return this.#kept.answer
    const kept = { answer: make(), at: now }
    this.#kept = kept
    kept.answer.catch(() => {
      if (this.#kept === kept) this.#kept = null
    })
    return kept.answer
  }
}
