/**
 * What of the ledger was pruned: the texts of rows up to a row were taken out, and their hashes left, so that the chain and the tree hold. Each time is a row
 * itself, and names the checkpoint that was signed before. A row without a text is only believed where such a row, later in the ledger, says so.
 *
 * | event         | accepted when                | changes       |
 * |---------------|------------------------------|---------------|
 * | ledger_pruned | it goes further than before  | prunedUntil   |
 */
import { type Machine, rememberingMachine } from '../machine.ts'
import type { Actor } from '../model.ts'

/** What was pruned; 0 before anything was. */
export type RetentionState = { readonly prunedUntil: number }

/** Somebody had the texts of rows up to `until` taken out. */
export type RetentionEvent = {
  readonly type: 'ledger_pruned'
  readonly at: number
  readonly by: Actor
  /** The last row whose text may be gone. */
  readonly until: number
  /** Rows of before this moment were meant, epoch ms. */
  readonly before: number
  /** The checkpoint that was signed before: its rows, and its root as 64 hexadecimal digits. */
  readonly size: number
  readonly root: string
}

/** Before anything was pruned. */
export const nothingPruned: RetentionState = { prunedUntil: 0 }

/** The id of the one aggregate of this kind. */
export const retentionId = 'rows'

/** See the table above. */
export const retentionMachine: Machine<RetentionState, RetentionEvent, never> = rememberingMachine({
  name: 'ledger',
  next: (state, event) => (event.until > state.prunedUntil ? { prunedUntil: event.until } : state),
})

/** How far a row says that texts were taken out; 0 for any other row. */
export const prunedBy = ({
  key,
  type,
  body,
}: {
  readonly key: { readonly kind: string }
  readonly type: string
  readonly body: unknown
}): number => {
  if (key.kind !== 'ledger' || type !== 'ledger_pruned' || typeof body !== 'object' || body === null) return 0
  return 'until' in body && typeof body.until === 'number' ? body.until : 0
}
