/** An environment: what serves, what is observed, what holds it, who waits for it, what happened, and what one may do. */
import type { VNode } from 'preact'
import { useRoute } from 'preact-iso'
import type { EnvironmentView } from '../../../../sluice/src/http/client/environment-views.ts'
import { hotfixText } from '../../../../sluice/src/http/client/words.ts'
import { useAnswer } from '../../live/store.ts'
import { Deeds } from '../../parts/deed.tsx'
import { Mark } from '../../parts/mark.tsx'
import { Facts, Page, Part, Shown } from '../../parts/page.tsx'
import { CommitLine, ReleaseLink, RolloutLink } from '../../parts/ref.tsx'
import { Age } from '../../parts/time.tsx'
import { rolloutsQuestion } from '../../questions.ts'
import { momentOf, rolloutTold } from '../../words.ts'
import { attentionIn, sorted } from '../overview/attention.ts'
import { Instances } from '../rollout/instances.tsx'
import { TrafficPart } from '../rollout/traffic.tsx'
import { environmentTold } from './environments.tsx'
import { deedsOf } from './deeds.tsx'
import { Plan } from './plan.tsx'

/** Counters of the data plane are asked for so often, milliseconds. */
const lookMs = 2_000

/** The page of one environment. */
export const Environment = (): VNode => {
  const { params } = useRoute()
  const name = params['environment'] ?? ''
  const answer = useAnswer({
    id: 'environments.show',
    input: { params: { environment: name } },
    concerns: ({ key }) => ['environment', 'rollout', 'maintenance', 'watch', 'drill'].includes(key.kind),
    everyMs: lookMs,
  })
  return (
    <Shown answer={answer} what={`Environment ${name}`}>
      {(environment) => <Whole key={name} environment={environment} />}
    </Shown>
  )
}

const Whole = ({ environment }: { readonly environment: EnvironmentView }): VNode => {
  const { name, service, serving, previous, live, observed, after } = environment
  const wants = sorted(attentionIn(environment))
  return (
    <Page
      title={name}
      crumbs={[
        { text: service, href: `/services/${encodeURIComponent(service)}` },
        { text: 'Environments', href: '/environments' },
      ]}
      aside={
        <>
          <Mark told={environmentTold(environment)} />
          <Deeds deeds={deedsOf(environment)} />
        </>
      }
      below={
        <Facts
          facts={[
            ['Serves', serving === null ? 'nothing' : <ReleaseLink release={serving} />],
            serving === null ? null : ['Commit', <CommitLine commit={serving.commit} />],
            serving === null ? null : ['Since', <Age at={serving.since} />],
            ['Before', previous === null ? 'nothing' : <ReleaseLink release={previous} />],
            ['Takes from', after ?? 'runs'],
            live === null ? null : ['Under way', <RolloutLink id={live.id} />],
          ]}
        />
      }
    >
      {wants.map(({ kind, tone, text, href }) => (
        <p key={kind} class={`cause ${tone}`} role="status">
          {text} {href.startsWith('/rollouts') && <a href={href}>the rollout</a>}
        </p>
      ))}
      <Holds environment={environment} />
      {observed.traffic === null ? (
        <p class="cause warn" role="status">
          {serving === null
            ? 'Nothing serves here, so there is no traffic.'
            : 'The traffic could not be observed just now.'}
        </p>
      ) : (
        <TrafficPart traffic={observed.traffic} />
      )}
      <Instances observed={observed} />
      <div class="two">
        <div>
          <Queue environment={environment} />
          <History environment={environment} />
        </div>
        <Plan environment={environment} />
      </div>
    </Page>
  )
}

/** What keeps releases out, and what was said about them. */
const Holds = ({ environment }: { readonly environment: EnvironmentView }): VNode | null => {
  const { lock, freezes, pin, soak, approvals, verification } = environment
  const facts = [
    lock === null
      ? null
      : ([
          'Locked',
          `${lock.reason} (${lock.by.name}${lock.until === null ? ', until it is taken off' : `, until ${momentOf(lock.until)}`})`,
        ] as const),
    ...freezes.map(
      ({ from, until, reason, by }) =>
        ['Frozen', `${momentOf(from)} to ${momentOf(until)}: ${reason} (${by})`] as const,
    ),
    pin === null ? null : (['Pinned', `to ${pin.release.version} by ${pin.by.name}`] as const),
    soak === null
      ? null
      : (['Soak', `${Math.floor(soak.servedMs / 60_000)} of ${Math.ceil(soak.soakMs / 60_000)} min served`] as const),
    ...approvals.map(({ release, by }) => ['Approved', `${release.version} by ${by.name}`] as const),
    verification === null
      ? null
      : ([
          'Checks',
          `${verification.outcome}${verification.notPassed.length === 0 ? '' : `: ${verification.notPassed.join(', ')}`} (${momentOf(verification.at)})`,
        ] as const),
  ].filter((fact) => fact !== null)
  return facts.length === 0 ? null : (
    <Part title="What holds here">
      <Facts facts={facts} />
    </Part>
  )
}

const Queue = ({ environment: { queue, name } }: { readonly environment: EnvironmentView }): VNode => (
  <Part title="Waiting for their turn">
    {queue.length === 0 ? (
      <p class="none">No release waits for {name}.</p>
    ) : (
      <ol class="lines">
        {queue.map(({ id, release, by, at, hotfix, waits }) => (
          <li key={id}>
            <ReleaseLink release={release} />
            <span class="what">
              {hotfix === null ? '' : `${hotfixText(hotfix)}; `}
              {waits?.detail ?? 'waits for the one before it'}
            </span>
            <span class="where">{by.name}</span>
            <Age at={at} />
          </li>
        ))}
      </ol>
    )}
  </Part>
)

const historyShown = 12

const History = ({ environment: { name, service } }: { readonly environment: EnvironmentView }): VNode => {
  const of = { environment: name, service }
  const rollouts = useAnswer(rolloutsQuestion(historyShown, of))?.data.value?.items ?? []
  return (
    <Part title="What happened">
      {rollouts.length === 0 ? (
        <p class="none">Nothing was rolled out here yet.</p>
      ) : (
        <ul class="lines">
          {rollouts.map((rollout) => (
            <li key={rollout.id}>
              <a class="row" data-row href={`/rollouts/${rollout.id}`} aria-label={`Rollout ${rollout.id}`} />
              <Mark told={rolloutTold(rollout)} />
              <span class="what">
                {rollout.purpose} <b>{rollout.to.version}</b>
              </span>
              <span class="where">{rollout.by.name}</span>
              <Age at={rollout.settledAt ?? rollout.startedAt} />
            </li>
          ))}
        </ul>
      )}
    </Part>
  )
}
