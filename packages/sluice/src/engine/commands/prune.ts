/** Taking the texts of old rows out of the ledger: said in the ledger first, behind a signed checkpoint, then done in portions. */
import { SluiceError } from '../../core/errors.ts'
import type { AggregateKey } from '../../core/ledger/entry.ts'
import { hexOfBytes } from '../../core/ledger/merkle.ts'
import { type RetentionEvent, retentionId } from '../../core/ledger/retention.ts'
import { limits } from '../../core/limits.ts'
import type { Store } from '../../ports/store.ts'
import { type Asking, type Desk, input } from '../desk.ts'
import type { LedgerBook } from '../reading/ledger-book.ts'

/** Which rows. */
export type PruneCommand = {
  /** Rows of before this moment, epoch ms. */
  readonly before: number
}

/** The same, with what signs the checkpoint before it. */
export type PruneWish = PruneCommand & Pick<PruneParts, 'book'>

/** What was done: texts of rows up to `until` are gone, `rows` of them now. Rows of what is not over keep theirs. */
export type Pruned = { readonly until: number; readonly rows: number }

/** What it works with. */
export type PruneParts = {
  readonly desk: Desk
  readonly store: Pick<Store, 'anchor' | 'ledger'>
  readonly book: Pick<LedgerBook, 'checkpoint'>
}

/** Says in the ledger up to which row texts go. `usage_invalid` when rows of the last days are meant, `ledger_broken` when the ledger is not what was signed last. */
export const sayPruned = async (
  { desk, store, book }: PruneParts,
  command: PruneCommand,
  asking: Asking,
): Promise<{ readonly until: number }> => {
  const at = desk.clock.now()
  if (command.before > at - limits.retentionMsMin)
    throw new SluiceError('usage_invalid', {
      detail: `rows of the last ${limits.retentionMsMin / 86_400_000} days are not pruned`,
      hint: 'sluice ledger prune --before 400d',
    })
  const until = await lastBefore(store, command.before)
  if (until === 0) return { until }
  const { checkpoint } = await book.checkpoint()
  const key: AggregateKey = { kind: 'ledger', id: retentionId }
  const event: RetentionEvent = {
    type: 'ledger_pruned',
    at,
    by: asking.by,
    until,
    before: command.before,
    size: checkpoint.size,
    root: hexOfBytes(checkpoint.root),
  }
  await desk.loop.transact([key], () => [input(key, event, asking)], asking.record?.({ until }) ?? null)
  return { until }
}

/** Takes the texts out, once that was said. Safe to repeat. */
export const takeTexts = async (store: Pick<Store, 'prune'>, until: number): Promise<Pruned> => {
  let rows = 0
  for (let after = 0; after < until; after += limits.prunePortionRows)
    rows += await store.prune({ after, until: Math.min(until, after + limits.prunePortionRows) })
  return { until, rows }
}

/** The last row of before a moment, found by halving: rows come in the order of their times, but for a clock that was set back. */
const lastBefore = async (store: Pick<Store, 'anchor' | 'ledger'>, before: number): Promise<number> => {
  let [low, high] = [0, (await store.anchor()).seq]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    const [row] = await store.ledger({ after: middle - 1, limit: 1 })
    if (row !== undefined && row.at < before) low = middle
    else high = middle - 1
  }
  return low
}
