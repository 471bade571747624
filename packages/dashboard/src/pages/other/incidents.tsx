/** Incidents: what was wrong, since when, and what ended it. */
import type { VNode } from 'preact'
import { useRoute } from 'preact-iso'
import type { IncidentView } from '../../../../sluice/src/http/client/rollback-views.ts'
import { incidentStatuses } from '../../../../sluice/src/http/client/list-filters.ts'
import { ask } from '../../live/ask.ts'
import { useAnswer } from '../../live/store.ts'
import { type Deed, OneDeed } from '../../parts/deed.tsx'
import type { FilterField } from '../../parts/filter.ts'
import { useFilter } from '../../parts/list-filter.tsx'
import { ListPage, listItems } from '../../parts/list-page.tsx'
import { Mark } from '../../parts/mark.tsx'
import { Facts, Page, Part, Shown } from '../../parts/page.tsx'
import { ReleaseLink, RolloutLink } from '../../parts/ref.tsx'
import { Age, Took } from '../../parts/time.tsx'
import { incidentsQuestion } from '../../questions.ts'
import { momentOf, type Told } from '../../words.ts'

const told = ({ status }: IncidentView): Told =>
  status === 'open' ? { tone: 'bad', word: 'open' } : { tone: 'good', word: 'resolved' }

/** What the list can be filtered by. */
const fields: readonly FilterField[] = [
  { name: 'status', label: 'Status', options: incidentStatuses },
  { name: 'environment', label: 'Environment' },
  { name: 'from', label: 'Since', kind: 'moment' },
]

/** The list. */
export const Incidents = (): VNode => {
  const filter = useFilter(fields)
  const answer = useAnswer(incidentsQuestion(listItems, filter))
  return (
    <ListPage
      title="Incidents"
      path="/incidents"
      fields={fields}
      filter={filter}
      answer={answer}
      older={(cursor) => ask('incidents.list', { query: { ...filter, limit: listItems, cursor } })}
      empty={
        <>
          <p>No incident was opened. An emergency rollback opens one by itself; a person does with:</p>
          <pre>
            <code>sluice incidents open production -m "what is wrong"</code>
          </pre>
        </>
      }
    >
      {(incidents) => (
        <ul class="lines">
          {incidents.map((incident) => (
            <li key={incident.id}>
              <a class="row" data-row href={`/incidents/${incident.id}`} aria-label={incident.title} />
              <Mark told={told(incident)} />
              <span class="what">{incident.title}</span>
              <span class="where">{incident.environment}</span>
              <Age at={incident.openedAt} />
            </li>
          ))}
        </ul>
      )}
    </ListPage>
  )
}

/** One incident. */
export const Incident = (): VNode => {
  const { params } = useRoute()
  const id = params['incident'] ?? ''
  const answer = useAnswer({
    id: 'incidents.show',
    input: { params: { incident: id } },
    concerns: ({ key }) => key.kind === 'incident' && key.id === id,
  })
  return (
    <Shown answer={answer} what={`Incident ${id}`}>
      {(incident) => (
        <Page
          title={incident.title}
          crumbs={[{ text: 'Incidents', href: '/incidents' }]}
          aside={
            <>
              <Mark told={told(incident)} />
              {incident.status === 'open' && <OneDeed deed={resolve(incident)} />}
            </>
          }
          below={
            <Facts
              facts={[
                ['Environment', <a href={`/environments/${incident.environment}`}>{incident.environment}</a>],
                incident.release === null ? null : ['Release at fault', <ReleaseLink release={incident.release} />],
                incident.rollout === null ? null : ['Taken back by', <RolloutLink id={incident.rollout} />],
                ['Lasted', <Took from={incident.openedAt} to={incident.resolvedAt} />],
                ['Opened', `${momentOf(incident.openedAt)} by ${incident.openedBy.name}`],
                incident.emergencyAt === null ? null : ['Emergency', momentOf(incident.emergencyAt)],
                incident.reason === null ? null : ['Category', incident.reason],
              ]}
            />
          }
        >
          {incident.resolution !== null && (
            <Part title="What ended it">
              <p class="say">
                {incident.resolution} ({incident.resolvedBy?.name})
              </p>
            </Part>
          )}
        </Page>
      )}
    </Shown>
  )
}

const resolve = (incident: IncidentView): Deed => ({
  word: 'Resolve',
  title: 'Resolve this incident?',
  needs: { permission: 'respond', environment: incident.environment },
  tone: 'main',
  reason: 'optional',
  happens: <p>It is recorded as over, with what you say about it. Traffic is not touched.</p>,
  fails: <p>It stays open.</p>,
  run: async (reason, idempotencyKey) => {
    await ask('incidents.resolve', { params: { incident: incident.id }, body: { reason }, idempotencyKey })
    return 'The incident is resolved'
  },
})
