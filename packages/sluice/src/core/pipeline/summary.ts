/** What lists tell of a run, and what the next run asks of those before it: kept beside the state, which is as large as its plan. */
import type { Actor, Commit, RunId } from '../model.ts'
import type { PipelineOrigin, RunState, RunTrigger } from './types.ts'

/** The form of a summary that this Sluice makes; one of another form is made anew from the state. */
export const runSummaryForm = 2

/** A run in short. */
export type RunSummary = {
  readonly form: typeof runSummaryForm
  readonly id: RunId
  readonly service: string
  readonly status: Exclude<RunState['status'], 'absent'>
  readonly commit: Commit
  readonly version: string
  readonly by: Actor
  readonly startedAt: number
  readonly settledAt: number | null
  readonly release: { readonly id: string; readonly version: string } | null
  /** Whether it is of the working tree. */
  readonly isTree: boolean
  /** Whether it is to cut a release, so that it looks at everything. */
  readonly isWhole: boolean
  /** The branch that the commit was on; null where it was on none, or nobody knows. */
  readonly branch: string | null
  readonly event: RunTrigger['event']
  /** Whose document the jobs were lowered from; null for those of the service's own config. */
  readonly pipeline: PipelineOrigin['kind'] | null
}

/** A run in short; null for one that was never planned. */
export const runSummary = (run: RunState): RunSummary | null => {
  if (run.status === 'absent') return null
  const { id, plan, status, by, startedAt, release } = run
  return {
    form: runSummaryForm,
    id,
    service: plan.service,
    status,
    commit: plan.commit,
    version: plan.version,
    by,
    startedAt,
    settledAt: 'settledAt' in run ? run.settledAt : null,
    release: release === null ? null : { id: release.id, version: release.content.version },
    isTree: plan.origin?.isTree === true,
    isWhole: plan.draft !== null,
    branch: plan.origin?.branch ?? null,
    event: plan.trigger.event,
    pipeline: plan.pipeline?.kind ?? null,
  }
}
