/** The control plane itself: whether it is well, and what stands in queues. */
import type { VNode } from 'preact'
import { connection } from '../../live/connection.ts'
import { useAnswer } from '../../live/store.ts'
import { Mark } from '../../parts/mark.tsx'
import { Facts, Page, Part, Shown } from '../../parts/page.tsx'
import { Age } from '../../parts/time.tsx'
import { environmentsQuestion, runsQuestion, serverQuestion } from '../../questions.ts'
import { momentOf, numberOf, type Told } from '../../words.ts'

const lookMs = 5_000
const runsLookedAt = 50

/** The page. */
export const System = (): VNode => (
  <Page title="System">
    <Shown answer={useAnswer({ ...serverQuestion, everyMs: lookMs })} what="The control plane">
      {({ version, pid, startedAt, service, projectDir, stateDir }) => (
        <Part title="Control plane">
          <Facts
            facts={[
              ['Version', version],
              ['Process', String(pid)],
              ['Up since', <span title={momentOf(startedAt)}>{momentOf(startedAt)}</span>],
              ['Uptime', <Age at={startedAt} />],
              ['Delivers', service ?? 'nothing yet'],
              ['Project', <code>{projectDir}</code>],
              ['State', <code>{stateDir}</code>],
              ['This page', connection.value],
            ]}
          />
        </Part>
      )}
    </Shown>
    <div class="two">
      <Health />
      <Work />
    </div>
    <DataPlane />
  </Page>
)

const Health = (): VNode => {
  const answers = [
    ['Process answers', useAnswer({ id: 'health.liveness', input: {}, everyMs: lookMs })],
    ['State can be read', useAnswer({ id: 'health.readiness', input: {}, everyMs: lookMs })],
    ['Recovery is over', useAnswer({ id: 'health.startup', input: {}, everyMs: lookMs })],
  ] as const
  return (
    <Part title="Health">
      <ul class="lines">
        {answers.map(([name, answer]) => {
          const error = answer?.error.value ?? null
          const data = answer?.data.value ?? null
          const told: Told =
            error !== null
              ? { tone: 'bad', word: 'no' }
              : data === null
                ? { tone: 'calm', word: 'asking' }
                : { tone: 'good', word: data.status }
          return (
            <li key={name}>
              <Mark told={told} />
              <b>{name}</b>
              <span class="what">{error?.detail ?? data?.detail}</span>
            </li>
          )
        })}
      </ul>
    </Part>
  )
}

const Work = (): VNode => {
  const environments = useAnswer(environmentsQuestion)?.data.value?.environments ?? []
  const runs = useAnswer(runsQuestion(runsLookedAt))?.data.value?.items ?? []
  const open = runs.filter(({ settledAt }) => settledAt === null)
  const live = environments.filter((environment) => environment.live !== null)
  const queued = environments.reduce((sum, { queue }) => sum + queue.length, 0)
  return (
    <Part title="Work">
      <Facts
        facts={[
          ['Runs under way', <a href="/runs">{numberOf(open.length)}</a>],
          ['Rollouts under way', <a href="/rollouts">{numberOf(live.length)}</a>],
          ['Releases waiting for their turn', <a href="/environments">{numberOf(queued)}</a>],
        ]}
      />
    </Part>
  )
}

const DataPlane = (): VNode => {
  const environments = useAnswer(environmentsQuestion)?.data.value?.environments ?? []
  return (
    <Part title="Data plane">
      <ul class="lines">
        {environments.map(({ service, name, observed, serving }) => {
          const told: Told =
            observed.traffic !== null
              ? { tone: 'good', word: 'observed' }
              : serving === null
                ? { tone: 'calm', word: 'nothing serves' }
                : { tone: 'bad', word: 'not observed' }
          return (
            <li key={`${service}/${name}`}>
              <Mark told={told} />
              <a href={`/environments/${name}`}>{name}</a>
              <span class="what">
                {observed.traffic === null
                  ? ''
                  : `listens on ${observed.traffic.listen.host}:${observed.traffic.listen.port}`}
              </span>
              {observed.traffic !== null && <Age at={observed.traffic.observedAt} />}
            </li>
          )
        })}
      </ul>
    </Part>
  )
}
