/** What a person writes under `pipeline`; see `types.ts`. */
import type { GatesConfig } from './types-gates.ts'
import type { Duration, Variables } from './types.ts'

/** The jobs that a commit must pass, and how many of them at once. */
export type PipelineConfig = {
  /** How many jobs may run at the same time: a number, or as many as the machine has cores. */
  readonly parallel?: number | 'cores'
  /** Whether each job gets a workspace and processes of its own: where the system can, never (all jobs share one checkout), or not without. */
  readonly isolation?: 'auto' | 'none' | 'required'
  /** What the jobs of a stage ought to take, by stage. */
  readonly stages?: Readonly<Record<string, Duration | StageConfig>>
  /** What starts a run by itself. */
  readonly on?: TriggersConfig
  /** Environment variables of the steps of all jobs. */
  readonly env?: Variables
  /** What a run must show before its commit becomes a release. */
  readonly gates?: GatesConfig
  /** Where results and folders of jobs are kept from run to run. */
  readonly cache?: CacheConfig
  /** How long what runs showed is kept. */
  readonly evidence?: EvidenceConfig
  /** The jobs by name; a directed acyclic graph. */
  readonly jobs: Readonly<Record<string, JobConfig>>
}

/** What the jobs of a stage ought to take. */
export type StageConfig = {
  /** What the stage ought to take. */
  readonly budget: Duration
  /** Whether a job that takes longer than the budget of its stage fails. */
  readonly enforce?: boolean
}

/** What starts a run by itself. */
export type TriggersConfig = {
  /** Patterns of the branches whose commits start a run. */
  readonly branches?: readonly string[]
  /** Patterns of the tags that start a run. */
  readonly tags?: readonly string[]
  /** Patterns of the files of which at least one must have changed. */
  readonly paths?: readonly string[]
  /** Patterns of the branches into which a pull request starts a run; where absent, one whose own branch starts none when it is pushed. */
  readonly pullRequests?: readonly string[]
  /** Cron expressions (five fields, UTC) at which a run starts. */
  readonly schedule?: readonly string[]
  /** What a person who starts a run is asked for; a run that starts by itself has the defaults. */
  readonly manual?: ManualConfig
}

/** A node of the pipeline: it has steps, or takes the release somewhere. */
export type JobConfig = {
  /** Jobs that must succeed before this one starts; their artifacts are unpacked into its checkout. */
  readonly needs?: readonly string[]
  /** The stage that the job belongs to; stages have time budgets. */
  readonly stage?: 'check' | 'build' | 'test' | 'security' | 'deploy' | 'verify' | 'notify' | (string & {})
  /** Whether the job runs when its needs succeeded, when one failed, in any case, or in any case unless the run was called off. */
  readonly if?: 'success' | 'failure' | 'always' | 'settled'
  /** Which runs the job is part of. */
  readonly only?: OnlyConfig
  /** Runs the job once for each combination of values. */
  readonly matrix?: MatrixConfig
  /** Shell commands, run one after the other in a clean checkout of the commit until one fails. */
  readonly steps?: string | readonly (string | StepConfig | BuiltinStepConfig)[]
  /** The environment that this job takes the release of the run to, instead of steps. */
  readonly deploy?: string
  /** The environment that this job promotes the release of the run to, instead of steps. */
  readonly promote?: string
  /** The shell of the steps, with `{0}` for the file of a script. */
  readonly shell?: string
  /** Where the steps run, relative to the checkout. */
  readonly workingDirectory?: string
  /** Environment variables of the job's steps. */
  readonly env?: Variables
  /** Names of the secrets that the steps get as environment variables; their values are masked in the log. */
  readonly secrets?: readonly string[]
  /** How long the job may take in all. */
  readonly timeout?: Duration
  /** How long the job ought to take; more is shown. */
  readonly budget?: Duration
  /** When a job that failed is run again, with a log of its own. */
  readonly retry?: number | RetryConfig
  /** Whether the run may succeed though this job failed; it is shown as failed all the same. */
  readonly mayFail?:
    | boolean
    | {
        /** Exit codes that the run may succeed with. */
        readonly exitCodes: readonly number[]
      }
  /** Jobs of one group never run at the same time, in whatever runs they are; none is dropped in silence. */
  readonly concurrency?: string | ConcurrencyConfig
  /** Whether the job waits until a person starts it: `sluice runs play`. */
  readonly manual?: true | ManualConfig
  /** Programs that run beside the job, by name: started and checked before its first step, gone after its last. */
  readonly services?: Readonly<Record<string, string | ServiceConfig>>
  /** Files with `NAME=value` lines that become outputs; what is written to `$SLUICE_OUTPUT` always does. */
  readonly outputs?: readonly string[]
  /** Files and folders to keep once the job succeeded, by artifact name. */
  readonly artifacts?: Readonly<Record<string, string | readonly string[]>>
  /** Files that tell what was checked, by format; read in any case, and judged by the gates. */
  readonly reports?: Readonly<Record<string, string | readonly string[]>>
  /** What the result of the job depends on; with nothing of it changed, the job is not run again. */
  readonly cache?: TaskCacheConfig
  /** Folders that are kept from run to run. */
  readonly caches?: readonly KeyedCacheConfig[]
}

