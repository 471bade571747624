/** Makes an export of a store's ledger; `core/ledger/export` has the form of its lines. */
import { SluiceError } from '../../core/errors.ts'
import { formatExportEnd, formatExportRow, formatExportStart } from '../../core/ledger/export.ts'
import { ledgerStart } from '../../core/ledger/verify.ts'
import type { Anchor } from '../../core/ledger/verify.ts'
import type { Store } from '../../ports/store.ts'

/** Rows read at a time. */
const pageRows = 500

/** The lines of an export of all rows after `after`, without line ends. `not_found` when there is no row `after`. */
export async function* exportLedger(store: Pick<Store, 'ledger'>, after = 0): AsyncGenerator<string, void, undefined> {
  let head = await anchorAt(store, after)
  yield formatExportStart(head)
  for (;;) {
    const rows = await store.ledger({ after: head.seq, limit: pageRows })
    for (const row of rows) yield formatExportRow(row)
    const last = rows.at(-1)
    if (last !== undefined) head = { seq: last.seq, hash: last.hash }
    if (rows.length < pageRows) break
  }
  yield formatExportEnd(head)
}

const anchorAt = async (store: Pick<Store, 'ledger'>, seq: number): Promise<Anchor> => {
  if (seq <= 0) return ledgerStart
  const [row] = await store.ledger({ after: seq - 1, limit: 1 })
  if (row !== undefined) return { seq, hash: row.hash }
  throw new SluiceError('not_found', { detail: `The ledger has no row ${seq}.`, hint: 'Export from an earlier row.' })
}
