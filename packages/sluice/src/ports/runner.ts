import type { Commit, RunId } from '../core/model.ts'
import type { PlannedJob } from '../core/pipeline/types.ts'
import type { Annotation } from './dialect.ts'

/** A job to execute in a directory that is its own. */
export type JobRequest = {
  /** The effect's key: names the workspace, the log and the processes, so that a second attempt finds the first. */
  readonly key: string
  readonly run: RunId
  readonly commit: Commit
  readonly version: string
  readonly job: PlannedJob
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

/** One line of a job's log, secrets masked. */
export type LogLine = {
  /** Counts from 1. */
  readonly number: number
  /** Epoch ms. */
  readonly at: number
  readonly stream: 'stdout' | 'stderr' | 'sluice'
  readonly text: string
}

/** Lines that were looked for, and the number of the last line that was looked at. */
export type LogPage = { readonly lines: readonly LogLine[]; readonly next: number }

/** How a step of a job ended. */
export type StepOutcome = 'succeeded' | 'failed' | 'skipped' | 'cancelled'

/** A part of a log that belongs together: a step, or a group that a program made. Its lines are those after `from` up to `to` (null: it goes on). */
export type LogFold = {
  readonly kind: 'step' | 'group'
  readonly name: string
  /** Of a step, from 0. */
  readonly index: number | null
  readonly startedAt: number
  readonly endedAt: number | null
  readonly from: number
  readonly to: number | null
  /** Of a step that ended. */
  readonly outcome: StepOutcome | null
  /** The folds inside of it, in order. */
  readonly folds: readonly LogFold[]
}

/** A remark, and the number of the line after which it was made. */
export type PlacedAnnotation = Annotation & { readonly at: number; readonly after: number }

/** What a log says about itself. `summary` is Markdown, empty for none. */
export type LogMarks = {
  readonly folds: readonly LogFold[]
  readonly annotations: readonly PlacedAnnotation[]
  readonly summary: string
}

/** Executes jobs. Nothing that a job started outlives it. */
export interface JobRunner {
  /** The directory that belongs to a key. */
  workspace(key: string): string
  /** Runs the steps; when the signal falls, the job's processes end and the outcome is `cancelled`. Rejects only when it is not known how the job ended. */
  run(request: JobRequest, signal: AbortSignal): Promise<JobOutcome>
  /** Ends whatever still runs under a key, also from before this process. Safe to repeat. */
  stop(key: string, signal: AbortSignal): Promise<void>
  /** Lines of a job's log after line `after`. */
  logs(
    key: string,
    page: { readonly after: number; readonly limit: number },
    signal: AbortSignal,
  ): Promise<readonly LogLine[]>
  /** Lines that contain a text, after line `after`; ask again from `next` for more. */
  searchLog(
    key: string,
    page: { readonly text: string; readonly after: number; readonly limit: number },
    signal: AbortSignal,
  ): Promise<LogPage>
  /** Folds, annotations and summary of a job's log. */
  logMarks(key: string, signal: AbortSignal): Promise<LogMarks>
  /** Cores of the machine that jobs may use. */
  readonly cores: number
}
