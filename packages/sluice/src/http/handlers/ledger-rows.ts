/** Rows of the ledger that are meant, and exports of them. */
import { SluiceError } from '../../core/errors.ts'
import { csvHead, csvLine } from '../../core/ledger/csv.ts'
import type { AggregateKey, LedgerRow } from '../../core/ledger/entry.ts'
import { formatExportEnd, formatExportRow, formatExportStart } from '../../core/ledger/export.ts'
import { environmentOfFirst, isMeant, type LedgerFilter } from '../../core/ledger/filter.ts'
import { type Anchor, ledgerStart } from '../../core/ledger/verify.ts'
import { limits } from '../../core/limits.ts'
import type { Engine } from '../../engine/engine.ts'
import type { LedgerExportInput, LedgerFilterInput } from '../client/ledger-views.ts'
import type { ApiContext } from '../context.ts'
import { ledgerPages, nextTurn } from './lookup.ts'

/** What a query means. */
export const filterOf = ({ who, what, kind, environment, from, to }: LedgerFilterInput): LedgerFilter => ({
  who: who ?? null,
  what: what ?? null,
  kind: kind ?? null,
  environment: environment ?? null,
  from: from ?? null,
  to: to ?? null,
})

/** Whether a query means all rows. */
export const meansAll = (filter: LedgerFilter): boolean => Object.values(filter).every((part) => part === null)

/** Tells which environment a row is about; reads the first row of an aggregate at most once. */
const environmentTeller = (engine: Pick<Engine, 'ledger'>): ((row: LedgerRow) => Promise<string | null>) => {
  const known = new Map<string, string | null>()
  return async (row) => {
    const { key } = row
    if (key.kind === 'environment' || key.kind === 'maintenance') return environmentOfFirst(row)
    const name = `${key.kind}/${key.id}`
    const found = known.get(name)
    if (found !== undefined) return found
    if (known.size >= limits.pageItemsMax * 20) known.clear()
    const first = row.version === 1 ? row : (await engine.ledger({ after: 0, limit: 1, key }))[0]
    const environment = first === undefined ? null : environmentOfFirst(first)
    known.set(name, environment)
    return environment
  }
}

/** Rows that are meant, after a number: at most `limit`, and `next` where to go on, or null when there are no more. */
export const meantPage = async (
  engine: Pick<Engine, 'ledger'>,
  filter: LedgerFilter,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<{ readonly rows: readonly LedgerRow[]; readonly next: number | null }> => {
  const environmentOf = environmentTeller(engine)
  const rows: LedgerRow[] = []
  let [last, looked] = [after, 0]
  for await (const page of ledgerPages(engine, { after })) {
    for (const row of page) {
      last = row.seq
      looked += 1
      if (isMeant(filter, row) && (await isIn(filter, row, environmentOf))) rows.push(row)
      if (rows.length >= limit || looked >= limits.ledgerRowsLookedMax) return { rows, next: last }
    }
  }
  return { rows, next: null }
}

/** The same backwards: the newest first, before a number. `next` is the number to go on before. */
export const newestPage = async (
  engine: Pick<Engine, 'ledger'>,
  filter: LedgerFilter,
  { before, limit }: { readonly before: number; readonly limit: number },
): Promise<{ readonly rows: readonly LedgerRow[]; readonly next: number | null }> => {
  const environmentOf = environmentTeller(engine)
  const rows: LedgerRow[] = []
  for (let last = before - 1; last > 0; last -= limits.pageItemsMax) {
    if (last < before - 1) await nextTurn()
    const after = Math.max(0, last - limits.pageItemsMax)
    for (const row of (await engine.ledger({ after, limit: last - after })).toReversed()) {
      if (isMeant(filter, row) && (await isIn(filter, row, environmentOf))) rows.push(row)
      if (row.seq > 1 && (rows.length >= limit || before - row.seq >= limits.ledgerRowsLookedMax))
        return { rows, next: row.seq }
    }
  }
  return { rows, next: null }
}

/** An export, line by line with their ends. `not_found` when there is no row to begin after. */
export const exportLines = async (
  { engine }: Pick<ApiContext, 'engine'>,
  query: LedgerExportInput,
): Promise<AsyncGenerator<string>> => {
  const filter = filterOf(query)
  const start = await anchorAt(engine, query.after ?? 0)
  if (query.format === 'csv') return csvFrom(engine, filter, start.seq)
  return meansAll(filter) ? chainFrom(engine, start) : meantFrom(engine, filter, start.seq)
}

/** The whole chain from a row on: what `sluice ledger verify --file` checks. */
async function* chainFrom(engine: Pick<Engine, 'ledger'>, start: Anchor): AsyncGenerator<string, void, undefined> {
  yield `${formatExportStart(start)}\n`
  let end = start
  for await (const page of ledgerPages(engine, { after: start.seq })) {
    for (const row of page) {
      end = { seq: row.seq, hash: row.hash }
      yield `${formatExportRow(row)}\n`
    }
  }
  yield `${formatExportEnd(end)}\n`
}

/** Rows out of their chain: their first line is another one, so that nobody takes them for the ledger. */
async function* meantFrom(
  engine: Pick<Engine, 'ledger'>,
  filter: LedgerFilter,
  after: number,
): AsyncGenerator<string, void, undefined> {
  yield `${JSON.stringify({ sluice: 'ledger-rows', format: 1, after, filter })}\n`
  for await (const { row } of meant(engine, filter, after)) yield `${formatExportRow(row)}\n`
}

async function* csvFrom(
  engine: Pick<Engine, 'ledger'>,
  filter: LedgerFilter,
  after: number,
): AsyncGenerator<string, void, undefined> {
  yield csvHead
  for await (const { row, environment } of meant(engine, filter, after)) yield csvLine(row, environment)
}

async function* meant(
  engine: Pick<Engine, 'ledger'>,
  filter: LedgerFilter,
  after: number,
): AsyncGenerator<{ readonly row: LedgerRow; readonly environment: string | null }, void, undefined> {
  const environmentOf = environmentTeller(engine)
  for await (const page of ledgerPages(engine, { after })) {
    for (const row of page) {
      if (!isMeant(filter, row)) continue
      const environment = await environmentOf(row)
      if (filter.environment === null || environment === filter.environment) yield { row, environment }
    }
  }
}

const isIn = async (
  { environment }: LedgerFilter,
  row: LedgerRow,
  environmentOf: (row: LedgerRow) => Promise<string | null>,
): Promise<boolean> => environment === null || (await environmentOf(row)) === environment

const anchorAt = async (engine: Pick<Engine, 'ledger'>, seq: number): Promise<Anchor> => {
  if (seq === 0) return ledgerStart
  const [row] = await engine.ledger({ after: seq - 1, limit: 1 })
  if (row !== undefined) return { seq, hash: row.hash }
  throw new SluiceError('not_found', { detail: `the ledger has no row ${seq}`, hint: 'export from an earlier row' })
}

/** Names an aggregate, as a query does it with its two words. */
export const keyOfQuery = ({
  kind,
  id,
}: {
  readonly kind?: AggregateKey['kind'] | undefined
  readonly id?: string | undefined
}): AggregateKey | null => {
  if (id === undefined) return null
  if (kind !== undefined) return { kind, id }
  throw new SluiceError('usage_invalid', {
    detail: 'id names an aggregate together with kind',
    hint: 'give the kind, too: kind=rollout&id=rol_…',
  })
}
