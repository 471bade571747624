/** All runs, newest first. */
import type { VNode } from 'preact'
import type { RunListView } from '../../../../sluice/src/http/client/run-views.ts'
import { ask } from '../../live/ask.ts'
import { useAnswer } from '../../live/store.ts'
import { Mark } from '../../parts/mark.tsx'
import { Paged } from '../../parts/more.tsx'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { CommitLine, ReleaseLink } from '../../parts/ref.tsx'
import { Age, Took } from '../../parts/time.tsx'
import { runsQuestion } from '../../questions.ts'
import { runTold } from '../../words.ts'
import { Table } from '../../parts/table.tsx'

const pageItems = 50

/** The list. */
export const Runs = (): VNode => {
  const answer = useAnswer(runsQuestion(pageItems))
  return (
    <Page title="Runs">
      <Shown answer={answer} what="The runs">
        {(first) =>
          first.items.length === 0 ? (
            <Empty>
              <p>No run was started in this project yet.</p>
              <pre>
                <code>sluice run</code>
              </pre>
            </Empty>
          ) : (
            <Paged
              first={first}
              identity={({ id }) => id}
              ask={(cursor) => ask('runs.list', { query: { limit: pageItems, cursor } })}
            >
              {(runs) => <RunTable runs={runs} />}
            </Paged>
          )
        }
      </Shown>
    </Page>
  )
}

const RunTable = ({ runs }: { readonly runs: readonly RunListView[] }): VNode => (
  <Table label="Runs" columns={['Commit', 'State', 'Release', { figure: 'Took' }, 'By', { figure: 'Started' }]}>
    <tbody>
      {runs.map((run) => (
        <tr key={run.id}>
          <th scope="row" class="wide">
            <a data-row href={`/runs/${run.id}`}>
              <CommitLine commit={run.commit} />
            </a>
          </th>
          <td>
            <Mark told={runTold(run)} />
          </td>
          <td>{run.release === null ? <span class="none">none</span> : <ReleaseLink release={run.release} />}</td>
          <td class="figure">
            <Took from={run.startedAt} to={run.settledAt} />
          </td>
          <td>{run.by.name}</td>
          <td class="figure">
            <Age at={run.startedAt} />
          </td>
        </tr>
      ))}
    </tbody>
  </Table>
)
