/** A run: why it ended so, its jobs as graph and list, what its gates said, and the log of one job. */
import { useSignal } from '@preact/signals'
import type { VNode } from 'preact'
import { useLocation, useRoute } from 'preact-iso'
import type { JobView, RunDetailView } from '../../../../sluice/src/http/client/run-views.ts'
import { ask } from '../../live/ask.ts'
import { now } from '../../live/clock.ts'
import { useAnswer } from '../../live/store.ts'
import { Cause } from '../../parts/cause.tsx'
import { type Deed, OneDeed } from '../../parts/deed.tsx'
import { Mark } from '../../parts/mark.tsx'
import { Facts, Page, Part, Shown } from '../../parts/page.tsx'
import { ElsewhereLink, ReleaseLink } from '../../parts/ref.tsx'
import { Age, Moment, Took } from '../../parts/time.tsx'
import { jobTold, runTold } from '../../words.ts'
import { Evidence } from './evidence.tsx'
import { JobGraph } from './graph.tsx'
import { JobLog } from './log.tsx'
import { Table } from '../../parts/table.tsx'

/** The page of one run. */
export const Run = (): VNode => {
  const { params } = useRoute()
  const id = params['run'] ?? ''
  const answer = useAnswer({
    id: 'runs.show',
    input: { params: { run: id } },
    concerns: ({ key }) => key.kind === 'run' && key.id === id,
  })
  return (
    <Shown answer={answer} what={`Run ${id}`}>
      {(run) => <Whole key={id} run={run} />}
    </Shown>
  )
}

/** What started it: who told of the commit, and where that can be looked at. */
const Trigger = ({ trigger: { event, name, arrival } }: Pick<RunDetailView, 'trigger'>): VNode => {
  const what = `${event.replace('_', ' ')}${name === null ? '' : ` ${name}`}`
  if (arrival === null) return <span>{what}</span>
  return (
    <span>
      <ElsewhereLink title={arrival.title ?? what} url={arrival.url} /> {arrival.title === null ? '' : `(${what}) `}
      by {arrival.from}
      {arrival.sender === null ? '' : `, pushed by ${arrival.sender}`}
    </span>
  )
}

/** The values that the run was started with, defaults too. */
const Inputs = ({ inputs }: Pick<RunDetailView['trigger'], 'inputs'>): VNode => (
  <>
    {Object.entries(inputs).map(([name, value], index) => (
      <span key={name}>
        {index === 0 ? '' : ', '}
        {name}: <code>{value}</code>
      </span>
    ))}
  </>
)

const isOver = ({ status }: RunDetailView): boolean =>
  status === 'succeeded' || status === 'failed' || status === 'cancelled'

const Whole = ({ run }: { readonly run: RunDetailView }): VNode => {
  const { query } = useLocation()
  const chosen = run.jobs.find(({ name }) => name === query['job']) ?? mostTelling(run.jobs)
  const hrefOf = (job: string): string => `/runs/${run.id}?job=${encodeURIComponent(job)}`
  return (
    <Page
      title={run.commit.subject}
      crumbs={[{ text: 'Runs', href: '/runs' }]}
      aside={
        <>
          <Mark told={runTold(run)} />
          <OneDeed deed={isOver(run) ? again(run) : cancel(run)} />
        </>
      }
      below={
        <Facts
          facts={[
            [
              'Commit',
              <>
                <code title={run.commit.id}>{run.commit.id.slice(0, 12)}</code> {run.commit.author}
              </>,
            ],
            ['Took', <Took from={run.startedAt} to={run.settledAt} />],
            ['Started', <Age at={run.startedAt} />],
            ['By', run.by.name],
            ['For', <Trigger trigger={run.trigger} />],
            Object.keys(run.trigger.inputs).length === 0 ? null : ['Inputs', <Inputs inputs={run.trigger.inputs} />],
            run.release === null ? null : ['Release', <ReleaseLink release={run.release} />],
            run.pipeline === null ? null : ['Pipeline', `${run.pipeline.name} (${run.pipeline.file})`],
            ['Run', <code>{run.id}</code>],
          ]}
        />
      }
    >
      {run.cause !== null && (
        <Cause cause={run.cause} title={`Why it ${run.status === 'cancelled' ? 'was cancelled' : 'failed'}`} />
      )}
      <Gates run={run} />
      <Jobs run={run} chosen={chosen?.name ?? null} hrefOf={hrefOf} />
      {chosen !== undefined && <ChosenJob run={run} job={chosen} />}
      {isOver(run) && <Evidence run={run.id} />}
    </Page>
  )
}

/** What one wants to see first: what failed, else what runs, else what ended last. */
const mostTelling = (jobs: readonly JobView[]): JobView | undefined =>
  jobs.find(({ status, isTolerated }) => status === 'failed' && !isTolerated) ??
  jobs.find(({ status }) => status === 'running') ??
  jobs.findLast(({ finishedAt }) => finishedAt !== null) ??
  jobs[0]

const Gates = ({ run }: { readonly run: RunDetailView }): VNode | null => {
  if (run.gates.length === 0) return null
  return (
    <Part title="Gates">
      <ul class="lines">
        {run.gates.map(({ gate, status, sentence }) => (
          <li key={gate}>
            <Mark told={{ tone: status === 'pass' ? 'good' : status === 'waived' ? 'warn' : 'bad', word: status }} />
            <b>{gate}</b>
            <span class="what">{sentence}</span>
          </li>
        ))}
      </ul>
    </Part>
  )
}

