/** The ledger: every row, who, what, when, why; its proof; exports; and whether the chain is whole. */
import { useSignal } from '@preact/signals'
import type { VNode } from 'preact'
import { useLocation } from 'preact-iso'
import type { LedgerPageView, LedgerRowView } from '../../../../sluice/src/http/client/ledger-views.ts'
import type { PageView } from '../../../../sluice/src/http/client/views.ts'
import { ask } from '../../live/ask.ts'
import { useAnswer } from '../../live/store.ts'
import { Paged } from '../../parts/more.tsx'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { Table } from '../../parts/table.tsx'
import { Moment } from '../../parts/time.tsx'
import { ChainStatus } from './chain.tsx'
import { exportPath, filterOf, type LedgerFilter, searchOf } from './filter.ts'
import { FilterForm } from './filter-form.tsx'
import { Proof } from './proof.tsx'

const pageRows = 100

/** The page. Its address says which rows: `?kind=` (and `?id=` of one thing), `?who=`, `?environment=`, `?from=`, `?to=`, and `?after=` a row. */
export const Ledger = (): VNode => {
  const { query, route } = useLocation()
  const filter = filterOf(query)
  const after = /^\d{1,15}$/.test(query['after'] ?? '') ? Number(query['after']) : null
  const path = pathOf(filter, after)
  const answer = useAnswer({ id: 'ledger.page', input: { query: path(null) }, concerns: () => true })
  return (
    <Page title="Ledger" aside={<ChainStatus />}>
      <FilterForm key={searchOf(filter)} filter={filter} show={(wanted) => route(`/ledger?${searchOf(wanted)}`)} />
      <p class="pager">
        <a class="button plain" href={exportPath(filter, 'jsonl')} download="ledger.jsonl">
          Export JSON lines
        </a>
        <a class="button plain" href={exportPath(filter, 'csv')} download="ledger.csv">
          Export CSV
        </a>
        {after !== null && (
          <a class="button plain" href={`/ledger?${searchOf(filter)}`}>
            Newest
          </a>
        )}
        <span class="none">
          Checked without this server by <code>sluice ledger verify --file ledger.jsonl</code>
        </span>
      </p>
      <Shown answer={answer} what="The ledger">
        {(first) =>
          first.rows.length === 0 && first.next === null ? (
            <Empty>
              <p>No row is of that.</p>
            </Empty>
          ) : (
            <Paged
              key={searchOf(filter)}
              first={asPage(first)}
              identity={({ seq }) => String(seq)}
              ask={async (cursor) => asPage(await ask('ledger.page', { query: path(Number(cursor)) }))}
              more={isOldestFirst(filter, after) ? 'More' : 'Older'}
            >
              {(rows) => <LedgerTable rows={rows} />}
            </Paged>
          )
        }
      </Shown>
    </Page>
  )
}

/** Of one thing, and from a row on, the oldest come first; else the newest. */
const isOldestFirst = ({ id }: LedgerFilter, after: number | null): boolean => id !== undefined || after !== null

/** The query of a page of rows, from a cursor on. */
const pathOf =
  (filter: LedgerFilter, after: number | null) =>
  (cursor: number | null): object =>
    isOldestFirst(filter, after)
      ? { ...filter, limit: pageRows, after: cursor ?? after ?? 0 }
      : { ...filter, limit: pageRows, order: 'newest', ...(cursor === null ? {} : { before: cursor }) }

const asPage = ({ rows, next }: LedgerPageView): PageView<LedgerRowView> => ({
  items: rows,
  next: next === null ? null : String(next),
})

const columns = [{ figure: 'Row' }, 'When', 'Who', 'What', 'About', 'Why', 'Hash'] as const

const LedgerTable = ({ rows }: { readonly rows: readonly LedgerRowView[] }): VNode => (
  <Table label="Rows of the ledger" columns={columns} kind="ledger">
    <tbody role="rowgroup">
      {rows.map((row) => (
        <Row key={row.seq} row={row} />
      ))}
    </tbody>
  </Table>
)

const Row = ({ row }: { readonly row: LedgerRowView }): VNode => {
  const isOpen = useSignal(false)
  const { seq, at, actor, type, key, reason, hash, body } = row
  return (
    <tr role="row">
      <th role="rowheader" scope="row" class="figure">
        {seq}
      </th>
      <td role="cell">
        <Moment at={at} />
      </td>
      <td role="cell">
        <a href={`/ledger?who=${encodeURIComponent(actor.name)}`}>{actor.name}</a>
      </td>
      <td role="cell">
        <details onToggle={({ currentTarget }) => (isOpen.value = currentTarget.open)}>
          <summary>{type.replaceAll('_', ' ')}</summary>
          {isOpen.value && (
            <>
              <pre tabIndex={0} aria-label={`Body of row ${seq}`}>
                {JSON.stringify(body, null, 2)}
              </pre>
              <Proof row={row} />
            </>
          )}
        </details>
      </td>
      <td role="cell">
        <a href={`/ledger?kind=${key.kind}&id=${encodeURIComponent(key.id)}`}>
          {key.kind} {key.id.length > 28 ? `${key.id.slice(0, 27)}…` : key.id}
        </a>
      </td>
      <td role="cell" class="wide">
        {reason ?? <span class="none">the event says it</span>}
      </td>
      <td role="cell">
        <code title={hash}>{hash.slice(0, 10)}</code>
      </td>
    </tr>
  )
}
