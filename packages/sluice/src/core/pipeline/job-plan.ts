/**
 * A job as it will run: the one model that `sluice.config.ts`, GitHub Actions workflows and GitLab pipelines are all lowered into. Plain data, JSON-safe,
 * frozen into the run; nothing outside the plan decides what a job does.
 */

/** Anything that JSON holds; what a dialect keeps in a plan for itself. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/** Names and texts, for instance environment variables or outputs. */
export type Texts = Readonly<Record<string, string>>

/** Whose rules a job's steps follow: Sluice's own (also for GitLab, which lowers into them) or those of GitHub Actions (expressions, actions, file commands). */
export type Dialect = 'sluice' | 'github'

/**
 * Whether a job starts once all of its needs are settled. `success`: every job that it needs, near or far, succeeded (or was skipped by its own condition
 * or may fail); `failure`: at least one failed; `always`: whatever they came to, also when the run was called off; `settled`: whatever they came to, unless it was called off.
 * `resolve`: the dialect says, with the outcomes before it (an expression, a matrix out of another job's output, a called workflow).
 */
export type JobCondition = 'success' | 'failure' | 'always' | 'settled' | 'resolve'

/** One command of a job. */
export type PlannedStep = {
  readonly name: string
  /** The script; handed to the shell as one. Of a built-in step, its name. */
  readonly run: string
  /** A step that Sluice brings with it (`sluice/secret-scan`), instead of a script. */
  readonly builtin: { readonly name: string; readonly options: JsonValue } | null
  /** `success`: unless a step before it failed; `failure`: only then; `always`: in any case (GitLab's `after_script`). */
  readonly when: 'success' | 'failure' | 'always'
  /** `sh -e`, `bash -eo pipefail` …: words, where `{0}` stands for the script's file; null for the job's. */
  readonly shell: readonly string[] | null
  readonly env: Texts
  /** Relative to the checkout; null for the job's. */
  readonly workingDirectory: string | null
  /** Null: only the job's own limit. */
  readonly timeoutMs: number | null
  /** Not run once the time of the whole job is up; it is when absent. */
  readonly endsWithTime?: boolean
  /** Whether the job goes on as if nothing had happened when this step fails. */
  readonly continueOnError: boolean
  /** The script prints each command before it runs; the log need not. */
  readonly showsItself?: boolean
}

/** When a failed attempt of a job is made again. */
export type RetryPolicy = {
  /** Attempts in all, at least 1. */
  readonly attemptsMax: number
  /** Before the second attempt; doubles with each one after it. */
  readonly backoffMs: number
  /** Which ends are worth another attempt; empty: each. An exit code matches `script_failure` of any code too. */
  readonly on: readonly RetryReason[]
}

/** Why an attempt ended badly: a step's exit code, the job's time limit, a service that did not come up, or the machine (a lost runner, a full disk). */
export type RetryReason =
  | { readonly kind: 'exit_code'; readonly code: number }
  | { readonly kind: 'script_failure' | 'timeout' | 'service_failure' | 'system_failure' }

/** A program that runs beside a job, started and checked before its first step and gone after it. */
export type PlannedService = {
  /** Host name that the steps may use where the job has namespaces and the port of the image is free, and prefix of its variables: `POSTGRES_HOST`, `POSTGRES_PORT`. */
  readonly name: string
  /** Further host names; none when absent. */
  readonly aliases?: readonly string[]
  /** `postgres`, `redis`: started from the machine's own binaries, or a container of the image; any other needs a command or Docker. */
  readonly image: string | null
  /** For a service without an image: a command that listens on `$PORT`. */
  readonly command: string | null
  readonly env: Texts
  /** Variables that the steps get over those of the job; `{host}` and `{port}` are filled in. */
  readonly exports: Texts
  /** Ports inside a container (`5432`), mapped to free ones of this machine. */
  readonly ports: readonly number[]
  /** Ports of this machine that are wanted for them, in their order; absent or null: the same numbers. One that somebody has already is not given. */
  readonly published?: readonly (number | null)[]
  /** Null: whatever belongs to the image, or a connection to the port. */
  readonly healthCommand: string | null
  readonly startTimeoutMs: number
}

