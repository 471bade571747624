import type { Commit, RunId } from '../core/model.ts'
import type { JobPlan } from '../core/pipeline/job-plan.ts'

/** A job to execute in a directory that is its own. */
export type JobRequest = {
  /** The effect's key: names the workspace, the log and the processes, so that a second attempt finds the first. */
  readonly key: string
  readonly run: RunId
  readonly commit: Commit
  readonly version: string
  readonly job: JobPlan
  readonly directory: string
  /** Values of the job's secrets by name; masked in the log, raw and in their usual encodings. */
  readonly secrets: Readonly<Record<string, string>>
}

/** How a job ended. */
export type JobOutcome = {
  readonly outcome: 'succeeded' | 'failed' | 'timed_out' | 'cancelled'
  /** Exit code of the step that failed; null when it was a signal, or nothing failed. */
  readonly exitCode: number | null
  readonly failedStep: string | null
  /** Last lines of the log. */
  readonly tail: readonly string[]
}

/** One line of a job's log. */
export type LogLine = { readonly at: number; readonly stream: 'stdout' | 'stderr' | 'sluice'; readonly text: string }

/** Executes jobs. Nothing that a job started outlives it. */
export interface JobRunner {
  /** The directory that belongs to a key. */
  workspace(key: string): string
  /** Runs the steps; when the signal falls, the job's processes end and the outcome is `cancelled`. Rejects only when it is not known how the job ended. */
  run(request: JobRequest, signal: AbortSignal): Promise<JobOutcome>
  /** Ends whatever still runs under a key, also from before this process. Safe to repeat. */
  stop(key: string, signal: AbortSignal): Promise<void>
  /** Lines of a job's log from line `after` on. */
  logs(
    key: string,
    page: { readonly after: number; readonly limit: number },
    signal: AbortSignal,
  ): Promise<readonly LogLine[]>
  /** Cores of the machine that jobs may use. */
  readonly cores: number
}
