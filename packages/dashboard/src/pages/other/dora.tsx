/** Delivery as DORA measures it. The control plane does not compute the five metrics yet, so none is shown; what the last runs tell is. */
import type { VNode } from 'preact'
import { spanOf } from '../../../../sluice/src/http/client/words.ts'
import { useAnswer } from '../../live/store.ts'
import { Empty, Page, Part, Shown } from '../../parts/page.tsx'

/** The page. */
export const Dora = (): VNode => {
  const answer = useAnswer({ id: 'runs.insights', input: {}, concerns: ({ key }) => key.kind === 'run' })
  return (
    <Page title="DORA">
      <Empty>
        <p>
          The five metrics (deployment frequency, change lead time, change fail rate, failed deployment recovery time,
          rework rate) are not computed by this control plane. No figure stands in for them. What every rollout and run
          did is in <a href="/rollouts">Rollouts</a>, <a href="/runs">Runs</a> and the <a href="/ledger">ledger</a>.
        </p>
      </Empty>
      <Shown answer={answer} what="What the last runs tell">
        {({ runs, jobs, failures, flaky }) => (
          <>
            <Part title="Time of jobs" note={<span>of the last {runs} runs</span>}>
              {jobs.length === 0 ? (
                <p class="none">No job ran in the runs that were looked at.</p>
              ) : (
                <div class="scroll" role="region" aria-label="Time of jobs" tabIndex={0}>
                  <table>
                    <thead>
                      <tr>
                        <th scope="col">Job</th>
                        <th scope="col" class="figure">
                          Median
                        </th>
                        <th scope="col" class="figure">
                          95th percentile
                        </th>
                        <th scope="col" class="figure">
                          Failed
                        </th>
                      </tr>
                    </thead>
                    <tbody>
                      {jobs.map(({ name, p50Ms, p95Ms }) => {
                        const failure = failures.find(({ job }) => job === name)
                        return (
                          <tr key={name}>
                            <th scope="row">{name}</th>
                            <td class="figure">{spanOf(p50Ms)}</td>
                            <td class="figure">{spanOf(p95Ms)}</td>
                            <td class="figure">
                              {failure === undefined ? '—' : `${failure.failures} of ${failure.runs}`}
                            </td>
                          </tr>
                        )
                      })}
                    </tbody>
                  </table>
                </div>
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
    </Page>
  )
}
