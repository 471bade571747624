/** The ledger: every row, who, what, when, why; and whether the chain is whole. */
import { type Signal, useSignal } from '@preact/signals'
import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import { useLocation } from 'preact-iso'
import { aggregateKinds, type AggregateKind } from '../../../../sluice/src/core/ledger/entry.ts'
import type { LedgerRowView, LedgerVerificationView } from '../../../../sluice/src/http/client/ledger-views.ts'
import { ask, asError } from '../../live/ask.ts'
import { useAnswer } from '../../live/store.ts'
import { announce } from '../../parts/announcer.tsx'
import { Mark } from '../../parts/mark.tsx'
import { Page, Shown } from '../../parts/page.tsx'
import { Moment } from '../../parts/time.tsx'
import { headOf } from './head.ts'
import { numberOf } from '../../words.ts'

const pageRows = 100

/** The page. `?after=` is where it begins, `?kind=` and `?id=` name one thing. */
export const Ledger = (): VNode => {
  const { query, route } = useLocation()
  const head = useSignal<number | null>(null)
  const kind = aggregateKinds.find((one) => one === query['kind'])
  const id = query['id']
  const isOfOne = kind !== undefined && id !== undefined
  const newest = head.value === null ? null : Math.max(0, head.value - pageRows)
  // Of everything the newest rows come first, newest on top; of one thing its first.
  const after = query['after'] === undefined ? (isOfOne ? 0 : newest) : Number(query['after'])
  const answer = useAnswer(
    after === null
      ? null
      : {
          id: 'ledger.page',
          input: { query: { after, limit: pageRows, ...(isOfOne ? { kind, id } : {}) } },
          concerns: () => true,
        },
  )
  const isNewest = query['after'] === undefined && !isOfOne
  const beyond = answer?.data.value?.next ?? null
  // Also when the page is full: then more came than it holds.
  useEffect(() => {
    if (isNewest) void findHead(head)
  }, [isNewest, beyond])
  const at = (next: number): string => {
    const rest = !isOfOne ? '' : `&kind=${kind}&id=${encodeURIComponent(id)}`
    return `/ledger?after=${next}${rest}`
  }
  return (
    <Page title="Ledger" aside={<Verify />}>
      <Filter
        kind={kind}
        id={id}
        show={(wanted) => route(`/ledger?kind=${wanted.kind}&id=${encodeURIComponent(wanted.id)}`)}
      />
      <Shown answer={answer} what="The ledger">
        {({ rows, next }) => (
          <>
            <LedgerTable rows={isNewest ? rows.toReversed() : rows} />
            <p class="pager">
              {after !== null && after > 0 && (
                <a class="button plain" href={at(Math.max(0, after - pageRows))}>
                  Before
                </a>
              )}
              {!isNewest && !isOfOne && (
                <a class="button plain" href="/ledger">
                  Newest
                </a>
              )}
              {next !== null && (
                <a class="button plain" href={at(next)}>
                  After
                </a>
              )}
              <span class="none">
                {rows.length === 0
                  ? 'No rows here.'
                  : `rows ${numberOf(rows[0]?.seq ?? 0)} to ${numberOf(rows.at(-1)?.seq ?? 0)}`}
              </span>
            </p>
          </>
        )}
      </Shown>
    </Page>
  )
}

const findHead = async (head: Signal<number | null>): Promise<void> => {
  const hasAfter = async (seq: number): Promise<boolean> =>
    (await ask('ledger.page', { query: { after: seq, limit: 1 } })).rows.length > 0
  try {
    head.value = await headOf(hasAfter)
  } catch (error) {
    announce(asError(error).detail, 'failed')
  }
}

const Filter = ({
  kind,
  id,
  show,
}: {
  readonly kind: AggregateKind | undefined
  readonly id: string | undefined
  readonly show: (wanted: { readonly kind: string; readonly id: string }) => void
}): VNode => {
  const chosen = useSignal<string>(kind ?? 'rollout')
  const typed = useSignal(id ?? '')
  return (
    <form
      class="filter"
      onSubmit={(event) => {
        event.preventDefault()
        if (typed.value.trim() !== '') show({ kind: chosen.value, id: typed.value.trim() })
      }}
    >
      <label>
        Rows about one
        <select value={chosen.value} onChange={({ currentTarget }) => (chosen.value = currentTarget.value)}>
          {aggregateKinds.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      <label>
        named
        <input
          type="search"
          data-search
          value={typed.value}
          placeholder="its id"
          onInput={({ currentTarget }) => (typed.value = currentTarget.value)}
        />
      </label>
      <button type="submit" class="button plain">
        Show
      </button>
      {kind !== undefined && <a href="/ledger">everything</a>}
    </form>
  )
}

const LedgerTable = ({ rows }: { readonly rows: readonly LedgerRowView[] }): VNode => (
  <div class="scroll" role="region" aria-label="Rows of the ledger" tabIndex={0}>
    <table class="ledger">
      <thead>
        <tr>
          <th scope="col" class="figure">
            Row
          </th>
          <th scope="col">When</th>
          <th scope="col">Who</th>
          <th scope="col">What</th>
          <th scope="col">About</th>
          <th scope="col">Why</th>
          <th scope="col">Hash</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.seq}>
            <th scope="row" class="figure">
              {row.seq}
            </th>
            <td>
              <Moment at={row.at} />
            </td>
            <td>{row.actor.name}</td>
            <td>
              <details>
                <summary>{row.type.replaceAll('_', ' ')}</summary>
                <pre tabIndex={0} aria-label={`Body of row ${row.seq}`}>
                  {JSON.stringify(row.body, null, 2)}
                </pre>
              </details>
            </td>
            <td>
              <a href={`/ledger?kind=${row.key.kind}&id=${encodeURIComponent(row.key.id)}`}>
                {row.key.kind} {row.key.id.length > 28 ? `${row.key.id.slice(0, 27)}…` : row.key.id}
              </a>
            </td>
            <td class="wide">{row.reason ?? <span class="none">the event says it</span>}</td>
            <td>
              <code title={row.hash}>{row.hash.slice(0, 10)}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)

const verifyMs = 120_000

const Verify = (): VNode => {
  const found = useSignal<LedgerVerificationView | null>(null)
  const isBusy = useSignal(false)
  const verify = async (): Promise<void> => {
    isBusy.value = true
    try {
      found.value = await ask('ledger.verify', { timeoutMs: verifyMs })
    } catch (error) {
      announce(asError(error).detail, 'failed')
    }
    isBusy.value = false
  }
  const { value } = found
  return (
    <>
      <span role="status">
        {value !== null && (
          <Mark
            told={
              value.status === 'whole'
                ? { tone: 'good', word: `whole: ${numberOf(value.rows)} rows, head ${value.head.hash.slice(0, 10)}` }
                : { tone: 'bad', word: `broken at row ${value.seq}: ${value.detail}` }
            }
          />
        )}
      </span>
      <span class="deeds">
        <button type="button" class="button plain" disabled={isBusy.value} onClick={() => void verify()}>
          Verify the chain
        </button>
      </span>
    </>
  )
}
