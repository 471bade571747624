/**
 * The API without a wire, for a command line in the control plane's own process: the same handlers, asked directly. Neither requests nor schemas are
 * made or read, because both ends are typed by the same table; that saves a short-lived command half of its start.
 */
import { rootPrincipal } from '../core/identity/access.ts'
import { SluiceError } from '../core/errors.ts'
import { type AggregateKey, aggregateKinds, type LedgerRow } from '../core/ledger/entry.ts'
import type { ApiContext, Call } from './context.ts'
import { handlers } from './handlers/all.ts'
import { openAttachment } from './handlers/attachments.ts'
import { exportLines } from './handlers/ledger-rows.ts'
import type { Client } from './client/client.ts'
import type { RouteId } from './client/paths.ts'
import type { ServerEvent } from './client/sse.ts'

/**
 * A client of an API in this process. `actor` is the name for the ledger. Its casts are trusted: the parts of a call are those that the types of its route
 * ask for, and the answer is what that route's handler gives.
 */
export const directClient = (context: ApiContext, actor: string): Client => ({
  url: 'in this process',
  call: async (id, input) => {
    const {
      params = {},
      query = {},
      body = {},
      signal,
      idempotencyKey = null,
    } = input as Partial<Call<RouteId>> & {
      readonly idempotencyKey?: string
    }
    const by = { kind: 'person', name: actor } as const
    // Whoever opens the state directory here owns it.
    const principal = rootPrincipal(actor)
    const caller = { by, idempotencyKey, groups: [], where: { client: 'sluice' } }
    const call = { params, query, body, caller, principal, signal: signal ?? context.closing }
    const handle = handlers[id as keyof typeof handlers] as (context: ApiContext, call: unknown) => Promise<never>
    return handle(context, call)
  },
  events: (query, signal) => rowsOf(context, query, AbortSignal.any([signal, context.closing])),
  exportLedger: async function* exportLedger(query, signal) {
    const lines = await exportLines(context, query)
    for await (const text of lines) {
      if (signal.aborted) return
      yield text
    }
  },
  attachment: async function* attachment({ path, ...params }, signal) {
    const { pieces } = await openAttachment(context, { params, query: { path } })
    for await (const piece of pieces) {
      if (signal.aborted) return
      yield piece
    }
  },
})

type EventsQuery = Parameters<Client['events']>[0]

/** Rows read at a time. */
const pageRows = 200

/** Rows in order, without gaps: those before now from the store, then those that the engine announces. */
async function* rowsOf(
  { engine }: ApiContext,
  { after, kind, id }: EventsQuery,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent, void, undefined> {
  const key = keyOf(kind, id)
  const announced: LedgerRow[] = []
  let wake: () => void = () => {}
  const unsubscribe = engine.subscribe((rows) => {
    for (const row of rows) if (concerns(row, key)) announced.push(row)
    wake()
  })
  const end = (): void => wake()
  signal.addEventListener('abort', end, { once: true })
  try {
    let last = after
    while (last !== null && !signal.aborted) {
      const rows = await engine.ledger({ after: last, limit: pageRows, ...(key === null ? {} : { key }) })
      if (rows.length === 0) break
      last = rows.at(-1)?.seq ?? last
      for (const row of rows) yield eventOf(row)
    }
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => (wake = resolve))
      const rows = announced.splice(0)
      // One that was announced while the store was read may have been read there.
      for (const row of rows) if (last === null || row.seq > last) yield eventOf(row)
      if (rows.length === 0) await woken
    }
  } finally {
    unsubscribe()
    signal.removeEventListener('abort', end)
  }
}

const concerns = (row: LedgerRow, key: AggregateKey | null): boolean =>
  key === null || (row.key.kind === key.kind && row.key.id === key.id)

const keyOf = (kind: string | undefined, id: string | undefined): AggregateKey | null => {
  const kinds = aggregateKinds
  const known = kinds.find((one) => one === kind)
  if (kind === undefined || id === undefined) return null
  if (known === undefined) throw new SluiceError('usage_invalid', { detail: `there is no ${kind} in the ledger` })
  return { kind: known, id }
}

/** The text of a row is made only for those who read it. */
const eventOf = (row: LedgerRow): ServerEvent => ({
  id: row.seq,
  event: 'ledger_row',
  get data() {
    return JSON.stringify(row)
  },
})
