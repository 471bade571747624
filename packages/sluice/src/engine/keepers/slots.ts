/** Gives jobs of concurrency groups their turn: looks at all live runs whenever one of them moved, and decides for them in one transaction. */
import type { AggregateKey, LedgerRow } from '../../core/ledger/entry.ts'
import { slotMoves, waitsForSlot } from '../../core/pipeline/slots.ts'
import { limits } from '../../core/limits.ts'
import type { Clock, Log } from '../../ports/clock.ts'
import type { Loop } from '../loop/loop.ts'
import { sluice } from '../../core/model.ts'
import { existingRun } from '../trusted.ts'

/** See the file's header. One an engine; a pass at the start takes up what was left. */
export class SlotKeeper {
  readonly #loop: Loop
  readonly #clock: Clock
  readonly #log: Log
  #isLooking = false
  #isWanted = false

  constructor(parts: { readonly loop: Loop; readonly clock: Clock; readonly log: Log }) {
    this.#loop = parts.loop
    this.#clock = parts.clock
    this.#log = parts.log
  }

  /** Rows became durable: a run may wait now, or have made room. */
  noticed(rows: readonly LedgerRow[]): void {
    if (rows.some(({ key }) => key.kind === 'run')) this.look()
  }

  /** Looks at all live runs; at most one look at a time, and one more when something moved meanwhile. */
  look(): void {
    this.#isWanted = true
    if (this.#isLooking) return
    this.#isLooking = true
    void this.#passes().finally(() => {
      this.#isLooking = false
    })
  }

  async #passes(): Promise<void> {
    while (this.#isWanted) {
      this.#isWanted = false
      const keys = this.#loop.live('run')
      // Who holds a slot may not have been taken up again yet: then this looks once it is.
      if (!this.#loop.isWhole || !keys.some((key) => this.#waits(key))) continue
      try {
        await this.#loop.transact(keys, (stateOf) => {
          const runs = keys.flatMap((key) => existingRun(stateOf(key)) ?? [])
          const moves = slotMoves(runs, this.#clock.now())
          return moves.map(({ run, event }) => ({ key: { kind: 'run', id: run }, event, actor: sluice, reason: null }))
        })
      } catch (error) {
        this.#log.warn('slots_not_moved', { error: String(error) })
        // Nobody who waits writes anything, so that nothing else would wake this up.
        if (this.#loop.isRunning) this.#clock.after(limits.commitRetryMs, () => this.look())
      }
    }
  }

  #waits(key: AggregateKey): boolean {
    const run = existingRun(this.#loop.heldState(key))
    return run !== null && waitsForSlot(run)
  }
}
