/** All rollouts, newest first. */
import type { VNode } from 'preact'
import { rolloutStatuses } from '../../../../sluice/src/http/client/list-filters.ts'
import { ask } from '../../live/ask.ts'
import { useAnswer } from '../../live/store.ts'
import type { RolloutView } from '../../../../sluice/src/http/client/views.ts'
import type { FilterField } from '../../parts/filter.ts'
import { useFilter } from '../../parts/list-filter.tsx'
import { ListPage, listItems } from '../../parts/list-page.tsx'
import { Mark } from '../../parts/mark.tsx'
import { Age, Took } from '../../parts/time.tsx'
import { rolloutsQuestion } from '../../questions.ts'
import { rolloutTold } from '../../words.ts'
import { Table } from '../../parts/table.tsx'

/** What the list can be filtered by. */
const fields: readonly FilterField[] = [
  { name: 'status', label: 'Status', options: rolloutStatuses },
  { name: 'environment', label: 'Environment' },
  { name: 'service', label: 'Service' },
  { name: 'from', label: 'Since', kind: 'moment' },
]

/** The list. */
export const Rollouts = (): VNode => {
  const filter = useFilter(fields)
  const answer = useAnswer(rolloutsQuestion(listItems, filter))
  return (
    <ListPage
      title="Rollouts"
      path="/rollouts"
      fields={fields}
      filter={filter}
      answer={answer}
      older={(cursor) => ask('rollouts.list', { query: { ...filter, limit: listItems, cursor } })}
      empty={
        <>
          <p>Nothing was rolled out yet.</p>
          <pre>
            <code>sluice deploy staging</code>
          </pre>
        </>
      }
    >
      {(rollouts) => <RolloutTable rollouts={rollouts} />}
    </ListPage>
  )
}

/** Rollouts as a table. */
export const RolloutTable = ({ rollouts }: { readonly rollouts: readonly RolloutView[] }): VNode => (
  <Table
    label="Rollouts"
    columns={['Rollout', 'State', 'Environment', 'Strategy', { figure: 'Took' }, 'By', { figure: 'Started' }]}
  >
    <tbody role="rowgroup">
      {rollouts.map((rollout) => (
        <tr role="row" key={rollout.id}>
          <th role="rowheader" scope="row">
            <a data-row href={`/rollouts/${rollout.id}`}>
              {rollout.from === null ? 'nothing' : rollout.from.version} → {rollout.to.version}
            </a>
          </th>
          <td role="cell">
            <Mark told={rolloutTold(rollout)} />
            {rollout.hotfix !== null && <span class="because"> hotfix</span>}
            {rollout.cause !== null && <span class="because"> {rollout.cause.text}</span>}
          </td>
          <td role="cell">
            <a href={`/environments/${rollout.environment}`}>{rollout.environment}</a>
          </td>
          <td role="cell">{rollout.strategy}</td>
          <td role="cell" class="figure">
            <Took from={rollout.startedAt} to={rollout.settledAt} />
          </td>
          <td role="cell">{rollout.by.name}</td>
          <td role="cell" class="figure">
            <Age at={rollout.startedAt} />
          </td>
        </tr>
      ))}
    </tbody>
  </Table>
)
