/** A service: its versions across the environments, what is not yet in the last one, and what happened to it. */
import type { VNode } from 'preact'
import { useRoute } from 'preact-iso'
import type { EnvironmentsView, EnvironmentView } from '../../../../sluice/src/http/client/environment-views.ts'
import type { ReleaseView } from '../../../../sluice/src/http/client/release-views.ts'
import { useAnswer } from '../../live/store.ts'
import { Mark } from '../../parts/mark.tsx'
import { Empty, Page, Part, Shown } from '../../parts/page.tsx'
import { CommitLine, ReleaseLink } from '../../parts/ref.tsx'
import { Age } from '../../parts/time.tsx'
import { environmentsQuestion, releasesQuestion, rolloutsQuestion } from '../../questions.ts'
import { environmentTold } from '../environment/environments.tsx'
import { Matrix, matrixOf } from '../overview/matrix.tsx'
import { RolloutTable } from '../rollout/rollouts.tsx'

const lookedAt = 100
const rolloutsShown = 10

/** The page of one service. */
export const Service = (): VNode => {
  const { params } = useRoute()
  const name = params['service'] ?? ''
  const answer = useAnswer(environmentsQuestion)
  return (
    <Page title={name} crumbs={[{ text: 'Services', href: '/' }]}>
      <Shown answer={answer} what={`Service ${name}`}>
        {(data) => <Whole name={name} data={data} />}
      </Shown>
    </Page>
  )
}

const Whole = ({ name, data }: { readonly name: string; readonly data: EnvironmentsView }): VNode => {
  const environments = data.environments.filter(({ service }) => service === name)
  const releases = useAnswer(releasesQuestion(lookedAt, { service: name }))?.data.value?.items ?? []
  const rollouts = useAnswer(rolloutsQuestion(rolloutsShown, { service: name }))?.data.value?.items ?? []
  if (environments.length === 0)
    return (
      <Empty>
        <p>
          This control plane delivers {data.service ?? 'no service yet'}; it knows no service named {name}.
        </p>
      </Empty>
    )
  const last = environments.at(-1)
  return (
    <>
      <Part title="Where it serves">
        <Matrix {...matrixOf(environments)} />
      </Part>
      {last !== undefined && <NotYet last={last} releases={releases} />}
      <div class="two">
        <Part title="Environments">
          <ul class="lines">
            {environments.map((environment) => (
              <li key={environment.name}>
                <a class="row" data-row href={`/environments/${environment.name}`} aria-label={environment.name} />
                <Mark told={environmentTold(environment)} />
                <span class="what">{environment.name}</span>
                {environment.serving !== null && <Age at={environment.serving.since} />}
              </li>
            ))}
          </ul>
        </Part>
        <Part title="Its pipeline">
          <p class="say">
            <a href="/runs">Runs</a>, <a href="/releases">releases</a>, <a href="/dora">the five metrics</a>.
          </p>
        </Part>
      </div>
      <Part title="Latest rollouts" note={<a href="/rollouts">all</a>}>
        {rollouts.length === 0 ? <p class="none">None yet.</p> : <RolloutTable rollouts={rollouts} />}
      </Part>
    </>
  )
}

/** Releases that are newer than what serves the last environment. */
const notYetIn = (
  { serving }: Pick<EnvironmentView, 'serving'>,
  releases: readonly ReleaseView[],
): readonly ReleaseView[] => {
  const cutAt = releases.find(({ id }) => id === serving?.id)?.cutAt
  return cutAt === undefined ? (serving === null ? releases : []) : releases.filter((one) => one.cutAt > cutAt)
}

const NotYet = ({
  last,
  releases,
}: {
  readonly last: EnvironmentView
  readonly releases: readonly ReleaseView[]
}): VNode => {
  const waiting = notYetIn(last, releases)
  return (
    <Part title={`Not yet in ${last.name}`}>
      {waiting.length === 0 ? (
        <p class="none">
          Nothing newer than what serves was released
          {releases.length === lookedAt ? `, among the last ${lookedAt} releases` : ''}.
        </p>
      ) : (
        <ul class="lines">
          {waiting.map((release) => (
            <li key={release.id}>
              <ReleaseLink release={release} />
              <span class="what">
                <CommitLine commit={release.commit} />
              </span>
              <span class="where">
                {release.hold === null ? release.serves.join(', ') : `held: ${release.hold.detail}`}
              </span>
              <Age at={release.cutAt} />
            </li>
          ))}
        </ul>
      )}
    </Part>
  )
}
