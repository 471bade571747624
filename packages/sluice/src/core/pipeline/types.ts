/** What a run is made of: its plan as data, effects and events of its machine, and its states. */
import type { Actor, Artifact, Commit, Fence, Release, RunId } from '../model.ts'
import type { ReleaseDraft } from '../release.ts'
import type { Failure } from '../rollout/types.ts'

/** A job as it will run; nothing outside the plan decides what it does. */
export type PlannedJob = {
  readonly name: string
  readonly needs: readonly string[]
  /** 0 without needs, else one more than the deepest need. */
  readonly level: number
  /** How many jobs follow it on the longest way to the end; of the jobs that are ready, the highest starts first. */
  readonly height: number
  readonly steps: readonly { readonly name: string; readonly run: string }[]
  readonly env: Readonly<Record<string, string>>
  /** Names; values come from the secret source when the job runs. */
  readonly secrets: readonly string[]
  readonly timeoutMs: number
  /** What is kept once the job succeeded; paths are relative to the checkout. */
  readonly artifacts: readonly { readonly name: string; readonly paths: readonly string[] }[]
}

/** Everything decided before the first job, frozen into the run. */
export type RunPlan = {
  readonly form: 1
  readonly service: string
  readonly commit: Commit
  readonly version: string
  /** Jobs that may run at the same time. */
  readonly parallelMax: number
  /** In an order in which each job comes after its needs. */
  readonly jobs: readonly PlannedJob[]
  /** What the release will be, but for its artifacts; null when the run cuts none (a part of the pipeline, or nothing to start). */
  readonly draft: ReleaseDraft | null
}

/** What the engine performs for a run. */
export type RunAction =
  /** Runs the job in a clean checkout into which the inputs (artifacts of its needs) were unpacked. What ran under this key before is ended first. */
  | { readonly kind: 'run_job'; readonly job: string; readonly inputs: readonly Artifact[] }
  /** Sees to it that nothing of the job runs any more. `target` is the key of the job's `run_job`. */
  | { readonly kind: 'stop_job'; readonly job: string; readonly target: string }
  /** Checks that the artifacts are in the store and cuts the release. */
  | { readonly kind: 'cut_release'; readonly artifacts: readonly Artifact[] }

/** A thing to do in the world. `sequence` numbers every issue; a result must carry it back. */
export type RunEffect = {
  readonly sequence: number
  /** `<run>/job/<name>`, `<run>/stop/<name>` or `<run>/cut`: names the thing to do, not the attempt at it. */
  readonly key: string
  readonly fence: Fence
  readonly deadlineMs: number
  readonly action: RunAction
}

/** What a performed effect gave: `job_succeeded` to `run_job`, `release_cut` to `cut_release`, `done` to `stop_job`. */
export type RunResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'job_succeeded'; readonly artifacts: readonly Artifact[] }
  | { readonly kind: 'release_cut'; readonly release: Release }

/** Everything that can happen to a run; each accepted one is a ledger row. `at` is epoch ms. */
export type RunEvent =
  | {
      readonly type: 'run_planned'
      readonly at: number
      readonly id: RunId
      readonly token: number
      readonly plan: RunPlan
      readonly by: Actor
    }
  | { readonly type: 'effect_succeeded'; readonly at: number; readonly sequence: number; readonly result: RunResult }
  /** Of a job: it failed (`run_failed` with its exit code, `job_timeout`, `artifact_missing` …). A job is not tried again. */
  | { readonly type: 'effect_failed'; readonly at: number; readonly sequence: number; readonly failure: Failure }
  /** Nobody knows: the job is run again from a clean checkout under the same key. */
  | { readonly type: 'effect_unknown'; readonly at: number; readonly sequence: number; readonly detail: string }
  | { readonly type: 'cancel_requested'; readonly at: number; readonly by: Actor; readonly reason: string | null }
  | { readonly type: 'time_passed'; readonly at: number }
  | { readonly type: 'work_parked'; readonly at: number; readonly detail: string }

/** An effect that was issued and not answered. */
export type InFlight = { readonly effect: RunEffect; readonly attempt: number; readonly deadlineAt: number }

/** A job of a run. A field exists only in the status where it means something. */
export type JobState =
  | { readonly status: 'waiting' }
  | (InFlight & { readonly status: 'running'; readonly startedAt: number })
  | (InFlight & { readonly status: 'stopping'; readonly startedAt: number })
  | {
      readonly status: 'succeeded'
      readonly startedAt: number
      readonly finishedAt: number
      readonly artifacts: readonly Artifact[]
    }
  | { readonly status: 'failed'; readonly startedAt: number; readonly finishedAt: number; readonly failure: Failure }
  /** It never ran, because `because` (a job that it needs, near or far) failed. */
  | { readonly status: 'skipped'; readonly at: number; readonly because: string }
  /** The run was called off. `startedAt` is null when it never ran; `detail` says so when its processes may have been left behind. */
  | {
      readonly status: 'cancelled'
      readonly startedAt: number | null
      readonly finishedAt: number
      readonly detail: string | null
    }

/** Why a run did not succeed. First cause wins; later ones are in the ledger and on the jobs. */
export type RunCause =
  | { readonly kind: 'job_failed'; readonly job: string; readonly failure: Failure }
  | { readonly kind: 'cut_failed'; readonly failure: Failure }
  | { readonly kind: 'command'; readonly command: 'cancel'; readonly by: Actor; readonly reason: string | null }
  | { readonly kind: 'parked'; readonly detail: string }

/** What every run that exists has. */
export type RunCommon = {
  readonly id: RunId
  readonly token: number
  /** The newest sequence issued. */
  readonly sequence: number
  readonly plan: RunPlan
  readonly startedAt: number
  readonly by: Actor
  /** One for each job of the plan, in the same order. */
  readonly jobs: readonly JobState[]
}

/** Where cutting the release stands. */
export type CutStage =
  | (InFlight & { readonly kind: 'performing' })
  | { readonly kind: 'backing_off'; readonly attempt: number; readonly until: number; readonly last: Failure }

/** A run. A field exists only in the status where it means something. */
export type RunState =
  | { readonly status: 'absent' }
  /** Jobs run or wait. `cause` is the first failure, null so far; independent jobs go on after it. */
  | (RunCommon & { readonly status: 'running'; readonly cause: RunCause | null })
  /** Called off: the running jobs are being stopped. */
  | (RunCommon & { readonly status: 'stopping'; readonly cause: RunCause })
  | (RunCommon & { readonly status: 'cutting'; readonly stage: CutStage })
  | (RunCommon & { readonly status: 'succeeded'; readonly settledAt: number; readonly release: Release | null })
  | (RunCommon & { readonly status: 'failed'; readonly settledAt: number; readonly cause: RunCause })
  | (RunCommon & { readonly status: 'cancelled'; readonly settledAt: number; readonly cause: RunCause })
