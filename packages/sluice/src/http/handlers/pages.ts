import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AggregateKey, LedgerRow } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import type { Engine } from '../../engine/engine.ts'

/** Which rows: those after a number, of everything or of one aggregate, and at most how many. */
export type PagesQuery = { readonly after?: number; readonly key?: AggregateKey; readonly rowsMax?: number }

/**
 * Rows of the ledger, page by page. The store answers without a wait, and so would a whole ledger be read in one go: between two pages everybody else
 * gets their turn.
 */
export async function* ledgerPages(
  engine: Pick<Engine, 'ledger'>,
  { after = 0, key, rowsMax = Infinity }: PagesQuery,
): AsyncGenerator<readonly LedgerRow[], void, undefined> {
  let last = after
  for (let rows = 0; rows < rowsMax; rows += limits.pageItemsMax) {
    if (rows > 0) await nextTurn()
    const page = await engine.ledger({ after: last, limit: limits.pageItemsMax, ...(key === undefined ? {} : { key }) })
    yield page
    last = page.at(-1)?.seq ?? last
    if (page.length < limits.pageItemsMax) return
  }
}
