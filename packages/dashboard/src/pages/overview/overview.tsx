/** The first page: what needs attention, what serves where, and what happened last. */
import { useSignal } from '@preact/signals'
import type { VNode } from 'preact'
import { useMemo } from 'preact/hooks'
import type { RunListView } from '../../../../sluice/src/http/client/run-views.ts'
import type { EnvironmentsView } from '../../../../sluice/src/http/client/environment-views.ts'
import type { RolloutView } from '../../../../sluice/src/http/client/views.ts'
import { useAnswer } from '../../live/store.ts'
import { Glyph, Mark } from '../../parts/mark.tsx'
import { Empty, Page, Part, Shown } from '../../parts/page.tsx'
import { CommitLine, Move } from '../../parts/ref.tsx'
import { Age, Took } from '../../parts/time.tsx'
import { environmentsQuestion, incidentsQuestion, rolloutsQuestion, runsQuestion } from '../../questions.ts'
import { rolloutTold, runTold } from '../../words.ts'
import { type Attention, attentionBeside, attentionOf, sorted } from './attention.ts'
import { Matrix, matrixOf } from './matrix.tsx'

const lastShown = 8
/** From this many services on, there is a field to narrow them down. */
const manyServices = 12

/** The overview. */
export const Overview = (): VNode => {
  const environments = useAnswer(environmentsQuestion)
  return (
    <Page title="Overview">
      <Shown answer={environments} what="What serves where">
        {(data) => (data.environments.length === 0 ? <Nothing service={data.service} /> : <Whole data={data} />)}
      </Shown>
    </Page>
  )
}

const Nothing = ({ service }: { readonly service: string | null }): VNode => (
  <Empty>
    <p>
      {service === null
        ? 'There is no sluice.config.ts in this project, and no release was ever cut here.'
        : `${service} has no environments.`}
    </p>
    <pre>
      <code>
        {
          'sluice init        writes a config from what it finds\nsluice run         runs the pipeline and cuts a release\nsluice deploy staging'
        }
      </code>
    </pre>
  </Empty>
)

const Whole = ({ data }: { readonly data: EnvironmentsView }): VNode => {
  const filter = useSignal('')
  const rollouts = useAnswer(rolloutsQuestion(lastShown))?.data.value?.items ?? []
  const runs = useAnswer(runsQuestion(lastShown))?.data.value?.items ?? []
  const incidents = useAnswer(incidentsQuestion(lastShown))?.data.value?.items ?? []
  const attention = sorted([...attentionOf(data, rollouts), ...attentionBeside(runs, incidents)])
  const { columns, rows } = useMemo(() => matrixOf(data.environments), [data])
  const wanted = filter.value.toLowerCase()
  const shown = useMemo(
    () => (wanted === '' ? rows : rows.filter(({ service }) => service.toLowerCase().includes(wanted))),
    [rows, wanted],
  )
  return (
    <>
      <NeedsAttention attention={attention} />
      <Part
        title="What serves where"
        note={
          rows.length < manyServices ? undefined : (
            <input
              type="search"
              data-search
              aria-label="Narrow down by name of service"
              placeholder={`${rows.length} services`}
              value={filter.value}
              onInput={({ currentTarget }) => (filter.value = currentTarget.value)}
            />
          )
        }
      >
        <Matrix columns={columns} rows={shown} />
      </Part>
      <Latest rollouts={rollouts} runs={runs} first={data.environments[0]?.name ?? 'staging'} />
    </>
  )
}

/** What happened last. */
const Latest = ({
  rollouts,
  runs,
  first,
}: {
  readonly rollouts: readonly RolloutView[]
  readonly runs: readonly RunListView[]
  /** The environment that a release comes to first. */
  readonly first: string
}): VNode => (
  <div class="two">
    <Part title="Latest rollouts" note={<a href="/rollouts">all</a>}>
      <ul class="lines">
        {rollouts.map((rollout) => (
          <li key={rollout.id}>
            <a class="row" data-row href={`/rollouts/${rollout.id}`} aria-label={`Rollout ${rollout.id}`} />
            <Mark told={rolloutTold(rollout)} />
            <span class="what">
              {rollout.purpose === 'rollback' && <span class="none">rollback </span>}
              <Move from={rollout.from} to={rollout.to} />
            </span>
            <span class="where">{rollout.environment}</span>
            <Age at={rollout.settledAt ?? rollout.startedAt} />
          </li>
        ))}
        {rollouts.length === 0 && <li class="none">None yet: sluice deploy {first}</li>}
      </ul>
    </Part>
    <Part title="Latest runs" note={<a href="/runs">all</a>}>
      <ul class="lines">
        {runs.map((run) => (
          <li key={run.id}>
            <a class="row" data-row href={`/runs/${run.id}`} aria-label={`Run ${run.id}`} />
            <Mark told={runTold(run)} />
            <span class="what">
              <CommitLine commit={run.commit} />
            </span>
            <span class="where">
              <Took from={run.startedAt} to={run.settledAt} />
            </span>
            <Age at={run.settledAt ?? run.startedAt} />
          </li>
        ))}
        {runs.length === 0 && <li class="none">None yet: sluice run</li>}
      </ul>
    </Part>
  </div>
)

const attentionMax = 12

const NeedsAttention = ({ attention }: { readonly attention: readonly Attention[] }): VNode => (
  <section class="attention" aria-label="Needs attention">
    <h2>
      {attention.length === 0 ? 'Nothing needs attention' : 'Needs attention'}
      {attention.length > attentionMax && <span class="count">{attention.length}</span>}
    </h2>
    <p class="unseen" role="status">
      {attention.length === 0 ? 'Nothing needs attention' : `${attention.length} to look at: ${attention[0]?.subject}`}
    </p>
    <ul>
      {attention.slice(0, attentionMax).map(({ kind, tone, subject, text, since, href, verb }) => (
        <li key={`${kind} ${href} ${subject}`} class={tone}>
          <Glyph tone={tone} />
          <b>{subject}</b>
          <span class="text">{text}</span>
          {since !== null && <Age at={since} />}
          <a class="button plain" data-row href={href} aria-label={`${verb}: ${subject}`}>
            {verb}
          </a>
        </li>
      ))}
    </ul>
  </section>
)
