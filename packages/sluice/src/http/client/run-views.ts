/** Runs, their jobs and their logs as the API answers them; see `views.ts`. */
import type { GateVerdict } from '../../core/evidence/gates/types.ts'
import type { Actor, Artifact, Commit } from '../../core/model.ts'
import type { ArrivalSource } from '../../core/source/types.ts'
import type { CauseView, ReleaseRef } from './views.ts'

/** A job of a run. */
export type JobView = {
  readonly name: string
  readonly needs: readonly string[]
  /** The job that it is a leg of, or was called by. */
  readonly partOf: string | null
  readonly stage: string | null
  /** How deep in the graph. */
  readonly level: number
  readonly kind: 'steps' | 'none' | 'deploy' | 'promote'
  readonly status:
    | 'waiting'
    | 'delayed'
    | 'queued'
    | 'manual'
    | 'ready'
    | 'resolving'
    | 'open'
    | 'running'
    | 'backing_off'
    | 'stopping'
    | 'succeeded'
    | 'failed'
    | 'skipped'
    | 'cancelled'
  readonly startedAt: number | null
  readonly finishedAt: number | null
  /** Of the execution that counts, from 1; those before it failed and have logs of their own. */
  readonly execution: number
  readonly failure: CauseView | null
  /** Whether the run may succeed though this job failed. */
  readonly isTolerated: boolean
  /** Why it did not run, as a sentence. */
  readonly because: string | null
  readonly artifacts: readonly Artifact[]
  readonly outputs: Readonly<Record<string, string>>
  /** Where its result came from when it did not run in this run: the cache, or an earlier run. */
  readonly from: { readonly kind: 'cache' | 'run'; readonly id: string } | null
  /** What it ought to take. */
  readonly budgetMs: number | null
}

/** A place in a pipeline document that is read differently here, or not at all. Positions count from 1. */
export type NoteView = {
  readonly level: 'error' | 'warning'
  readonly key: string
  readonly message: string
  readonly file: string
  readonly line: number | null
  readonly column: number | null
}

/** A run that was started, and what is to be said before it runs. */
export type RunStartedView = { readonly run: string; readonly notes: readonly NoteView[] }

/** The document of another system that a run's jobs come from. */
export type PipelineView = {
  readonly kind: 'github' | 'gitlab'
  readonly file: string
  readonly name: string
  readonly event: string
  readonly notes: readonly NoteView[]
}

/** What started a run. `name`: a branch, a tag, the number of a pull request, a schedule; `inputs`: values of the pipeline's inputs, defaults too; `arrival`: who told of the commit, null for a run that somebody asked for. */
export type RunTriggerView = {
  readonly event: RunEventName
  readonly name: string | null
  readonly inputs: Readonly<Record<string, string>>
  readonly arrival: {
    readonly id: string
    readonly from: ArrivalSource
    readonly sender: string | null
    readonly url: string | null
    readonly title: string | null
  } | null
}

/** A run as lists tell it, without its jobs. */
export type RunListView = {
  readonly id: string
  readonly service: string
  readonly status: 'running' | 'stopping' | 'judging' | 'cutting' | 'succeeded' | 'failed' | 'cancelled'
  readonly commit: Commit
  readonly version: string
  readonly by: Actor
  readonly startedAt: number
  readonly settledAt: number | null
  readonly release: ReleaseRef | null
}

/** A run. */
export type RunView = RunListView & {
  /** Null for the pipeline of the service's own config. */
  readonly pipeline: PipelineView | null
  readonly trigger: RunTriggerView
  readonly jobs: readonly JobView[]
  /** Jobs of the pipeline that are not part of this run, and why not. */
  readonly left: readonly { readonly job: string; readonly because: string }[]
  readonly gates: readonly GateVerdict[]
  readonly cause: CauseView | null
}

/** What a run may be started as. */
export type RunEventName = 'manual' | 'push' | 'pull_request' | 'tag' | 'schedule'

/** A run with the server's clock. */
export type RunDetailView = RunView & { readonly now: number }

/** One line of a job's log; numbers count from 1. */
export type LogLineView = {
  readonly number: number
  readonly at: number
  readonly stream: 'stdout' | 'stderr' | 'sluice'
  readonly text: string
}

/** A step, or a group that a program made: the lines after `from` up to `to` (null: it goes on). In order; one with a greater depth lies inside of the one before it. */
export type LogFoldView = {
  readonly kind: 'step' | 'group'
  readonly name: string
  readonly depth: number
  readonly startedAt: number
  readonly endedAt: number | null
  readonly from: number
  readonly to: number | null
  readonly outcome: 'succeeded' | 'failed' | 'timed_out' | 'skipped' | 'cancelled' | null
}

/** A remark on a place in a file; `after` is the number of the log's line before it. */
export type AnnotationView = {
  readonly level: 'notice' | 'warning' | 'failure'
  readonly title: string | null
  readonly message: string
  readonly file: string | null
  readonly line: number | null
  readonly column: number | null
  readonly at: number
  readonly after: number
}

/** What a log says about itself. The summary is Markdown, empty for none. */
export type LogMarksView = {
  readonly folds: readonly LogFoldView[]
  readonly annotations: readonly AnnotationView[]
  readonly summary: string
}

/** Lines of a job's log; ask again with `after: next` for more. The marks when they were asked for. */
export type JobLogView = {
  readonly lines: readonly LogLineView[]
  readonly next: number
  readonly marks: LogMarksView | null
}
