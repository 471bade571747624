/** The states of aggregates as they are stored, one by one and page by page, in the form of today's machines. */
import type { AggregateKey, AggregateKind } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import { formatCursor } from '../../core/list-cursor.ts'
import type { Store, Stored } from '../../ports/store.ts'
import { currentState } from '../machines.ts'

/** A page, newest first. */
export type Page<Item> = { readonly items: readonly Item[]; readonly next: string | null }

/** How much of a list is wanted. */
export type PageQuery = { readonly limit?: number; readonly cursor?: string }

/**
 * Which items of a list are meant. No column of the store knows, so that items are read to be looked at: a page of those that are meant comes out of one
 * portion of the list (`limits.listPortionItems`), may have fewer than were asked for, or none, and its `next` goes on behind the last one looked at.
 */
export type ListFilter<Item> = {
  readonly isMeant: (item: Item) => boolean
  /** Nothing is meant that began before, epoch ms: the list ends where something happened last before then, as it goes by that. */
  readonly from?: number | undefined
}

/** The state that the store has of an aggregate, where it is at hand; otherwise null. */
export type DurableState = (key: AggregateKey) => unknown

/** See the file's header. `read` gives a state its type, or null for what is not there. */
export class StoredStates {
  readonly #store: Store
  readonly #durable: DurableState

  constructor(store: Store, durable: DurableState) {
    this.#store = store
    this.#durable = durable
  }

  /** What there is by that key; null when there is nothing. */
  async find<Item>(key: AggregateKey, read: (state: unknown) => Item | null): Promise<Item | null> {
    const known = this.#durable(key)
    if (known !== null) return read(known)
    const stored = await this.#store.load(key)
    return stored === null ? null : read(currentState(key.kind, stored))
  }

  /** A page of a kind; `idPrefix` for those whose ids begin so. What `read` gives null for is left out, and so is what the filter does not mean. */
  async page<Item>(
    kind: AggregateKind,
    { idPrefix, filter, ...query }: FilteredQuery<Item> & { readonly idPrefix?: string },
    read: (state: unknown) => Item | null,
  ): Promise<Page<Item>> {
    const bounds = boundsOf(query, filter)
    const rows = await this.#store.list({ kind, ...bounds, ...(idPrefix === undefined ? {} : { idPrefix }) })
    const items: Placed<Item>[] = rows.items.map((stored) => ({ row: stored, item: read(currentState(kind, stored)) }))
    return filtered({ items, next: rows.next }, { limit: pageLimit(query.limit), filter })
  }
}

/** A page of what is meant. */
export type FilteredQuery<Item> = PageQuery & { readonly filter?: ListFilter<Item> | undefined }

/** An item with its row, which has its place in the list; null for one that is left out. */
export type Placed<Item> = { readonly row: Pick<Stored, 'key' | 'updatedAt'>; readonly item: Item | null }

/** How much of a list the store is asked for. */
export const boundsOf = (
  { limit, cursor }: PageQuery,
  filter: ListFilter<never> | undefined,
): { readonly limit: number; readonly cursor?: string } => ({
  limit: filter === undefined ? pageLimit(limit) : limits.listPortionItems,
  ...(cursor === undefined ? {} : { cursor }),
})

/** Those items of a portion that are meant, at most `limit`; `next` goes on behind the last one looked at. */
export const filtered = <Item>(
  portion: Page<Placed<Item>>,
  { limit, filter }: { readonly limit: number; readonly filter: ListFilter<Item> | undefined },
): Page<Item> => {
  const items: Item[] = []
  for (const [index, { row, item }] of portion.items.entries()) {
    if (filter?.from !== undefined && row.updatedAt < filter.from) return { items, next: null }
    if (item === null || filter?.isMeant(item) === false) continue
    items.push(item)
    if (items.length < limit || index === portion.items.length - 1) continue
    return { items, next: formatCursor({ updatedAt: row.updatedAt, id: row.key.id }) }
  }
  return { items, next: portion.next }
}

/** How many items a page has when so many are asked for. */
export const pageLimit = (limit: number | undefined): number =>
  Math.min(limit ?? limits.pageItemsDefault, limits.pageItemsMax)
