/** Runs in the terminal. */
import type { JobView, RunDetailView, RunView } from '../../http/client/run-views.ts'
import { spanOf } from '../../http/client/words.ts'
import { reportLines } from './error.ts'
import { pad, type Mark, type Style } from './style.ts'
import { clockOf } from './times.ts'

/** Whether a run is settled. */
export const isRunOver = ({ status }: Pick<RunView, 'status'>): boolean =>
  status === 'succeeded' || status === 'failed' || status === 'cancelled'

/** Whether nothing more comes of it. */
export const isJobOver = ({ status }: Pick<JobView, 'status'>): boolean =>
  status === 'succeeded' || status === 'failed' || status === 'cancelled' || status === 'skipped'

/** Whether a run goes on only when somebody starts a job: what is not over waits for that. */
export const isRunStuck = ({ status, jobs }: Pick<RunDetailView, 'status' | 'jobs'>): boolean =>
  status === 'running' &&
  jobs.some((job) => job.status === 'manual') &&
  jobs.every((job) => ['waiting', 'manual', 'succeeded', 'failed', 'skipped', 'cancelled'].includes(job.status))

const marks: Readonly<Record<JobView['status'], Mark>> = {
  waiting: 'waiting',
  delayed: 'waiting',
  queued: 'waiting',
  manual: 'paused',
  ready: 'waiting',
  resolving: 'current',
  open: 'current',
  running: 'current',
  backing_off: 'warn',
  stopping: 'warn',
  succeeded: 'done',
  failed: 'failed',
  skipped: 'waiting',
  cancelled: 'failed',
}

/** Rows of the live tree at most: a terminal has some 40, and what is over is counted. */
const treeRowsMax = 32

/** The live tree: jobs by their depth in the graph, each with its legs below it; of many, those that move or went wrong. */
export const runLines = (run: RunDetailView, style: Style): readonly string[] => {
  const shown = inTree(run.jobs.filter(({ name }) => !name.startsWith('.')))
  const rows = shown.length <= treeRowsMax ? shown : shown.filter(isWorthARow).slice(0, treeRowsMax)
  const wide = rows.reduce((widest, { name, level }) => Math.max(widest, name.length + 2 * level), 0)
  return [
    runHead(run, style),
    ...inputLines(run, style),
    ...rows.map((job) => {
      const name = `${'  '.repeat(job.level)}${job.name}`
      const mark = job.isTolerated ? 'warn' : marks[job.status]
      return `${style.mark(mark)} ${pad(name, wide)}  ${jobText(job, run, style)}`.trimEnd()
    }),
    ...(rows.length < shown.length ? [style.dim(countText(shown))] : []),
    ...(run.status === 'judging' ? [`${style.mark('current')} judging the gates`] : []),
    ...(run.status === 'cutting' ? [`${style.mark('current')} cutting the release`] : []),
  ]
}

const inputLines = ({ trigger }: Pick<RunDetailView, 'trigger'>, style: Style): readonly string[] => {
  const pairs = Object.entries(trigger.inputs).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return pairs.length === 0 ? [] : [style.dim(`inputs  ${pairs.join('  ')}`)]
}

const isWorthARow = ({ status }: JobView): boolean => !['waiting', 'ready', 'succeeded', 'skipped'].includes(status)

const countText = (jobs: readonly JobView[]): string => {
  const counts = Map.groupBy(jobs, ({ status }) => status)
  return `  ${jobs.length} jobs: ${[...counts].map(([status, those]) => `${those.length} ${status.replace('_', ' ')}`).join(', ')}`
}

/** Each job with what is part of it right after it. */
const inTree = (jobs: readonly JobView[]): readonly JobView[] => {
  const parts = Map.groupBy(jobs, ({ partOf }) => partOf)
  const names = new Set(jobs.map(({ name }) => name))
  const withParts = (job: JobView): readonly JobView[] => [job, ...(parts.get(job.name) ?? []).flatMap(withParts)]
  return jobs.filter(({ partOf }) => partOf === null || !names.has(partOf)).flatMap(withParts)
}

const runHead = (run: RunDetailView, style: Style): string =>
  `${style.bold(run.service)}  run of ${run.commit.id.slice(0, 12)} ${JSON.stringify(run.commit.subject)}   ${style.dim(run.id)}   ${clockOf((run.settledAt ?? run.now) - run.startedAt)}`

