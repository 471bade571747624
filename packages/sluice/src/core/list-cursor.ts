/** Where a page of a list ended: the last item's time and id. Opaque to callers. */
import { SluiceError } from './errors.ts'
import type { AggregateKind } from './ledger/entry.ts'

/** The last item of a page. */
export type Cursor = { readonly updatedAt: number; readonly id: string }

/** What keeps its place in lists, whatever happens to it later. */
export const listedByMaking: AggregateKind = 'release'

/** Writes a cursor. */
export const formatCursor = (cursor: Cursor): string => `${cursor.updatedAt}:${cursor.id}`

/** Reads a cursor; `usage_invalid` for any text that `formatCursor` did not write. */
export const parseCursor = (text: string): Cursor => {
  const match = /^(-?\d{1,16}):(.+)$/s.exec(text)
  const [, updatedAt, id] = match ?? []
  if (updatedAt === undefined || id === undefined) {
    throw new SluiceError('usage_invalid', {
      detail: `${JSON.stringify(text)} is not a cursor.`,
      hint: 'Pass the `next` of the page before, or none for the first page.',
    })
  }
  return { updatedAt: Number(updatedAt), id }
}
