/** The running copies, as their driver observes them. */
import type { VNode } from 'preact'
import type { InstanceView, ObservedView } from '../../../../sluice/src/http/client/views.ts'
import { Mark } from '../../parts/mark.tsx'
import { Part } from '../../parts/page.tsx'
import { ReleaseLink } from '../../parts/ref.tsx'
import type { Told } from '../../words.ts'
import { Table } from '../../parts/table.tsx'

const told: Readonly<Record<InstanceView['status'], Told>> = {
  starting: { tone: 'live', word: 'starting' },
  running: { tone: 'good', word: 'running' },
  exited: { tone: 'bad', word: 'ended' },
}

/** The table; says so where nothing could be observed. */
export const Instances = ({
  observed,
  isOver = false,
}: {
  readonly observed: ObservedView | null
  readonly isOver?: boolean
}): VNode | null => {
  if (observed === null || isOver) return null
  const { instances } = observed
  return (
    <Part title="Instances">
      {instances === null ? (
        <p class="cause warn" role="status">
          The driver could not be asked just now.
        </p>
      ) : instances.length === 0 ? (
        <p class="none">No instance is there.</p>
      ) : (
        <Table label="Instances" columns={['Instance', 'Release', 'State', 'Address', { figure: 'Restarts' }]}>
          <tbody role="rowgroup">
            {instances.map(({ id, release, status, host, port, restarts }) => (
              <tr role="row" key={id}>
                <th role="rowheader" scope="row">
                  <code>{id}</code>
                </th>
                <td role="cell">
                  <ReleaseLink release={release} />
                </td>
                <td role="cell">
                  <Mark told={told[status]} />
                </td>
                <td role="cell">
                  <code>
                    {host}:{port}
                  </code>
                </td>
                <td role="cell" class="figure">
                  {restarts}
                </td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </Part>
  )
}
