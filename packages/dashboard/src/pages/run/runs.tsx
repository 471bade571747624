/** All runs, newest first. */
import type { VNode } from 'preact'
import type { RunListView } from '../../../../sluice/src/http/client/run-views.ts'
import { runEvents, runStatuses } from '../../../../sluice/src/http/client/list-filters.ts'
import { ask } from '../../live/ask.ts'
import { useAnswer } from '../../live/store.ts'
import type { FilterField } from '../../parts/filter.ts'
import { useFilter } from '../../parts/list-filter.tsx'
import { ListPage, listItems } from '../../parts/list-page.tsx'
import { Mark } from '../../parts/mark.tsx'
import { CommitLine, ReleaseLink } from '../../parts/ref.tsx'
import { Age, Took } from '../../parts/time.tsx'
import { runsQuestion } from '../../questions.ts'
import { runTold } from '../../words.ts'
import { Table } from '../../parts/table.tsx'

/** What the list can be filtered by. */
const fields: readonly FilterField[] = [
  { name: 'status', label: 'Status', options: runStatuses },
  { name: 'branch', label: 'Branch' },
  { name: 'commit', label: 'Commit' },
  { name: 'service', label: 'Service' },
  { name: 'event', label: 'Started by', options: runEvents },
  { name: 'from', label: 'Since', kind: 'moment' },
]

/** The list. */
export const Runs = (): VNode => {
  const filter = useFilter(fields)
  const answer = useAnswer(runsQuestion(listItems, filter))
  return (
    <ListPage
      title="Runs"
      path="/runs"
      fields={fields}
      filter={filter}
      answer={answer}
      older={(cursor) => ask('runs.list', { query: { ...filter, limit: listItems, cursor } })}
      empty={
        <>
          <p>No run was started in this project yet.</p>
          <pre>
            <code>sluice run</code>
          </pre>
        </>
      }
    >
      {(runs) => <RunTable runs={runs} />}
    </ListPage>
  )
}

const RunTable = ({ runs }: { readonly runs: readonly RunListView[] }): VNode => (
  <Table label="Runs" columns={['Commit', 'State', 'Release', { figure: 'Took' }, 'By', { figure: 'Started' }]}>
    <tbody role="rowgroup">
      {runs.map((run) => (
        <tr role="row" key={run.id}>
          <th role="rowheader" scope="row" class="wide">
            <a data-row href={`/runs/${run.id}`}>
              <CommitLine commit={run.commit} />
            </a>
          </th>
          <td role="cell">
            <Mark told={runTold(run)} />
          </td>
          <td role="cell">
            {run.release === null ? <span class="none">none</span> : <ReleaseLink release={run.release} />}
          </td>
          <td role="cell" class="figure">
            <Took from={run.startedAt} to={run.settledAt} />
          </td>
          <td role="cell">{run.by.name}</td>
          <td role="cell" class="figure">
            <Age at={run.startedAt} />
          </td>
        </tr>
      ))}
    </tbody>
  </Table>
)
