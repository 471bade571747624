/** The newest rows of the ledger, held once for every event stream: what hundreds of clients are told is read and written down once. */
import type { AggregateKey, LedgerRow } from '../core/ledger/entry.ts'
import { limits } from '../core/limits.ts'
import type { Engine } from '../engine/engine.ts'

/** Rows as text for a stream, and the number of the last row looked at. */
export type FeedPage = { readonly text: string; readonly last: number }

type Held = { readonly row: LedgerRow; text: string | null }

/** Rows read from the store at a time. */
const pageRows = 200

/** The feed of one control plane. Holds nothing while nobody listens. */
export class EventFeed {
  readonly #engine: Pick<Engine, 'ledger' | 'subscribe'>
  /** Without gaps between them; the last is the newest that was announced. */
  #held: Held[] = []
  readonly #wakes = new Set<(first: number) => void>()
  #end: (() => void) | null = null

  constructor(engine: Pick<Engine, 'ledger' | 'subscribe'>) {
    this.#engine = engine
  }

  /** Calls `wake` after each announcement of rows, with the number of the first of them. Gives how to end it. */
  listen(wake: (first: number) => void): () => void {
    this.#wakes.add(wake)
    this.#end ??= this.#engine.subscribe((rows) => this.#announce(rows))
    return () => {
      this.#wakes.delete(wake)
      if (this.#wakes.size > 0 || this.#end === null) return
      this.#end()
      this.#end = null
      this.#held = []
    }
  }

  /** What comes after a row, of everything or of one aggregate: from what is held where that goes back far enough, else from the store. */
  async after(seq: number, key: AggregateKey | null): Promise<FeedPage> {
    const first = this.#held[0]?.row.seq ?? Infinity
    if (first > seq + 1) {
      const rows = await this.#engine.ledger({ after: seq, limit: pageRows, ...(key === null ? {} : { key }) })
      return { text: rows.map(eventText).join(''), last: rows.at(-1)?.seq ?? seq }
    }
    const rest = this.#held.slice(seq + 1 - first)
    const texts = rest.filter(({ row }) => concerns(row, key)).map(textOf)
    return { text: texts.join(''), last: rest.at(-1)?.row.seq ?? seq }
  }

  #announce(rows: readonly LedgerRow[]): void {
    const [row] = rows
    if (row === undefined) return
    // Rows that are not the next ones: what is held would have a gap.
    if (this.#held.length > 0 && this.#held.at(-1)?.row.seq !== row.seq - 1) this.#held = []
    for (const one of rows) this.#held.push({ row: one, text: null })
    const over = this.#held.length - limits.eventRowsHeldMax
    if (over > 0) this.#held.splice(0, over)
    for (const wake of this.#wakes) wake(row.seq)
  }
}

const concerns = ({ key: { kind, id } }: LedgerRow, key: AggregateKey | null): boolean =>
  key === null || (kind === key.kind && id === key.id)

const textOf = (held: Held): string => (held.text ??= eventText(held.row))

/** One row as an event; its id is its number. */
const eventText = (row: LedgerRow): string => `id: ${row.seq}\nevent: ledger_row\ndata: ${JSON.stringify(row)}\n\n`