const Jobs = ({
  run,
  chosen,
  hrefOf,
}: {
  readonly run: RunDetailView
  readonly chosen: string | null
  readonly hrefOf: (job: string) => string
}): VNode => {
  const form = useSignal<'graph' | 'list'>('graph')
  return (
    <Part
      title="Jobs"
      note={
        <span class="switch" role="group" aria-label="Show the jobs as">
          {(['graph', 'list'] as const).map((one) => (
            <button key={one} type="button" aria-pressed={form.value === one} onClick={() => (form.value = one)}>
              {one}
            </button>
          ))}
        </span>
      }
    >
      {form.value === 'graph' ? (
        <JobGraph jobs={run.jobs} now={now.value} chosen={chosen} hrefOf={hrefOf} />
      ) : (
        <JobTable jobs={run.jobs} hrefOf={hrefOf} />
      )}
      {run.left.length > 0 && (
        <p class="none">Not part of this run: {run.left.map(({ job, because }) => `${job} (${because})`).join(', ')}</p>
      )}
    </Part>
  )
}

const JobTable = ({
  jobs,
  hrefOf,
}: {
  readonly jobs: readonly JobView[]
  readonly hrefOf: (job: string) => string
}): VNode => (
  <Table label="Jobs" columns={['Job', 'State', 'Took', 'Needs', 'Result from']}>
    <tbody role="rowgroup">
      {jobs.map((job) => (
        <tr role="row" key={job.name}>
          <th role="rowheader" scope="row">
            <a data-row href={hrefOf(job.name)}>
              {job.name}
            </a>
          </th>
          <td role="cell">
            <Mark told={jobTold(job)} />
          </td>
          <td role="cell" class="figure">
            {job.startedAt === null ? '—' : <Took from={job.startedAt} to={job.finishedAt} />}
          </td>
          <td role="cell">{job.needs.join(', ')}</td>
          <td role="cell">{job.from === null ? 'this run' : job.from.kind === 'cache' ? 'the cache' : job.from.id}</td>
        </tr>
      ))}
    </tbody>
  </Table>
)

const jobIsOver = ({ status }: JobView): boolean =>
  status === 'succeeded' || status === 'failed' || status === 'skipped' || status === 'cancelled'

const ChosenJob = ({ run, job }: { readonly run: RunDetailView; readonly job: JobView }): VNode => {
  const execution = useSignal<number | null>(null)
  const shown = Math.min(execution.value ?? job.execution, job.execution)
  return (
    <Part
      title={`Job ${job.name}`}
      note={
        <>
          {job.execution > 1 && (
            <span class="switch" role="group" aria-label="Executions">
              {Array.from({ length: job.execution }, (_, index) => index + 1).map((one) => (
                <button key={one} type="button" aria-pressed={one === shown} onClick={() => (execution.value = one)}>
                  {one === job.execution ? `execution ${one}` : one}
                </button>
              ))}
            </span>
          )}
          <Mark told={jobTold(job)} />
          {job.finishedAt !== null && <Moment at={job.finishedAt} />}
        </>
      }
    >
      {job.failure !== null && <Cause cause={job.failure} title={`Why ${job.name} failed`} />}
      {job.because !== null && <p class="none">It did not run: {job.because}.</p>}
      {job.from !== null && (
        <p class="none">
          Its result came from {job.from.kind === 'cache' ? 'the cache' : `run ${job.from.id}`}; the log is of the
          execution that made it, where there is one.
        </p>
      )}
      {job.kind === 'steps' && job.startedAt !== null && job.from === null && (
        <JobLog
          key={`${job.name} ${shown}`}
          of={{ run: run.id, job: job.name, execution: shown }}
          isOver={jobIsOver(job) || shown < job.execution}
        />
      )}
      <Outputs job={job} />
    </Part>
  )
}

const Outputs = ({ job }: { readonly job: JobView }): VNode | null => {
  if (job.artifacts.length === 0) return null
  return (
    <Facts
      facts={job.artifacts.map((artifact) => [
        `Artifact ${artifact.name}`,
        <code title={artifact.digest}>{artifact.digest.slice(0, 24)}…</code>,
      ])}
    />
  )
}

const cancel = (run: RunDetailView): Deed => ({
  word: 'Cancel run',
  title: 'Cancel this run?',
  needs: { permission: 'run', environment: null },
  tone: 'danger',
  reason: 'optional',
  happens: <p>Its jobs are told to stop. No release is cut from it. What serves is not touched.</p>,
  fails: <p>The jobs go on, and the page says so; press again with no harm done.</p>,
  run: async (reason, idempotencyKey) => {
    await ask('runs.cancel', { params: { run: run.id }, body: { reason }, idempotencyKey })
    return 'The run is being cancelled'
  },
})

const again = (run: RunDetailView): Deed => ({
  word: run.status === 'failed' ? 'Run failed jobs again' : 'Run again',
  title: 'Run it again?',
  needs: { permission: 'run', environment: null },
  tone: 'plain',
  reason: 'optional',
  happens: (
    <p>
      A new run of commit <code>{run.commit.id.slice(0, 7)}</code>
      {run.status === 'failed' ? '; what succeeded is carried over and not run again' : ' with the same jobs'}.
    </p>
  ),
  fails: <p>No run is started; this one stays as it is.</p>,
  run: async (reason, idempotencyKey) => {
    const body = { retryOf: run.id, ...(run.status === 'failed' ? { failedOf: run.id } : {}), reason }
    const { run: id } = await ask('runs.start', { body, idempotencyKey })
    return `Run ${id} was started`
  },
})
