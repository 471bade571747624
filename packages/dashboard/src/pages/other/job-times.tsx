/** How long jobs take and how often they fail, over the last runs. */
import type { VNode } from 'preact'
import { spanOf } from '../../../../sluice/src/http/client/words.ts'
import { useAnswer } from '../../live/store.ts'
import { Part, Shown } from '../../parts/page.tsx'
import { Table } from '../../parts/table.tsx'

/** Part of the page about delivery. */
export const JobTimes = (): VNode => {
  const answer = useAnswer({ id: 'runs.insights', input: {}, concerns: ({ key }) => key.kind === 'run' })
  return (
    <Shown answer={answer} what="What the last runs tell">
      {({ runs, jobs, failures, flaky }) => (
        <>
          <Part title="Time of jobs" note={<span>of the last {runs} runs</span>}>
            {jobs.length === 0 ? (
              <p class="none">No job ran in the runs that were looked at.</p>
            ) : (
              <Table
                label="Time of jobs"
                columns={['Job', { figure: 'Median' }, { figure: '95th percentile' }, { figure: 'Failed' }]}
              >
                <tbody role="rowgroup">
                  {jobs.map(({ name, p50Ms, p95Ms }) => {
                    const failure = failures.find(({ job }) => job === name)
                    return (
                      <tr role="row" key={name}>
                        <th role="rowheader" scope="row">
                          {name}
                        </th>
                        <td role="cell" class="figure">
                          {spanOf(p50Ms)}
                        </td>
                        <td role="cell" class="figure">
                          {spanOf(p95Ms)}
                        </td>
                        <td role="cell" class="figure">
                          {failure === undefined ? '—' : `${failure.failures} of ${failure.runs}`}
                        </td>
                      </tr>
                    )
                  })}
                </tbody>
              </Table>
            )}
          </Part>
          {flaky.length > 0 && (
            <Part title="Flaky tests">
              <ul class="lines">
                {flaky.map(({ test }) => (
                  <li key={test}>
                    <span class="what">{test}</span>
                  </li>
                ))}
              </ul>
            </Part>
          )}
        </>
      )}
    </Shown>
  )
}
