/** Runs as the API tells them. */
import { unreachable } from '../../core/machine.ts'
import { jobAt } from '../../core/pipeline/board.ts'
import type { JobPlan } from '../../core/pipeline/job-plan.ts'
import type { JobState, RunState, SkipReason } from '../../core/pipeline/types.ts'
import type { RunSummary } from '../../core/pipeline/summary.ts'
import type { JobView, RunListView, RunView } from '../client/run-views.ts'
import { failureView, runCauseView } from './causes.ts'

type Run = Exclude<RunState, { status: 'absent' }>

/** A run as lists tell it. */
export const runListView = ({
  form: _form,
  isTree: _isTree,
  isWhole: _isWhole,
  branch: _branch,
  event: _event,
  pipeline: _pipeline,
  ...shown
}: RunSummary): RunListView => shown

/** A run and its jobs. */
export const runView = (run: Run): RunView => {
  const levels = levelsOf(run)
  return {
    id: run.id,
    service: run.plan.service,
    status: run.status,
    commit: run.plan.commit,
    version: run.plan.version,
    by: run.by,
    startedAt: run.startedAt,
    settledAt: 'settledAt' in run ? run.settledAt : null,
    pipeline: run.plan.pipeline ?? null,
    trigger: {
      event: run.plan.trigger.event,
      name: run.plan.trigger.name,
      arrival: run.plan.trigger.arrival ?? null,
    },
    jobs: run.jobs.flatMap((job, index) => {
      const plan = jobAt(run, index)
      return isShown(plan.name) ? [jobView(run, { plan: seen(run, plan), job, level: levels[index] ?? 0 })] : []
    }),
    left: run.plan.left ?? [],
    gates: run.gates,
    release: run.release === null ? null : { id: run.release.id, version: run.release.content.version },
    cause: 'cause' in run && run.cause !== null ? runCauseView(run.cause) : null,
  }
}

/** What only holds others together has a name that begins with a dot. */
const isShown = (name: string): boolean => !name.startsWith('.')

/** A job as if what is not shown were not there: it needs what that gathers. */
const seen = (run: Run, plan: JobPlan): JobPlan => {
  const { needs, partOf } = plan
  if (needs.every(isShown) && (partOf === null || isShown(partOf))) return plan
  const gathered = (need: string): readonly string[] => run.plan.jobs.find(({ name }) => name === need)?.needs ?? []
  const behind = needs.flatMap((need) => (isShown(need) ? [need] : gathered(need).filter(isShown)))
  return { ...plan, needs: [...new Set(behind)], partOf: partOf !== null && isShown(partOf) ? partOf : null }
}

/** 0 without needs, else one more than the deepest need, or than the job that it is part of. */
const levelsOf = ({ links }: Run): readonly number[] => {
  const levels: number[] = []
  for (const [index, needs] of links.needs.entries()) {
    const whole = links.wholes[index] ?? null
    const above = whole === null ? needs : [...needs, whole]
    levels.push(above.reduce((deepest, need) => Math.max(deepest, (levels[need] ?? 0) + 1), 0))
  }
  return levels
}

const jobView = (
  run: Run,
  { plan, job, level }: { readonly plan: JobPlan; readonly job: JobState; readonly level: number },
): JobView => ({
  name: plan.name,
  needs: plan.needs,
  partOf: plan.partOf,
  stage: plan.stage,
  level,
  kind: plan.work.kind,
  status: job.status,
  startedAt: 'startedAt' in job ? (job.startedAt ?? null) : null,
  finishedAt: 'finishedAt' in job ? job.finishedAt : null,
  execution: 'past' in job ? job.past.length + 1 : 1,
  failure: job.status === 'failed' ? failureView(job.failure) : null,
  isTolerated: job.status === 'failed' && job.isTolerated,
  because: job.status === 'skipped' ? skipText(run, job.because) : null,
  artifacts: 'artifacts' in job ? job.artifacts : [],
  outputs: 'outputs' in job ? job.outputs : {},
  from: fromOf(job),
  budgetMs: plan.budget?.ms ?? null,
})

const skipText = (run: Run, because: SkipReason): string => {
  switch (because.kind) {
    case 'need':
      return `${culpritOf(run, because.job)} did not succeed`
    case 'condition':
      return because.detail
    case 'nobody':
      return 'nobody started it'
    default:
      return unreachable(because)
  }
}

/** The job that went wrong; of those that one stands for which is not shown, the first. */
const culpritOf = (run: Run, need: string): string => {
  if (isShown(need)) return need
  const indexes = new Map(run.plan.jobs.map(({ name }, index) => [name, index]))
  const looked = new Set([need])
  let unrun: string | null = null
  for (const name of looked) {
    const index = indexes.get(name)
    if (index === undefined) continue
    const job = run.jobs[index]
    if (isShown(name) && job?.status === 'failed' && !job.isTolerated) return name
    if (isShown(name) && job?.status !== 'succeeded') unrun ??= name
    if (!isShown(name)) for (const before of jobAt(run, index).needs) looked.add(before)
  }
  return unrun ?? need
}

const fromOf = (job: JobState): JobView['from'] => {
  if (job.status !== 'succeeded') return null
  if (job.carriedFrom !== null) return { kind: 'run', id: job.carriedFrom }
  return job.cache === null ? null : { kind: 'cache', id: job.cache.key }
}
