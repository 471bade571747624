/** Ledger rows as server-sent events (WHATWG HTML, section 9.2). */
import type { AggregateKind } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import type { Clock } from '../../ports/clock.ts'
import type { EventFeed } from '../event-feed.ts'

/** What of the ledger a stream tells, and from where. */
export type EventQuery = {
  /** Rows after this number; null for those that come from now on. */
  readonly after: number | null
  readonly key: { readonly kind: AggregateKind; readonly id: string } | null
  /** What is there now, as text of a `snapshot`, for who has missed too much to be told each row; null: every row is told. */
  readonly snapshot: (() => Promise<Snapshot>) | null
}

/** Everything as it stands, as JSON, and the number of the newest row that is in it. */
export type Snapshot = { readonly seq: number; readonly text: string }

/** Where rows come from. */
export type EventSourceOf = {
  readonly feed: EventFeed
  readonly head: () => Promise<number>
  readonly clock: Pick<Clock, 'after'>
}

/**
 * A stream of rows in order, without gaps: what is announced only wakes it, the rows are read. It reads as fast as its client does, so a slow one costs no
 * memory. Ends with `ended`; `onClose` is called once, however it ends.
 */
export const eventStream = (
  source: EventSourceOf,
  query: EventQuery,
  { ended, onClose }: { readonly ended: AbortSignal; readonly onClose: () => void },
): ReadableStream<Uint8Array> => {
  const encoder = new TextEncoder()
  let last = query.after
  let isLooked = false
  let wake: () => void = () => {}
  const closed = new AbortController()
  const unlisten = source.feed.listen((first) => {
    last ??= first - 1
    wake()
  })
  const close = (): void => {
    if (closed.signal.aborted) return
    closed.abort()
    unlisten()
    wake()
    onClose()
  }
  ended.addEventListener('abort', close, { once: true })
  if (ended.aborted) close()
  const missed = async (): Promise<string> => {
    isLooked = true
    const { snapshot } = query
    if (snapshot === null || last === null) return ''
    const behind = (await source.head()) - last
    // Also who knows rows that are not there: it has seen another ledger, that of a backup for one.
    if (behind >= 0 && behind <= limits.eventGapRowsMax) return ''
    const { seq, text } = await snapshot()
    last = seq
    return `id: ${seq}\nevent: snapshot\ndata: ${text}\n\n`
  }
  const next = async (): Promise<string> => {
    const first = isLooked ? '' : await missed()
    if (first !== '') return first
    while (!closed.signal.aborted) {
      const woken = new Promise<'woken'>((resolve) => (wake = () => resolve('woken')))
      const page = last === null ? { text: '', last } : await source.feed.after(last, query.key)
      const isFurther = page.last !== last
      last = page.last
      if (page.text !== '') return page.text
      if (isFurther) continue
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

const idle = (clock: Pick<Clock, 'after'>, woken: Promise<unknown>): Promise<'idle'> =>
  new Promise((resolve) => {
    const stop = clock.after(limits.eventHeartbeatMs, () => resolve('idle'))
    void woken.then(stop)
  })
