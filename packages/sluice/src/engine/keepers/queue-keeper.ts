/**
 * Gives releases that wait for an environment their turn: looks at every queue whenever an environment moved, and decides for each in one transaction. What it looks at is durable
 * and so is what it decides; it remembers nothing, so that a restart goes on where it was, and no entry is started twice.
 */
import { SluiceError } from '../../core/errors.ts'
import type { AggregateKey, AggregateKind, LedgerRow } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import { rolloutId, sluice } from '../../core/model.ts'
import { type Candidate, namesItsRollout, type QueueEntry, queueMoves } from '../../core/queue.ts'
import { admissionOf, type Prepared, prepare, startOf, type StateOf, stillStands } from '../admission/admitting.ts'
import { type Asking, type Desk, input } from '../desk.ts'
import { liveDrill } from '../admission/live-drill.ts'
import type { Log } from '../../ports/clock.ts'
import type { Input } from '../loop/transaction.ts'
import { asEnvironment } from '../trusted.ts'
import { wantedOf } from '../admission/wanted.ts'

/** What was read about an entry, or why it can never start. */
type Read = ReadonlyMap<string, Prepared | string>

/** What may give somebody their turn. */
const looked: ReadonlySet<AggregateKind> = new Set(['environment', 'drill', 'line'])

/** See the file's header. One an engine; a look at the start takes up what was left. */
export class QueueKeeper {
  readonly #desk: Desk
  readonly #log: Log
  #isLooking = false
  #isWanted = false
  /** A look failed, and the next is a while off: every write that fails costs everybody else theirs. */
  #isPausing = false

  constructor(parts: { readonly desk: Desk; readonly log: Log }) {
    this.#desk = parts.desk
    this.#log = parts.log
  }

  /** Rows became durable: an environment may have room now, or somebody waits for it. */
  noticed(rows: readonly LedgerRow[]): void {
    if (rows.some(({ key }) => looked.has(key.kind))) this.look()
  }

  /** Looks at all queues; at most one look at a time, and one more when something moved meanwhile. */
  look(): void {
    this.#isWanted = true
    if (this.#isLooking || this.#isPausing) return
    this.#isLooking = true
    void this.#passes().finally(() => {
      this.#isLooking = false
    })
  }

  async #passes(): Promise<void> {
    while (this.#isWanted && !this.#isPausing) {
      this.#isWanted = false
      for (const key of this.#desk.loop.live('environment')) {
        try {
          await this.#pass(key)
        } catch (error) {
          this.#log.warn('queue_not_moved', { environment: key.id, error: String(error) })
          this.#pause()
        }
      }
    }
  }

  /** Who waits writes nothing, so that nothing else would wake this up. */
  #pause(): void {
    if (this.#isPausing || !this.#desk.loop.isRunning) return
    this.#isPausing = true
    this.#desk.clock.after(limits.commitRetryMs, () => {
      this.#isPausing = false
      this.look()
    })
  }

  async #pass(key: AggregateKey): Promise<void> {
    const { queue } = asEnvironment(this.#desk.loop.heldState(key))
    if (queue === undefined) return
    const { service, environment } = asEnvironment(this.#desk.loop.heldState(key))
    const read = await this.#read({ service, environment }, queue)
    const keys = [...read.values()].flatMap((one) => (typeof one === 'string' ? [] : one.keys))
    await this.#desk.loop.transact([key, ...keys], (stateOf) => this.#inputs(key, read, stateOf))
  }

  async #read(
    target: { readonly service: string; readonly environment: string },
    queue: readonly QueueEntry[],
  ): Promise<Read> {
    const read = new Map<string, Prepared | string>()
    for (const entry of queue) {
      try {
        const release = await this.#desk.reading.release(entry.release)
        const as = namesItsRollout(entry) ? rolloutId(entry.id) : null
        const { purpose, overrides = [], hotfix } = entry
        // A turn comes by itself: what somebody queued as a way forward is never taken for a way back.
        const base = { ...target, purpose, overrides, initiator: 'automation', replace: false } as const
        const command = hotfix === undefined ? base : { ...base, hotfix }
        read.set(entry.id, prepare(this.#desk.ids, await wantedOf(this.#desk, command, release), as))
      } catch (error) {
        // What the release itself says, or that it is gone, does not change by waiting.
        if (!(error instanceof SluiceError) || error.retry !== 'never') throw error
        read.set(entry.id, error.detail)
      }
    }
    return read
  }

  #inputs(key: AggregateKey, read: Read, stateOf: StateOf): readonly Input[] {
    const now = this.#desk.clock.now()
    const state = asEnvironment(stateOf(key))
    const candidate = (entry: QueueEntry): Candidate | string | null => {
      const found = read.get(entry.id)
      if (found === undefined || typeof found === 'string') return found ?? null
      if (!stillStands(found, stateOf)) return null
      const admission = admissionOf(found, stateOf, { now, asker: entry, turnOf: entry.id })
      return { spec: found.wanted.spec, cutAt: found.wanted.release.cutAt, admission }
    }
    // Who is in the way may not have been taken up again yet: then this looks once it is.
    if (!this.#desk.loop.isWhole) return []
    // A drill holds its environment also between its two ways, so that it returns to what it found.
    const live = state.live ?? liveDrill(this.#desk, state)?.plan.id ?? null
    return queueMoves({ ...state, live }, candidate, now).flatMap((move) => {
      if (move.kind === 'record') return [input(key, move.event, nobody)]
      const { entry } = move
      const found = read.get(entry.id)
      if (found === undefined || typeof found === 'string') return []
      const { by, reason, groups } = entry
      const asking: Asking = { by, reason, record: null, ...(groups === undefined ? {} : { groups }) }
      const left = { type: 'queue_started', at: now, entry: entry.id, rollout: found.id }
      return [input(key, left, nobody), ...startOf(found, stateOf, { at: now, asking, turnOf: entry.id })]
    })
  }
}

const nobody: Asking = { by: sluice, reason: null, record: null }