/** Files that a job leaves. */
export type PlannedArtifact = {
  readonly name: string
  /** Relative to the checkout; globs where `glob` is true. */
  readonly paths: readonly string[]
  readonly exclude: readonly string[]
  readonly glob: boolean
  readonly when: 'success' | 'failure' | 'always'
  /** What it is when nothing is there: a failure of the job, a warning, or nothing. */
  readonly ifMissing: 'fail' | 'warn' | 'ignore'
  /** Null: for as long as a release or a run names it. */
  readonly expireMs: number | null
  /** Files that git does not know, ignored ones too, are kept beside `paths`. */
  readonly untracked?: boolean
  /** Whether `exclude` means only the files that its globs match, and not what is below a folder that they match; it does not when absent. */
  readonly excludesExactly?: boolean
}

/** A file that tells something about the commit: tests, coverage, findings. Read after the steps, also when they failed. */
export type PlannedReport = { readonly format: string; readonly paths: readonly string[] }

/** What makes a job's result known in advance; see `pipelines.md`, *Cache*. Null where a job may not be skipped. */
export type TaskCachePlan = {
  /** Globs of the files that the result depends on, relative to the checkout; a leading `!` takes away. */
  readonly inputs: readonly string[]
  /** Globs of the files that the job makes. */
  readonly outputs: readonly string[]
  /** Names of the variables that the result depends on. */
  readonly env: readonly string[]
  /** Commands whose output is part of the key, for instance `node --version`. */
  readonly tools: readonly string[]
  /** Whether an undeclared read or write fails the job, instead of being reported. */
  readonly strict: boolean
}

/** Folders kept from run to run under a key (npm's cache under the lockfile's hash). */
export type KeyedCachePlan = {
  readonly key: string
  /** Tried in order, as prefixes, when nothing is under `key`; what is found is only a start. */
  readonly restoreKeys: readonly string[]
  /** By GitLab's rules: keys are whole names, what is under one comes back whatever the paths, and it is kept anew after each job. */
  readonly isExact?: boolean
  /** Files whose content becomes part of the key. */
  readonly keyFiles: readonly string[]
  readonly paths: readonly string[]
  readonly policy: 'pull' | 'push' | 'pull-push'
  readonly when: 'success' | 'failure' | 'always'
}

/** Jobs that must not run at the same time, over all runs of the service. */
export type ConcurrencyPlan = {
  readonly group: string
  /** What a newcomer does to those before it: waits in line, replaces the one that waits, or has the running one cancelled. */
  readonly onConflict: 'queue' | 'replace_waiting' | 'cancel_running'
}

/** A job that waits for a person. Its inputs become environment variables. */
export type ManualPlan = {
  readonly inputs: readonly ManualInput[]
  /** Whether the run may end, and succeed, without anybody having started it; then it and what needs it never ran. */
  readonly isOptional?: boolean
}

/** Where a job deploys. */
export type JobEnvironment = {
  readonly name: string
  /** `$NAME` and `${NAME}` in it are outputs of the job, filled in when it has ended. */
  readonly url: string | null
  /** What the job does with the environment; `start` when absent. Only `start` makes a record that something serves there, only `stop` ends it. */
  readonly action?: 'start' | 'prepare' | 'stop' | 'verify' | 'access'
  /** The job that stops the environment. */
  readonly onStop?: string | null
  /** It is stopped after this long. */
  readonly autoStopMs?: number | null
}

/** One typed input of a manual job. */
export type ManualInput = {
  readonly name: string
  readonly kind: 'text' | 'number' | 'boolean' | 'choice'
  readonly choices: readonly string[]
  readonly default: string | null
  readonly isRequired: boolean
  readonly description: string
}

/** What a job does. `deploy` and `promote` take the release of the run to an environment; such a job, and what needs it, runs once the release is cut. */
export type JobWork =
  | { readonly kind: 'steps' }
  | { readonly kind: 'none' }
  | { readonly kind: 'deploy' | 'promote'; readonly environment: string }

