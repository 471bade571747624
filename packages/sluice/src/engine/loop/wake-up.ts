/** The one timer of the loop: set for the earliest moment that a held state waits for, which is a function of what is stored. */
import type { AggregateKey } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { HeldStates } from './held-states.ts'
import { machines } from '../machines.ts'

/** What it works with. */
export type WakeUpParts = {
  readonly clock: Clock
  readonly held: HeldStates
  /** Tells an aggregate that a moment has come that it waits for, epoch ms. */
  readonly timePassed: (key: AggregateKey, at: number) => void
}

/** See the file's header. One a loop. */
export class WakeUp {
  readonly #parts: WakeUpParts
  #cancelTimer: () => void = () => {}
  /** The newest time that anything was decided for, epoch ms; unknown once states were taken up, so that the next wake-up is for everything. */
  #newestAt = Infinity

  constructor(parts: WakeUpParts) {
    this.#parts = parts
  }

  /** Something was decided for this time, epoch ms. */
  decidedFor(at: number): void {
    this.#newestAt = Math.max(this.#newestAt, at)
  }

  /** States were taken up, at the start or after a write that failed: whatever a wake-up said meanwhile, of a clock that was set back say, they may not have heard it. */
  takenUp(): void {
    this.#newestAt = Infinity
  }

  /** Sets the timer anew. */
  set(): void {
    this.cancel()
    const { clock, held } = this.#parts
    let earliest: number | null = null
    for (const { key, state } of held.all()) {
      const at = machines[key.kind].nextAt(state)
      if (at !== null && (earliest === null || at < earliest)) earliest = at
    }
    if (earliest === null) return
    const delayMs = Math.min(limits.wakeDelayMsMax, Math.max(0, earliest - clock.now()))
    this.#cancelTimer = clock.after(delayMs, () => this.#wake())
  }

  /** Calls the timer off. */
  cancel(): void {
    this.#cancelTimer()
  }

  #wake(): void {
    const { clock, held, timePassed } = this.#parts
    const at = clock.now()
    // A clock that was set back makes everything due: what waits for a time may be waiting for one that is far off now.
    const isBack = at < this.#newestAt
    this.#newestAt = at
    const due = [...held.all()].filter(({ key, state }) => {
      const dueAt = machines[key.kind].nextAt(state)
      return dueAt !== null && (isBack || dueAt <= at)
    })
    for (const { key } of due) timePassed(key, at)
    if (due.length === 0) this.set()
  }
}
