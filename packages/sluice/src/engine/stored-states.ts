/** The states of aggregates as they are stored, one by one and page by page, in the form of today's machines. */
import type { AggregateKey, AggregateKind } from '../core/ledger/entry.ts'
import { limits } from '../core/limits.ts'
import type { Store } from '../ports/store.ts'
import { currentState } from './machines.ts'

/** A page, newest first. */
export type Page<Item> = { readonly items: readonly Item[]; readonly next: string | null }

/** How much of a list is wanted. */
export type PageQuery = { readonly limit?: number; readonly cursor?: string }

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

  /** A page of a kind; `idPrefix` for those whose ids begin so. What `read` gives null for is left out. */
  async page<Item>(
    kind: AggregateKind,
    { limit, cursor, idPrefix }: PageQuery & { readonly idPrefix?: string },
    read: (state: unknown) => Item | null,
  ): Promise<Page<Item>> {
    const page = await this.#store.list({
      kind,
      limit: pageLimit(limit),
      ...(cursor === undefined ? {} : { cursor }),
      ...(idPrefix === undefined ? {} : { idPrefix }),
    })
    return { next: page.next, items: page.items.flatMap((stored) => read(currentState(kind, stored)) ?? []) }
  }
}

/** How many items a page has when so many are asked for. */
export const pageLimit = (limit: number | undefined): number =>
  Math.min(limit ?? limits.pageItemsDefault, limits.pageItemsMax)