type StepShared = {
  /** What the log calls the step. */
  readonly name?: string
  /** Whether the step runs after a step that failed: not, only then, or in any case. */
  readonly when?: 'success' | 'failure' | 'always'
  /** Whether the job goes on when this step fails, as if it had not. */
  readonly continueOnError?: boolean
  /** How long the step may take; at most as long as the job. */
  readonly timeout?: Duration
}

/** A command inside a job. */
export type StepConfig = StepShared & {
  /** The shell command. */
  readonly run: string
  /** The shell of this step, with `{0}` for the file of its script. */
  readonly shell?: string
  /** Environment variables of this step; they win over those of the job. */
  readonly env?: Variables
  /** Where the command runs, relative to the checkout. */
  readonly workingDirectory?: string
}

/** A step that Sluice brings with it. */
export type BuiltinStepConfig = StepShared & {
  /** A step that Sluice brings with it. */
  readonly uses: `sluice/${string}`
  /** Settings of the built-in step. */
  readonly with?: Readonly<Record<string, unknown>>
}

/** Which runs a job is part of. */
export type OnlyConfig = {
  /** Patterns of the branches that the job runs for. */
  readonly branches?: readonly string[]
  /** Patterns of the tags that the job runs for. */
  readonly tags?: readonly string[]
  /** Patterns of the files of which at least one must have changed. */
  readonly paths?: readonly string[]
  /** What must have started the run. */
  readonly events?: readonly ('manual' | 'push' | 'pull_request' | 'tag' | 'schedule')[]
}

type LegsConfig = {
  /** Whether a leg that fails calls off those beside it. */
  readonly failFast?: boolean
  /** How many legs may run at the same time. */
  readonly maxParallel?: number
}

/** The legs of a job: combinations of values, or a list that an earlier job gives. */
export type MatrixConfig =
  | (LegsConfig & {
      /** The values to combine, by name; each becomes an environment variable of its leg. */
      readonly axes: Readonly<Record<string, readonly (string | number | boolean)[]>>
      /** Combinations to add, or values to add to the combinations that they fit. */
      readonly include?: readonly Variables[]
      /** Combinations to take away. */
      readonly exclude?: readonly Variables[]
    })
  | (LegsConfig & {
      /** The output of an earlier job that lists the legs. */
      readonly from: {
        /** The job that says which legs there are. */
        readonly job: string
        /** Its output that holds a JSON list: texts, or objects of variables. */
        readonly output: string
        /** The environment variable that gets a text of the list. */
        readonly as: string
      }
    })

/** When a job that failed is run again. */
export type RetryConfig = {
  /** How many times a job that failed is run again. */
  readonly max: number
  /** Pause before the first of them; doubles each time. */
  readonly backoff?: Duration
  /** Which ends are worth it; every one when empty. */
  readonly on?: readonly ('script_failure' | 'timeout' | 'service_failure' | 'system_failure' | number)[]
}