const jobText = (job: JobView, { id, now }: Pick<RunDetailView, 'id' | 'now'>, style: Style): string => {
  const again = job.execution > 1 ? `, execution ${job.execution}` : ''
  const took = job.startedAt === null ? '' : `${spanOf((job.finishedAt ?? now) - job.startedAt)}${again}`
  switch (job.status) {
    case 'waiting':
      return style.dim(job.needs.length === 0 ? 'waits' : `waits for ${job.needs.join(', ')}`)
    case 'ready':
      return style.dim('waits for room')
    case 'queued':
      return style.dim('waits for its turn')
    case 'delayed':
      return style.dim('waits for its time')
    case 'manual':
      return style.warn(`waits for you: sluice runs play ${id} ${quoted(job.name)}`)
    case 'backing_off':
      return style.warn(`failed, runs again soon${again}`)
    case 'skipped':
      return style.dim(`skipped: ${job.because ?? 'a job it needs did not succeed'}`)
    case 'failed':
      return `${took}  ${failedText(job, style)}`
    case 'succeeded':
      return style.dim(`${took}${lateText(job)}${fromText(job)}${artifactText(job)}`)
    case 'running':
    case 'resolving':
    case 'open':
      return took
    case 'stopping':
    case 'cancelled':
      return `${took}  ${job.status}`.trimStart()
  }
}

const failedText = ({ failure, isTolerated }: JobView, style: Style): string =>
  isTolerated ? style.warn(`${failure?.text ?? 'failed'}, which it may`) : style.bad(failure?.text ?? 'failed')

const lateText = ({ budgetMs, startedAt, finishedAt }: JobView): string =>
  budgetMs !== null && startedAt !== null && finishedAt !== null && finishedAt - startedAt > budgetMs
    ? `, over its budget of ${spanOf(budgetMs)}`
    : ''

const fromText = ({ from }: JobView): string =>
  from === null ? '' : from.kind === 'cache' ? '  from the cache' : `  done by ${from.id}`

const artifactText = ({ artifacts }: JobView): string =>
  artifacts.map(({ name, digest }) => `  ${name} ${digest.slice(7, 19)}`).join('')

/** What changed from one look to the next, one line each. */
export const runChanges = (before: RunDetailView | null, after: RunDetailView): readonly string[] => {
  const lines: string[] = []
  if (before === null)
    lines.push(`${after.id} run of ${after.commit.id.slice(0, 12)} ${JSON.stringify(after.commit.subject)}`)
  for (const [index, job] of after.jobs.entries()) {
    const was = before?.jobs[index]?.status ?? 'waiting'
    if (was === job.status) continue
    const took =
      job.startedAt !== null && job.finishedAt !== null ? ` in ${spanOf(job.finishedAt - job.startedAt)}` : ''
    const why = job.failure === null ? (job.because === null ? '' : `: ${job.because}`) : `: ${job.failure.text}`
    lines.push(`job ${job.name} ${job.status}${took}${why}`)
  }
  if (before?.status !== after.status && after.status !== 'running') lines.push(`run ${after.status}`)
  return lines
}

/** A name as a shell takes it for one word. */
const quoted = (name: string): string =>
  /^[\w.:/-]+$/.test(name) ? name : `'${name.replaceAll("'", String.raw`'\''`)}'`

/** A job that delivers may fail once the release is cut. */
const nowOf = ({ release }: RunDetailView): string =>
  release === null
    ? 'no release was cut; what serves was not touched'
    : `release ${release.version} was cut; sluice status shows what serves`

const nextOf = ({ id, release }: RunDetailView, failed: string | null): string => {
  if (failed !== null) return `sluice runs logs ${id} ${quoted(failed)}`
  return release === null ? 'sluice run' : `sluice runs retry ${id} --failed`
}

/** The report at the end of a run. `next`: what to type once there is a release. */
export const runReport = (run: RunDetailView, next: string | null, style: Style): readonly string[] => {
  const elapsed = spanOf((run.settledAt ?? run.now) - run.startedAt)
  if (run.status === 'succeeded') {
    const { release } = run
    const what =
      release === null
        ? `The run passed, after ${elapsed}`
        : `Release ${style.bold(release.version)} ${style.dim(release.id.slice(0, 16))} cut, after ${elapsed}`
    return reportLines(
      { mark: 'done', what, why: null, evidence: [], now: null, next: release === null ? null : next, more: null },
      style,
    )
  }
  const wholes = new Set(run.jobs.map(({ partOf }) => partOf))
  const failed = run.jobs.find(
    ({ name, status, isTolerated, kind }) =>
      status === 'failed' && !isTolerated && kind === 'steps' && !wholes.has(name),
  )
  return reportLines(
    {
      mark: 'failed',
      what: `${style.bold(run.cause?.code ?? 'SLU-1301')}  The run ${run.status === 'cancelled' ? 'was cancelled' : 'failed'}, after ${elapsed}`,
      why: run.cause?.text ?? null,
      evidence: run.cause?.evidence ?? [],
      now: nowOf(run),
      next: nextOf(run, failed?.name ?? null),
      more: null,
    },
    style,
  )
}
