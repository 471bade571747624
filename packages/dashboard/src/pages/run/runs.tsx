/** All runs, newest first. */
import type { VNode } from 'preact'
import type { RunListView } from '../../../../sluice/src/http/client/run-views.ts'
import { ask } from '../../live/ask.ts'
import { useAnswer } from '../../live/store.ts'
import { ListPage, listItems } from '../../parts/list-page.tsx'
import { Mark } from '../../parts/mark.tsx'
import { CommitLine, ReleaseLink } from '../../parts/ref.tsx'
import { Age, Took } from '../../parts/time.tsx'
import { runsQuestion } from '../../questions.ts'
import { runTold } from '../../words.ts'
import { Table } from '../../parts/table.tsx'

/** The list. */
export const Runs = (): VNode => {
  const answer = useAnswer(runsQuestion(listItems))
  return (
    <ListPage
      title="Runs"
      answer={answer}
      older={(cursor) => ask('runs.list', { query: { limit: listItems, cursor } })}
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