/** Jobs that must not run at the same time. */
export type ConcurrencyConfig = {
  /** Name of the group. */
  readonly group: string
  /** What a newcomer does: waits in line, takes the place of those that wait, or has the running one called off, too. */
  readonly onConflict?: 'queue' | 'replace_waiting' | 'cancel_running'
}

/** What a person who starts a run, or a job of it, is asked for. */
export type ManualConfig = {
  /** Values that are asked for; each becomes an environment variable. */
  readonly inputs: Readonly<Record<string, InputConfig>>
}

/** A value that is asked for. */
export type InputConfig = {
  /** What kind of value it is. */
  readonly type?: 'text' | 'number' | 'boolean' | 'choice'
  /** The values of a choice. */
  readonly choices?: readonly string[]
  /** The value when none is given. */
  readonly default?: string | number | boolean
  /** Whether a value must be given. */
  readonly required?: boolean
  /** What to tell the person who is asked. */
  readonly description?: string
}

/** A program that runs beside a job. */
export type ServiceConfig = {
  /** What to run: `postgres` and `redis` come from the programs of this machine where it has them, everything else from a container. */
  readonly image?: string
  /** Command that starts the service on `$PORT`; for what has no image. */
  readonly command?: string
  /** Environment variables of the service. */
  readonly env?: Variables
  /** Environment variables that the steps get; `{host}` and `{port}` are filled in. */
  readonly exports?: Variables
  /** Ports that the service listens on in a container; each gets a free port of this machine. */
  readonly ports?: readonly number[]
  /** Command that succeeds once the service is ready. */
  readonly health?: string
  /** How long the service may take until it is ready. */
  readonly startTimeout?: Duration
}

/** Where results and folders of jobs are kept from run to run. */
export type CacheConfig = {
  /** What the cache on a machine may take, in megabytes. */
  readonly sizeMax?: number
  /** A cache that several machines share: that of a control plane, or a bucket. */
  readonly remote?: HttpCacheConfig | S3CacheConfig
}

/** How long what runs showed is kept. */
export type EvidenceConfig = {
  /** Last runs whose evidence and files to look at are kept; that of releases which an environment remembers stays in any case. */
  readonly runs?: number
  /** Last commits whose numbers are kept for later ones to be compared with. */
  readonly baselines?: number
}

/** The cache of a control plane; its token is in `SLUICE_CACHE_TOKEN`, the address that it may go to in `SLUICE_CACHE_REMOTE`. */
export type HttpCacheConfig = {
  readonly kind: 'http'
  /** Where the cache of the control plane is. */
  readonly address: string
}

/** A bucket; what opens it is in `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, and in `SLUICE_CACHE_REMOTE` which one that may be. */
export type S3CacheConfig = {
  readonly kind: 's3'
  /** Address of the service. */
  readonly endpoint: string
  /** Region of the bucket. */
  readonly region: string
  /** Name of the bucket, which must exist. */
  readonly bucket: string
  /** What the names of everything in the bucket begin with. */
  readonly prefix?: string
}

/** What the result of a job depends on. */
export type TaskCacheConfig = {
  /** Patterns of the files that the result depends on; `!` takes away. */
  readonly inputs: readonly string[]
  /** Patterns of the files that the job makes; they are restored when it need not run. */
  readonly outputs?: readonly string[]
  /** Names of the environment variables that the result depends on. */
  readonly env?: readonly string[]
  /** Commands that print the versions of the tools that the result depends on. */
  readonly tools?: readonly string[]
  /** Whether reading or writing a file that is not declared fails the job; else it is reported. */
  readonly strict?: boolean
}

/** Folders that are kept from run to run. */
export type KeyedCacheConfig = {
  /** Name that the folders are kept under. */
  readonly key: string
  /** Files whose content becomes part of the key. */
  readonly files?: readonly string[]
  /** Beginnings of keys to start from when there is nothing under the key itself. */
  readonly restoreKeys?: readonly string[]
  /** Folders to keep; `~` is the home folder. */
  readonly paths: readonly string[]
}
