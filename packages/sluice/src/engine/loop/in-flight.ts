import type { Clock } from '../../ports/clock.ts'
import { limits } from '../../core/limits.ts'
import type { AnyEffect } from '../machines.ts'

/** The effects being performed now, each with a deadline and a way to call it off. */
export class InFlight {
  readonly #clock: Clock
  readonly #running = new Map<string, Map<number, AbortController>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Runs one effect; the same sequence is never run twice at a time. The signal falls at the effect's deadline. */
  run(owner: string, effect: AnyEffect, work: (signal: AbortSignal) => Promise<void>): void {
    const mine = this.#running.get(owner) ?? new Map<number, AbortController>()
    if (mine.has(effect.sequence)) return
    const controller = new AbortController()
    mine.set(effect.sequence, controller)
    this.#running.set(owner, mine)
    const cancel = this.#clock.after(effect.deadlineMs + limits.callMarginMs, () => controller.abort())
    void work(controller.signal).finally(() => {
      cancel()
      mine.delete(effect.sequence)
      if (mine.size === 0 && this.#running.get(owner) === mine) this.#running.delete(owner)
    })
  }

  /** Calls off every effect of an aggregate but these. */
  keepOnly(owner: string, sequences: readonly number[]): void {
    for (const [sequence, controller] of this.#running.get(owner) ?? [])
      if (!sequences.includes(sequence)) controller.abort()
  }

  /** Calls off everything. */
  abortAll(): void {
    for (const mine of this.#running.values()) for (const controller of mine.values()) controller.abort()
  }
}
