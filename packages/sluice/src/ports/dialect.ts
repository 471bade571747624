import type { JobPlan, JsonValue, LoweringNote, Texts } from '../core/pipeline/job-plan.ts'

/** What a job before this one came to. */
export type Need = {
  readonly name: string
  readonly result: 'success' | 'failure' | 'cancelled' | 'skipped'
  readonly outputs: Texts
}

/** What a dialect decides on. */
export type ResolveRequest = {
  readonly job: JobPlan
  /** The direct needs; a job that has legs or called jobs is one need. */
  readonly needs: readonly Need[]
  /** All jobs before it, near and far: what status functions look at. */
  readonly ancestors: readonly Need[]
  /** Whether the run was called off. */
  readonly isCancelled: boolean
  readonly run: RunIdentity
}

/** Which run a job belongs to. Numbers count from 1. */
export type RunIdentity = { readonly id: string; readonly number: number; readonly attempt: number }

/** What became of a job whose condition is `resolve`. `legs` are named `<job> (…)` and have `partOf: job.name`; `outputs` says where the outputs of the whole come from. */
export type Resolution =
  | { readonly kind: 'run'; readonly job: JobPlan }
  | { readonly kind: 'skip'; readonly because: string }
  | { readonly kind: 'legs'; readonly legs: readonly JobPlan[]; readonly outputs: 'merged' | JsonValue }
  | { readonly kind: 'invalid'; readonly notes: readonly LoweringNote[] }

/** A process that a job starts. */
export type Execution = {
  /** Program and arguments. */
  readonly argv: readonly string[]
  readonly env: Texts
  /** Absolute. */
  readonly directory: string
  readonly timeoutMs: number | null
}

/** How a process of a job ended. */
export type ExecutionEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | { readonly kind: 'unstartable'; readonly detail: string }
  | { readonly kind: 'timed_out' }
  | { readonly kind: 'cancelled' }

/** A remark on a place in a file. */
export type Annotation = {
  readonly level: 'notice' | 'warning' | 'failure'
  readonly title: string | null
  readonly message: string
  readonly file: string | null
  readonly line: number | null
  readonly column: number | null
}

/** A cache that is looked for: by its key, or by beginnings of others. */
export type CacheSearch = {
  readonly key: string
  readonly restoreKeys: readonly string[]
  readonly paths: readonly string[]
  readonly isLookup?: boolean
  /** Keys are whole names, and what is under one comes back wherever it was. */
  readonly isExact?: boolean
}

/** The machine under one job: everything that a dialect may do to the world. Processes, files and masks end with the job. */
export interface JobShell {
  /** The workspace, absolute; the checkout of the commit. */
  readonly directory: string
  /** A folder of the job's own outside of the workspace, absolute. */
  readonly temporary: string
  /** Environment that every process of the job gets before its own: PATH, HOME, CI, SLUICE_…, services, secrets by their names. */
  readonly env: Texts
  readonly secrets: Texts
  /** Runs a process; its output goes to the log. `onLine` sees each line first (masked not yet) and gives what is logged instead, null for nothing. */
  exec(
    execution: Execution,
    signal: AbortSignal,
    onLine?: (line: string, stream: 'stdout' | 'stderr') => string | null,
  ): Promise<ExecutionEnd>
  /** A line of Sluice's own in the log. */
  note(text: string): void
  /** Begins and ends a fold of the log. */
  group(name: string): void
  endGroup(): void
  /** From now on `value` is masked. */
  mask(value: string): void
  annotate(annotation: Annotation): void
  /** Adds Markdown to the job's summary. */
  summarize(markdown: string): void
  /** Hands files of the workspace on, under a name, to later jobs of the run; and takes those that earlier jobs left (without a name all of them, each into a folder of its name), and gives their names. Globs; `artifact_missing`. */
  keepArtifact(name: string, paths: readonly string[], signal: AbortSignal): Promise<void>
  takeArtifact(name: string | null, directory: string, signal: AbortSignal): Promise<readonly string[]>
  /** Folders under a key, from run to run; gives the key that was found, and with `isLookup` nothing but that. */
  restoreCache(cache: CacheSearch, signal: AbortSignal): Promise<string | null>
  saveCache(cache: { readonly key: string; readonly paths: readonly string[] }, signal: AbortSignal): Promise<void>
  /** Evidence from a file of the workspace, for gates: `junit`, `lcov`, `cobertura`, `sarif` … */
  report(format: string, path: string): void
}

/** How a dialect's job ended. `outputs` are the job's own, evaluated. */
export type DialectEnd = {
  readonly outcome: 'succeeded' | 'failed' | 'timed_out' | 'cancelled'
  /** Name of the step that failed first. */
  readonly failedStep: string | null
  readonly exitCode: number | null
  readonly outputs: Texts
}

/** What a dialect runs. */
export type DialectRequest = {
  readonly job: JobPlan
  readonly needs: readonly Need[]
  readonly run: RunIdentity
  readonly commit: { readonly id: string; readonly subject: string; readonly author: string }
}

/** The rules that a job's steps follow. */
export interface JobDialect {
  /** Decides on a job whose needs are settled: its condition, its legs, its expressions. Changes nothing. */
  resolve(request: ResolveRequest, signal: AbortSignal): Promise<Resolution>
  /** Outputs of a job whose resolution was `legs` with other outputs than `merged`: `outputs` is what the resolution gave, `legs` what they came to. */
  outputs(
    job: JobPlan,
    request: { readonly legs: readonly Need[]; readonly outputs: JsonValue; readonly run: RunIdentity },
  ): Promise<Texts>
  /** Runs all steps of a job. When the signal falls, what runs has ended and steps that run in any case have been run. Rejects only when nobody knows how it ended. */
  run(request: DialectRequest, shell: JobShell, signal: AbortSignal): Promise<DialectEnd>
}