/** A job as the plan has it. */
export type JobPlan = {
  /** Unique in the run; what `needs` names. Legs of a matrix: `test (20, linux)`. */
  readonly name: string
  readonly needs: readonly string[]
  /** Needs whose artifacts are not unpacked into the workspace. */
  readonly needsWithoutArtifacts: readonly string[]
  /** The job that this one is a leg of, or was called by; null for none. Whoever needs that one waits for all of its legs. */
  readonly partOf: string | null
  /** `check`, `build`, `test`, `security`, `deploy`, `verify`, `notify`, or a name of the pipeline's own. */
  readonly stage: string | null
  readonly dialect: Dialect
  /** What it does: its steps, a rollout of the run's release, or nothing (it stands for the jobs that are part of it, or only for its place in the graph). */
  readonly work: JobWork
  /** What the dialect needs to resolve and run the job besides this record; null for Sluice's own. */
  readonly definition: JsonValue
  readonly condition: JobCondition
  /** Legs that fail cancel those beside them; at most so many legs at once. Only for a job that others are part of. */
  readonly failFast: boolean
  readonly maxParallel: number | null
  readonly steps: readonly PlannedStep[]
  /** Words with `{0}` for the script's file; null for `sh -e {0}`. */
  readonly shell: readonly string[] | null
  readonly workingDirectory: string | null
  readonly env: Texts
  /** Whether outputs of needs become environment variables of the steps (GitLab's dotenv reports). */
  readonly envOfNeeds: boolean
  /** Names; values come from the secret source when the job runs. */
  readonly secrets: readonly string[]
  readonly environment: JobEnvironment | null
  readonly services: readonly PlannedService[]
  readonly timeoutMs: number
  /** What the stage or job ought to take; null for none. `enforce` fails what takes longer. */
  readonly budget: { readonly ms: number; readonly enforce: boolean } | null
  readonly retry: RetryPolicy
  /** Whether the run may succeed though this job failed; the job is then shown as what it is, failed. Exit codes: only with these (empty: any). */
  readonly mayFail: { readonly exitCodes: readonly number[] } | null
  readonly concurrency: ConcurrencyPlan | null
  readonly manual: ManualPlan | null
  /** Waits this long after its needs are met (GitLab's `delayed`). */
  readonly delayMs: number
  /** Files with `NAME=value` lines that become outputs, relative to the checkout. `$SLUICE_OUTPUT` always is one. */
  readonly outputFiles: readonly string[]
  readonly artifacts: readonly PlannedArtifact[]
  readonly reports: readonly PlannedReport[]
  readonly cache: TaskCachePlan | null
  readonly keyedCaches: readonly KeyedCachePlan[]
  /** It has no steps and stands for its needs (a stage, the legs of a matrix): whoever needs it gets their artifacts and outputs as if it named them. Views leave out those whose name begins with a dot. */
  readonly gathers?: boolean
  /** A newer run of the same ref may cancel it; see `PipelineMode`. */
  readonly isInterruptible?: boolean
  /** A regular expression; the last number in what it last finds in the log is the job's coverage in percent. */
  readonly coveragePattern?: string
}

/** Something that a document says and this program reads differently, or not at all. Positions count from 1; null where there is none. */
export type LoweringNote = {
  readonly level: 'error' | 'warning'
  /** A dotted key path, for instance `jobs.test.container`. */
  readonly key: string
  readonly message: string
  readonly file: string
  readonly line: number | null
  readonly column: number | null
}

/** What a pipeline says about itself as a whole. */
export type PipelineMode = {
  readonly name: string | null
  /** Whether the first job that fails calls the others off. */
  readonly cancelOnFailure: boolean
  /** What a newer run of the same ref does: calls this one off while none of its jobs that may not be interrupted has started, calls off those jobs that may, or nothing. */
  readonly onNewCommit: 'conservative' | 'interruptible' | 'none'
}

/** What a pipeline document became: jobs, and everything that could not be honoured as it stands. With an `error` among the notes nothing may start. */
export type Lowered = {
  readonly jobs: readonly JobPlan[]
  readonly notes: readonly LoweringNote[]
  readonly mode?: PipelineMode
}
