/** Ledger rows as server-sent events (WHATWG HTML, section 9.2). */
import type { AggregateKind, LedgerRow } from '../core/ledger/entry.ts'
import { limits } from '../core/limits.ts'
import type { Engine } from '../engine/engine.ts'
import type { Clock } from '../ports/clock.ts'

/** What of the ledger a stream tells, and from where. */
export type EventQuery = {
  /** Rows after this number; null for those that come from now on. */
  readonly after: number | null
  readonly key: { readonly kind: AggregateKind; readonly id: string } | null
}

/** Where rows come from. */
export type EventSourceOf = { readonly engine: Pick<Engine, 'ledger' | 'subscribe'>; readonly clock: Clock }

/** Rows read at a time. */
const pageRows = 200

/**
 * A stream of rows in order, without gaps: what the engine announces only wakes it, the rows are read from the store. It reads as fast as its client
 * does, so a slow one costs no memory. Ends with `ended`; `onClose` is called once, however it ends.
 */
export const eventStream = (
  source: EventSourceOf,
  query: EventQuery,
  { ended, onClose }: { readonly ended: AbortSignal; readonly onClose: () => void },
): ReadableStream<Uint8Array> => {
  const encoder = new TextEncoder()
  let last = query.after
  let wake: () => void = () => {}
  const closed = new AbortController()
  const unsubscribe = source.engine.subscribe((rows) => {
    last ??= (rows[0]?.seq ?? 1) - 1
    wake()
  })
  const close = (): void => {
    if (closed.signal.aborted) return
    closed.abort()
    unsubscribe()
    wake()
    onClose()
  }
  ended.addEventListener('abort', close, { once: true })
  if (ended.aborted) close()
  const next = async (): Promise<string> => {
    while (!closed.signal.aborted) {
      const woken = new Promise<'woken'>((resolve) => (wake = () => resolve('woken')))
      const rows = last === null ? [] : await read(source.engine, last, query)
      last = rows.at(-1)?.seq ?? last
      if (rows.length > 0) return rows.map(eventText).join('')
      if ((await Promise.race([woken, idle(source.clock, woken)])) === 'idle') return ': still here\n\n'
    }
    return ''
  }
  return new ReadableStream<Uint8Array>({
    // Told at once, so that a client knows from when on nothing is missed.
    start: (controller) => controller.enqueue(encoder.encode('retry: 1000\n\n: connected\n\n')),
    pull: async (controller) => {
      const text = await next()
      if (text !== '') controller.enqueue(encoder.encode(text))
      if (closed.signal.aborted) controller.close()
    },
    cancel: close,
  })
}

const idle = (clock: Clock, woken: Promise<unknown>): Promise<'idle'> =>
  new Promise((resolve) => {
    const stop = clock.after(limits.eventHeartbeatMs, () => resolve('idle'))
    void woken.then(stop)
  })

const read = (engine: Pick<Engine, 'ledger'>, after: number, { key }: EventQuery): Promise<readonly LedgerRow[]> =>
  engine.ledger({ after, limit: pageRows, ...(key === null ? {} : { key }) })

/** One row as an event; its id is its number. */
export const eventText = (row: LedgerRow): string =>
  `id: ${row.seq}\nevent: ledger_row\ndata: ${JSON.stringify(row)}\n\n`
