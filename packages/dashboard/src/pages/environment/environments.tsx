/** All environments, with what serves and how it fares. */
import type { VNode } from 'preact'
import { useAnswer } from '../../live/store.ts'
import type { EnvironmentView } from '../../../../sluice/src/http/client/environment-views.ts'
import { Mark } from '../../parts/mark.tsx'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { ReleaseLink } from '../../parts/ref.tsx'
import { Age } from '../../parts/time.tsx'
import { environmentsQuestion } from '../../questions.ts'
import { numberOf, rateOf, rolloutTold, type Told } from '../../words.ts'
import { Table } from '../../parts/table.tsx'

/** How an environment stands, in a word. */
export const environmentTold = ({ live, serving, lock, freezes, maintenance, history }: EnvironmentView): Told => {
  if (live !== null) return rolloutTold(live)
  if (maintenance !== undefined) return { tone: 'warn', word: 'maintenance' }
  if (lock !== null) return { tone: 'warn', word: 'locked' }
  if (freezes.length > 0) return { tone: 'warn', word: 'freeze' }
  if (serving === null) return { tone: 'calm', word: 'nothing serves' }
  return history[0]?.outcome === 'rolled_back'
    ? { tone: 'warn', word: 'serves after a rollback' }
    : { tone: 'good', word: 'serves' }
}

/** The list. */
export const Environments = (): VNode => {
  const answer = useAnswer(environmentsQuestion)
  return (
    <Page title="Environments">
      <Shown answer={answer} what="The environments">
        {({ environments }) =>
          environments.length === 0 ? (
            <Empty>
              <p>Neither the config nor any release names an environment.</p>
            </Empty>
          ) : (
            <Table
              label="Environments"
              columns={[
                'Environment',
                'State',
                'Serves',
                'Since',
                'Takes from',
                { figure: 'Instances' },
                { figure: 'Requests' },
                { figure: 'Bad rate' },
                { figure: 'Queue' },
              ]}
            >
              <tbody role="rowgroup">
                {environments.map((environment) => (
                  <Row key={`${environment.service}/${environment.name}`} environment={environment} />
                ))}
              </tbody>
            </Table>
          )
        }
      </Shown>
    </Page>
  )
}

const Row = ({ environment }: { readonly environment: EnvironmentView }): VNode => {
  const { name, serving, after, observed, queue } = environment
  const arm = observed.traffic?.arms.find(({ release }) => release.id === serving?.id)
  const running = observed.instances?.filter(({ status }) => status === 'running').length
  return (
    <tr role="row">
      <th role="rowheader" scope="row">
        <a data-row href={`/environments/${name}`}>
          {name}
        </a>
      </th>
      <td role="cell">
        <Mark told={environmentTold(environment)} />
      </td>
      <td role="cell">{serving === null ? <span class="none">nothing</span> : <ReleaseLink release={serving} />}</td>
      <td role="cell">{serving === null ? '' : <Age at={serving.since} />}</td>
      <td role="cell">{after ?? <span class="none">runs</span>}</td>
      <td role="cell" class="figure">
        {running === undefined ? 'not observed' : `${running} of ${observed.instances?.length}`}
      </td>
      <td role="cell" class="figure">
        {arm === undefined ? '—' : numberOf(arm.requests)}
      </td>
      <td role="cell" class="figure">
        {arm === undefined ? '—' : rateOf(arm)}
      </td>
      <td role="cell" class="figure">
        {queue.length}
      </td>
    </tr>
  )
}
