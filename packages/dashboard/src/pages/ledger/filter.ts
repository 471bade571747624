/** Which rows of the ledger a page is about, as its address says it. */
import { aggregateKinds, type AggregateKind } from '../../../../sluice/src/core/ledger/entry.ts'

/** Which rows are meant; what is absent means any. */
export type LedgerFilter = {
  readonly kind?: AggregateKind
  /** Of one thing of that kind. */
  readonly id?: string
  readonly who?: string
  readonly environment?: string
  /** Epoch ms. */
  readonly from?: number
  readonly to?: number
}

type Query = Readonly<Record<string, string | undefined>>

/** Parser of the address of the page; what it does not understand it leaves out. */
export const filterOf = (query: Query): LedgerFilter => {
  const kind = aggregateKinds.find((one) => one === query['kind'])
  const [id, who, environment] = [query['id'], query['who'], query['environment']].map(
    (text) => text?.trim() || undefined,
  )
  const [from, to] = [query['from'], query['to']].map(momentOf)
  return {
    ...(kind === undefined ? {} : { kind }),
    ...(kind === undefined || id === undefined ? {} : { id }),
    ...(who === undefined ? {} : { who }),
    ...(environment === undefined ? {} : { environment }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  }
}

const momentOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined

/** The filter as the query of an address; empty for everything. */
export const searchOf = (filter: LedgerFilter): string =>
  new URLSearchParams(Object.entries(filter).map(([name, value]): [string, string] => [name, String(value)])).toString()

/** Where the same rows are to be had as a file. The rows of one thing alone have no export of their own: those of its kind are. */
export const exportPath = (filter: LedgerFilter, format: 'jsonl' | 'csv'): string => {
  const { id, ...exported } = filter
  const search = searchOf(id === undefined ? filter : exported)
  return `/v1/ledger/export?format=${format}${search === '' ? '' : `&${search}`}`
}

/** A moment as a field for local time takes it, to the minute. */
export const localText = (at: number | undefined): string => {
  if (at === undefined) return ''
  const local = new Date(at - new Date(at).getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 16)
}
