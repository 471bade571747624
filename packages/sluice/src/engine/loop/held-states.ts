/** The states that the loop holds in memory: each as it was decided last, and as the store has it. Between the two is what is being written. */
import type { AggregateKey, AggregateKind } from '../../core/ledger/entry.ts'
import type { Store, Stored } from '../../ports/store.ts'
import { machines } from '../machines.ts'
import { type Held, heldOf, keyText, unwritten } from './transaction.ts'

/** See the file's header. One a loop. */
export class HeldStates {
  readonly #store: Pick<Store, 'load'>
  readonly #decided = new Map<string, Held>()
  readonly #durable = new Map<string, Held>()
  /** What is being read from the store; `isOld` once the aggregate was let go of or dropped meanwhile, so that what comes may be from before its last change. */
  readonly #reads = new Set<{ readonly text: string; isOld: boolean }>()
  /** Set while what was held is dropped and commits that stood on it are out: what is read before they are in is soon old. */
  #recovering: Promise<unknown> | null = null

  constructor(store: Pick<Store, 'load'>) {
    this.#store = store
  }

  /** Everything that is held, as it was decided last. */
  all(): IterableIterator<Held> {
    return this.#decided.values()
  }

  /** Whether the aggregate is held. */
  has(key: AggregateKey): boolean {
    return this.#decided.has(keyText(key))
  }

  /** The aggregate as it was decided last; one that is not held is taken for one that there is not yet. */
  of(key: AggregateKey): Held {
    return this.#decided.get(keyText(key)) ?? unwritten(key)
  }

  /** Aggregates of a kind that are held and were written, which all unsettled ones are. */
  live(kind: AggregateKind): readonly AggregateKey[] {
    return [...this.#decided.values()].flatMap(({ key, version }) => (key.kind === kind && version > 0 ? [key] : []))
  }

  /** The state of an aggregate as it was written last; null for one that is not held. */
  durableState(key: AggregateKey): unknown {
    return this.#durable.get(keyText(key))?.state ?? null
  }

  /** Reads what is not held yet. */
  async read(keys: readonly AggregateKey[]): Promise<void> {
    for (const key of keys) {
      if (this.has(key)) continue
      const stored = await this.#load(key)
      if (this.has(key)) continue
      if (stored === null) this.decided(unwritten(key))
      else this.take(stored)
    }
  }

  async #load(key: AggregateKey): Promise<Stored | null> {
    for (;;) {
      while (this.#recovering !== null) await this.#recovering
      const read = { text: keyText(key), isOld: false }
      this.#reads.add(read)
      try {
        const stored = await this.#store.load(key)
        if (!read.isOld || this.has(key)) return stored
      } finally {
        this.#reads.delete(read)
      }
    }
  }

  /** Holds what the store has. */
  take(stored: Stored): Held {
    const held = heldOf(stored)
    this.decided(held)
    this.written(held)
    return held
  }

  /** Holds what was decided. */
  decided(held: Held): void {
    this.#decided.set(keyText(held.key), held)
  }

  /** Notes that it is durable now, unless something newer is. */
  written(held: Held): void {
    const text = keyText(held.key)
    const before = this.#durable.get(text)
    if (before === undefined || before.version < held.version) this.#durable.set(text, held)
  }

  /** Whether what was decided last is durable. */
  isWritten(key: AggregateKey): boolean {
    const text = keyText(key)
    const { version } = this.of(key)
    return version === 0 || this.#durable.get(text)?.version === version
  }

  /** Holds it no more. */
  remove(key: AggregateKey): void {
    for (const read of this.#reads) if (read.text === keyText(key)) read.isOld = true
    this.#decided.delete(keyText(key))
    this.#durable.delete(keyText(key))
  }

  /** What was only looked at, because nothing happens to it any more or it never came to be, need not stay; environments are few, and asked again and again. */
  letGo(key: AggregateKey): void {
    const held = this.#decided.get(keyText(key))
    if (held === undefined || key.kind === 'environment') return
    if (!this.isWritten(key) || (held.version > 0 && !machines[key.kind].settled(held.state))) return
    this.remove(key)
  }

  /** Holds nothing any more, and reads nothing until all of `commits`, which stood on it, are answered. */
  drop(commits: Iterable<Promise<unknown>>): void {
    this.#decided.clear()
    this.#durable.clear()
    for (const read of this.#reads) read.isOld = true
    const recovering = Promise.allSettled(commits).then(() => {
      if (this.#recovering === recovering) this.#recovering = null
    })
    this.#recovering = recovering
  }

  /** Resolves once nothing is out that stood on what was dropped, but for what was dropped meanwhile: ask again. Null when nothing is. */
  get recovering(): Promise<unknown> | null {
    return this.#recovering
  }
}
