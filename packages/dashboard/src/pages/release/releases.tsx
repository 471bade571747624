/** All releases, newest first, and where each of them serves. */
import type { VNode } from 'preact'
import { ask } from '../../live/ask.ts'
import { useAnswer } from '../../live/store.ts'
import type { FilterField } from '../../parts/filter.ts'
import { useFilter } from '../../parts/list-filter.tsx'
import { ListPage, listItems } from '../../parts/list-page.tsx'
import { CommitLine, ReleaseLink } from '../../parts/ref.tsx'
import { Age } from '../../parts/time.tsx'
import { releasesQuestion } from '../../questions.ts'
import { Table } from '../../parts/table.tsx'

/** What the list can be filtered by. */
const fields: readonly FilterField[] = [
  { name: 'version', label: 'Version' },
  { name: 'commit', label: 'Commit' },
  { name: 'service', label: 'Service' },
  { name: 'serves', label: 'Serves' },
  { name: 'held', label: 'Held', options: ['true', 'false'] },
  { name: 'from', label: 'Since', kind: 'moment' },
]

/** The list. */
export const Releases = (): VNode => {
  const filter = useFilter(fields)
  const answer = useAnswer(releasesQuestion(listItems, filter))
  return (
    <ListPage
      title="Releases"
      path="/releases"
      fields={fields}
      filter={filter}
      answer={answer}
      older={(cursor) => ask('releases.list', { query: { ...filter, limit: listItems, cursor } })}
      empty={
        <>
          <p>No release was cut yet: a run that succeeds cuts one.</p>
          <pre>
            <code>sluice run</code>
          </pre>
        </>
      }
    >
      {(releases) => (
        <Table label="Releases" columns={['Release', 'Commit', 'Serves', 'Held', { figure: 'Cut' }]}>
          <tbody role="rowgroup">
            {releases.map((release) => (
              <tr role="row" key={release.id}>
                <th role="rowheader" scope="row">
                  <span data-row tabIndex={-1}>
                    <ReleaseLink release={release} />
                  </span>
                </th>
                <td role="cell" class="wide">
                  <CommitLine commit={release.commit} />
                </td>
                <td role="cell">
                  {release.serves.length === 0 ? <span class="none">—</span> : release.serves.join(', ')}
                </td>
                <td role="cell">{release.hold === null ? <span class="none">—</span> : release.hold.detail}</td>
                <td role="cell" class="figure">
                  <Age at={release.cutAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </ListPage>
  )
}
