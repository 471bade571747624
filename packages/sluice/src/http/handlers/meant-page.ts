/** Pages of lists of which only some items are meant: what is looked at for one answer is bounded, and the answer says where to go on. */
import { limits } from '../../core/limits.ts'
import type { Page, PageQuery } from '../../engine/reading/stored-states.ts'
import { nextTurn } from './lookup.ts'

/**
 * A page of what is meant. `list` gives what there is of it in one portion of the list; portions are asked for until the page is full, the list is over,
 * or `limits.listPortionsMax` were looked at. Then it has fewer items than were asked for, or none, and its `next` goes on from there.
 */
export const meantPage = async <Item>(
  list: (query: PageQuery) => Promise<Page<Item>>,
  query: PageQuery,
): Promise<Page<Item>> => {
  const { limit = limits.pageItemsDefault } = query
  const first = await list(query)
  const items = [...first.items]
  let { next } = first
  for (let portions = 1; portions < limits.listPortionsMax; portions += 1) {
    if (next === null || items.length >= limit) break
    await nextTurn()
    const more: Page<Item> = await list({ limit: limit - items.length, cursor: next })
    items.push(...more.items)
    next = more.next
  }
  return { items, next }
}

/** A page's bounds without the undefined members that `exactOptionalPropertyTypes` refuses. */
export const pageOf = ({
  limit,
  cursor,
}: {
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
}): { readonly limit?: number; readonly cursor?: string } => ({
  ...(limit === undefined ? {} : { limit }),
  ...(cursor === undefined ? {} : { cursor }),
})
