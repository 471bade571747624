/** Runs as the API tells them. */
import type { JobState, PlannedJob, RunState } from '../../core/pipeline/types.ts'
import type { JobView, RunView } from '../client/views.ts'
import { failureView, runCauseView } from './causes.ts'

type Run = Exclude<RunState, { status: 'absent' }>

/** A run and its jobs. */
export const runView = (run: Run): RunView => ({
  id: run.id,
  service: run.plan.service,
  status: run.status,
  commit: run.plan.commit,
  version: run.plan.version,
  by: run.by,
  startedAt: run.startedAt,
  settledAt: 'settledAt' in run ? run.settledAt : null,
  jobs: run.plan.jobs.map((job, index) => jobView(job, run.jobs[index] ?? { status: 'waiting' })),
  release:
    run.status === 'succeeded' && run.release !== null
      ? { id: run.release.id, version: run.release.content.version }
      : null,
  cause: 'cause' in run && run.cause !== null ? runCauseView(run.cause) : null,
})

const jobView = (planned: PlannedJob, job: JobState): JobView => ({
  name: planned.name,
  needs: planned.needs,
  level: planned.level,
  status: job.status,
  startedAt: 'startedAt' in job ? job.startedAt : null,
  finishedAt: 'finishedAt' in job ? job.finishedAt : null,
  failure: job.status === 'failed' ? failureView(job.failure) : null,
  because: job.status === 'skipped' ? job.because : null,
  artifacts: job.status === 'succeeded' ? job.artifacts : [],
})
