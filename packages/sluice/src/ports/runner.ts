import type { ErrorCode } from '../core/errors.ts'
import type { Artifact, Commit, Digest, RunId } from '../core/model.ts'
import type { RunCachePlan } from '../core/pipeline/cache/run-cache.ts'
import type { JobPlan, RetryReason, Texts } from '../core/pipeline/job-plan.ts'
import type { CacheUse, RunOrigin } from '../core/pipeline/types.ts'
import type { Annotation, Need } from './dialect.ts'

/** A job to execute. */
export type JobRequest = {
  /** The effect's key: names the workspace, the log and the processes, so that a second attempt finds the first. */
  readonly key: string
  readonly run: RunId
  readonly commit: Commit
  readonly version: string
  readonly job: JobPlan
  /** A folder that is ready to work in. Absent: the runner makes the workspace, the commit's checkout with the inputs in it. */
  readonly directory?: string
  /** Values of the job's secrets by name; masked in the log, raw and in their usual encodings. */
  readonly secrets: Texts
  /** Number of the run and attempt at it, both from 1; 1 when absent. */
  readonly number?: number
  readonly attempt?: number
  /** Runs whose files its steps find by name, after those of its own run; none when absent. */
  readonly follows?: readonly RunId[]
  /** What the jobs before it came to. */
  readonly needs?: readonly Need[]
  /** Artifacts that lie in the workspace from the beginning; nothing writes to the store's own. */
  readonly inputs?: readonly Artifact[]
  /** How far the job is kept apart from the others; the runner's own wish when absent. */
  readonly isolation?: 'auto' | 'none' | 'required'
  /** What the run says of itself to steps that come with Sluice. */
  readonly origin?: RunOrigin & { readonly service: string; readonly startedAt: number; readonly inputs?: Texts }
  /** How the run uses the caches. Absent or null: not at all. */
  readonly caching?: RunCachePlan | null
  /** Steps that are taken from an earlier attempt instead of run. Absent: none are. */
  readonly from?: StartingPoint
}

/**
 * Where a job begins. `step`: with this one (its index), the steps before it being those of the attempt under `key`. `interrupted`: where an attempt under the
 * same key was cut off, or at the beginning when nobody can tell.
 */
export type StartingPoint =
  | { readonly kind: 'step'; readonly key: string; readonly step: number }
  | { readonly kind: 'interrupted' }

/** What became of a step. `skipped`: its condition was not met, or it is taken from the attempt that this one builds on. */
export type StepOutcome = 'succeeded' | 'failed' | 'timed_out' | 'cancelled' | 'skipped'

/** A step that is over. */
export type StepResult = {
  readonly name: string
  readonly outcome: StepOutcome
  readonly exitCode: number | null
  /** Epoch ms; null for one that did not run. */
  readonly startedAt: number | null
  readonly finishedAt: number | null
  /** Whether the job can begin with the step after this one. */
  readonly isCheckpoint: boolean
}

/** How a job ended. */
export type JobOutcome = {
  readonly outcome: 'succeeded' | 'failed' | 'timed_out' | 'cancelled'
  /** Exit code that the step failed by; null when it was something else (a signal, a file of the step that cannot be read), or nothing failed. */
  readonly exitCode: number | null
  readonly failedStep: string | null
  /** Last lines of the log. */
  readonly tail: readonly string[]
  /** What a retry policy looks at; null when nothing failed. */
  readonly reason: RetryReason | null
  /** Why it failed, where it was no step: a service, a missing tool, a missing artifact. */
  readonly problem: { readonly code: ErrorCode; readonly detail: string; readonly hint: string | null } | null
  readonly outputs: Texts
  readonly steps: readonly StepResult[]
  readonly artifacts: readonly Artifact[]
  readonly annotations: readonly Annotation[]
  /** Markdown. */
  readonly summary: string
  /** What its reports say, kept by content; null for a job that declares none. */
  readonly evidence: Digest | null
  /** What was kept apart, in words. */
  readonly isolation: string
  /** Where the result came from when the job was not run. */
  readonly cache?: CacheUse | null
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
  /** A run is about to be planned: what its jobs will ask for first may be found out meanwhile. Absent: nothing is. Never throws. */
  expect?(run: RunId): void
  /** How a job ends whose result is known without running it, with its log written; null for one that has to run. Absent: none is known. Safe to repeat, under a key that nothing runs under. */
  recall?(request: JobRequest, signal: AbortSignal): Promise<JobOutcome | null>
  /** Ends whatever still runs under a key, also from before this process. `patienceMs`: steps that run in any case may still run for so long; at once when absent. Safe to repeat. */
  stop(key: string, signal: AbortSignal, patienceMs?: number): Promise<void>
  /** Lines of a job's log after line `after`. */
  logs(
    key: string,
    page: { readonly after: number; readonly limit: number },
    signal: AbortSignal,
  ): Promise<readonly LogLine[]>
  /** Removes what is kept of a job besides its log: files, checkpoints. Safe to repeat. */
  discard(key: string, signal: AbortSignal): Promise<void>
  /** Lines that contain a text, after line `after`; ask again from `next` for more. */
  searchLog(
    key: string,
    page: { readonly text: string; readonly after: number; readonly limit: number },
    signal: AbortSignal,
  ): Promise<LogPage>
  /** Folds, annotations and summary of a job's log. */
  logMarks(key: string, signal: AbortSignal): Promise<LogMarks>
  /** Resolves when nothing is left to do behind the back of jobs that are over: results that are being kept, files that go. */
  settled(): Promise<void>
  /** Cores of the machine that jobs may use. */
  readonly cores: number
}
