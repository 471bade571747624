/** One row for each service, one column for each environment: what serves where, and what is under way. On narrow screens a card for each environment. */
import type { VNode } from 'preact'
import { useMemo, useRef } from 'preact/hooks'
import type { EnvironmentView } from '../../../../sluice/src/http/client/environment-views.ts'
import type { RolloutView } from '../../../../sluice/src/http/client/views.ts'
import { percentOf } from '../../../../sluice/src/http/client/words.ts'
import { Glyph, Mark } from '../../parts/mark.tsx'
import { ShareBar } from '../../parts/share-bar.tsx'
import { useStacked } from '../../parts/stacked.ts'
import { columnText, Table } from '../../parts/table.tsx'
import { Age } from '../../parts/time.tsx'
import { useSight } from '../../parts/window-rows.ts'
import { rolloutTold } from '../../words.ts'

/** The environments of one service, by name. */
export type Row = { readonly service: string; readonly cells: ReadonlyMap<string, EnvironmentView> }

/** Environments in the order in which releases pass them, and a row for each service. */
export const matrixOf = (
  environments: readonly EnvironmentView[],
): { readonly columns: readonly string[]; readonly rows: readonly Row[] } => {
  const columns = [...new Set(environments.map(({ name }) => name))]
  const cells = new Map<string, Map<string, EnvironmentView>>()
  for (const environment of environments) {
    const row = cells.get(environment.service) ?? new Map<string, EnvironmentView>()
    row.set(environment.name, environment)
    cells.set(environment.service, row)
  }
  return { columns, rows: [...cells].map(([service, row]) => ({ service, cells: row })) }
}

/** Height of a row, and of a service's name and one of its environments where they are stacked, pixels; the style sheet has the same. */
const rowPx = 46
const stackedNamePx = 40
const stackedCellPx = 54
/** Tables of up to this many rows are made whole, so that the browser's own search finds everything. */
const wholeMax = 60

/** The table. */
export const Matrix = ({ columns, rows }: ReturnType<typeof matrixOf>): VNode => {
  const body = useRef<HTMLTableSectionElement>(null)
  const heightPx = useStacked() ? stackedNamePx + stackedCellPx * columns.length : rowPx
  const sight = useSight(rows.length, heightPx, { list: body, scroller: null })
  const made = useMemo(() => new Map<string, VNode>(), [columns, rows])
  // A row that was made is given again as it is, which tells Preact that nothing of it changed: scrolling makes only what comes into sight.
  const lineOf = (row: Row, index: number): VNode => {
    const known = made.get(row.service)
    if (known !== undefined) return known
    const line = <Line key={row.service} row={row} columns={columns} index={index} />
    made.set(row.service, line)
    return line
  }
  const isWhole = rows.length <= wholeMax
  const { from, to, above, below } = isWhole ? { from: 0, to: rows.length, above: 0, below: 0 } : sight
  return (
    <Table
      label="Services and environments"
      columns={['Service', ...columns.map((name) => ({ name, href: `/environments/${name}` }))]}
      kind={isWhole ? 'matrix' : 'matrix windowed'}
      rowCount={rows.length + 1}
    >
      <tbody role="rowgroup" ref={body}>
        {above > 0 && <Space px={above} />}
        {rows.slice(from, to).map((row, index) => lineOf(row, from + index))}
        {below > 0 && <Space px={below} />}
      </tbody>
    </Table>
  )
}

const Line = ({
  row: { service, cells },
  columns,
  index,
}: {
  readonly row: Row
  readonly columns: readonly string[]
  readonly index: number
}): VNode => (
  <tr role="row" aria-rowindex={index + 2}>
    <th role="rowheader" scope="row">
      <a href={`/services/${encodeURIComponent(service)}`} data-row>
        {service}
      </a>
    </th>
    {columns.map((name) => (
      <td key={name} role="cell" class={cells.has(name) ? undefined : 'none'} style={{ '--column': columnText(name) }}>
        <Cell environment={cells.get(name)} before={beforeOf(cells, name)} />
      </td>
    ))}
  </tr>
)

const Space = ({ px }: { readonly px: number }): VNode => (
  <tr aria-hidden="true" class="space">
    <td style={{ height: `${px}px` }} />
  </tr>
)

const beforeOf = (cells: Row['cells'], name: string): EnvironmentView | undefined =>
  cells.get(cells.get(name)?.after ?? '')

const Cell = ({
  environment,
  before,
}: {
  readonly environment: EnvironmentView | undefined
  readonly before: EnvironmentView | undefined
}): VNode => {
  if (environment === undefined) return <>—</>
  const { live, serving } = environment
  if (live !== null) return <Under live={live} environment={environment} />
  if (serving === null) return <span class="none">nothing serves yet</span>
  return (
    <>
      <div class="cell">
        <Glyph tone="good" />
        <a class="release" href={`/releases/${serving.id}`}>
          {serving.version}
        </a>
        <span class="age">
          <Age at={serving.since} />
        </span>
      </div>
      <div class="cell more" title={serving.commit.subject}>
        {noteOf(environment, before) ?? serving.commit.subject}
      </div>
    </>
  )
}

/** What is more important than the commit's subject. */
const noteOf = (environment: EnvironmentView, before: EnvironmentView | undefined): VNode | null => {
  const { history, lock, freezes, serving, maintenance, pin } = environment
  const [last] = history
  if (maintenance !== undefined) return <Note href={`/environments/${environment.name}`} text="maintenance" />
  if (last !== undefined && last.outcome === 'rolled_back')
    return <Note href={`/rollouts/${last.rollout}`} text={`${last.release.version} was rolled back`} />
  if (lock !== null) return <Note href={`/environments/${environment.name}`} text={`locked: ${lock.reason}`} />
  const [freeze] = freezes
  if (freeze !== undefined) return <Note href={`/environments/${environment.name}`} text={`frozen: ${freeze.reason}`} />
  if (pin !== null) return <Note href={`/environments/${environment.name}`} text={`pinned to ${pin.release.version}`} />
  if (before !== undefined && before.serving !== null && before.serving.id !== serving?.id)
    return (
      <span class="behind">
        {before.name} is ahead with {before.serving.version}
      </span>
    )
  return null
}

const Note = ({ href, text }: { readonly href: string; readonly text: string }): VNode => (
  <a class="warned" href={href}>
    {text}
  </a>
)

const Under = ({ live, environment }: { readonly live: RolloutView; readonly environment: EnvironmentView }): VNode => {
  const arms = environment.observed.traffic?.arms ?? []
  const share = arms.find(({ release }) => release.id === live.to.id)?.shareBp ?? null
  return (
    <a class="under" href={`/rollouts/${live.id}`}>
      <span class="cell">
        <Mark told={rolloutTold(live)} />
        <span class="age">{share === null ? '' : percentOf(share)}</span>
      </span>
      <span class="cell more">
        {live.from === null ? '' : `${live.from.version} → `}
        {live.to.version}
      </span>
      {arms.length > 0 && <ShareBar arms={arms} />}
    </a>
  )
}
