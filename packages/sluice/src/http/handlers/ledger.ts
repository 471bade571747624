import { SluiceError } from '../../core/errors.ts'
import { entryText } from '../../core/ledger/entry.ts'
import { createVerifier, ledgerStart } from '../../core/ledger/verify.ts'
import type { Anchor, LedgerLine } from '../../core/ledger/verify.ts'
import type { LedgerRow } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import type { ApiContext, Handlers } from '../context.ts'
import { ledgerPages } from './lookup.ts'

/** Answers from the ledger. */
export const ledgerHandlers: Handlers<'ledger.page' | 'ledger.verify'> = {
  'ledger.page': async ({ engine }, { query }) => {
    const { after = 0, limit = limits.pageItemsDefault, kind, id } = query
    if ((kind === undefined) !== (id === undefined)) {
      throw new SluiceError('usage_invalid', {
        detail: 'kind and id name an aggregate together',
        hint: 'give both or none',
      })
    }
    const key = kind === undefined || id === undefined ? {} : { key: { kind, id } }
    const rows = await engine.ledger({ after, limit, ...key })
    return { rows, next: rows.length < limit ? null : (rows.at(-1)?.seq ?? null) }
  },
  'ledger.verify': async ({ engine, sha256 }) => {
    const verifier = createVerifier({ sha256 })
    for await (const page of ledgerPages(engine, {})) {
      for (const row of page) {
        const fault = verifier.add(lineOf(row))
        if (fault !== null) return fault
      }
    }
    return verifier.end()
  },
}

const lineOf = (row: LedgerRow): LedgerLine => ({
  seq: row.seq,
  text: entryText(row.seq, row),
  previousHash: row.previousHash,
  hash: row.hash,
})

/** The ledger after row `after` as JSON lines, in the form of an export: a first line, rows, a last line. `not_found` when there is no such row. */
export const exportLines = async ({ engine }: ApiContext, after: number): Promise<AsyncGenerator<string>> => {
  const start = await anchorAt(engine, after)
  return exportFrom(engine, start)
}

async function* exportFrom(engine: ApiContext['engine'], start: Anchor): AsyncGenerator<string, void, undefined> {
  yield `${JSON.stringify({ sluice: 'ledger', format: 1, start })}\n`
  let end = start
  for await (const page of ledgerPages(engine, { after: start.seq })) {
    for (const row of page) {
      end = { seq: row.seq, hash: row.hash }
      yield `${rowText(row)}\n`
    }
  }
  yield `${JSON.stringify({ end })}\n`
}

const anchorAt = async (engine: ApiContext['engine'], seq: number): Promise<Anchor> => {
  if (seq === 0) return ledgerStart
  const [row] = await engine.ledger({ after: seq - 1, limit: 1 })
  if (row !== undefined) return { seq, hash: row.hash }
  throw new SluiceError('not_found', { detail: `the ledger has no row ${seq}`, hint: 'export from an earlier row' })
}

const rowText = ({ seq, key, version, type, form, at, actor, reason, body, previousHash, hash }: LedgerRow): string =>
  // Many a reader of lines takes U+2028 and U+2029 for line ends; JSON does not.
  JSON.stringify({ seq, ...key, version, type, form, at, actor, reason, body, previousHash, hash }).replace(
    /[\u2028\u2029]/g,
    (separator) => (separator === '\u2028' ? '\\u2028' : '\\u2029'),
  )
