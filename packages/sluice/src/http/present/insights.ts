/** Runs as records of their jobs and tests, for insights. */
import { type CollectedReport, contentsOf } from '../../core/evidence/collected.ts'
import type { JobRecord } from '../../core/evidence/insights/durations.ts'
import type { TestRecord } from '../../core/evidence/insights/flaky.ts'
import { jobAt } from '../../core/pipeline/board.ts'
import type { RunState } from '../../core/pipeline/types.ts'

type Run = Exclude<RunState, { status: 'absent' }>

/** The jobs of a run that ran in it themselves, by their last execution. What came from a cache or an earlier run took no time and says nothing. */
export const jobRecords = (run: Run): readonly JobRecord[] =>
  run.jobs.flatMap((state, index) => {
    if (state.status !== 'succeeded' && state.status !== 'failed') return []
    if (state.status === 'succeeded' && (state.carriedFrom !== null || state.cache !== null)) return []
    const plan = jobAt(run, index)
    if (plan.work.kind === 'none') return []
    const { startedAt: at, finishedAt } = state
    const late = state.status === 'failed' && state.failure.code === 'job_timeout'
    return [
      {
        job: plan.name,
        run: run.id,
        at,
        durationMs: finishedAt - at,
        outcome: late ? 'timed_out' : state.status,
      },
    ]
  })

/** The tests that a run's reports tell of. */
export const testRecords = (run: Run, reports: readonly CollectedReport[]): readonly TestRecord[] =>
  contentsOf(reports, 'tests').flatMap(({ cases }) =>
    cases.map(({ id, outcome, durationMs, failedAttempts }) => ({
      test: id,
      run: run.id,
      commit: run.plan.commit.id,
      at: run.startedAt,
      outcome,
      durationMs,
      failedAttempts,
    })),
  )
