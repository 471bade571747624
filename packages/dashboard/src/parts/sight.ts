/** The arithmetic of long lists: which rows are in sight. */

/** The rows in sight, from `from` to before `to`, and the space before and after them, pixels. */
export type Sight = { readonly from: number; readonly to: number; readonly above: number; readonly below: number }

/** The arithmetic of it. `top`: how far the list is scrolled out of view. */
export const sightOf = (
  count: number,
  { rowPx, top, heightPx, extra }: { rowPx: number; top: number; heightPx: number; extra: number },
): Sight => {
  const first = Math.max(0, Math.floor(top / rowPx) - extra)
  const last = Math.min(count, Math.ceil((top + heightPx) / rowPx) + extra)
  const from = Math.min(first, Math.max(0, count - 1))
  const to = Math.max(from, last)
  return { from, to, above: from * rowPx, below: Math.max(0, count - to) * rowPx }
}
