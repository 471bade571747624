/** What a run is made of: its plan as data, effects and events of its machine, and its states. */
import type { GateSettings, GateVerdict } from '../evidence/gates/types.ts'
import type { Actor, Artifact, Commit, CommitId, Digest, Fence, Release, RunId } from '../model.ts'
import type { ReleaseDraft } from '../release.ts'
import type { Failure } from '../rollout/types.ts'
import type { ArrivalId, ArrivalSource } from '../source/types.ts'
import type { RunCachePlan } from './cache/run-cache.ts'
import type { JobPlan, JsonValue, LoweringNote, RetryReason, Texts } from './job-plan.ts'

/** What made a run start. `name` is a branch, a tag or a schedule's expression. */
export type RunTrigger = {
  readonly event: 'manual' | 'push' | 'pull_request' | 'tag' | 'schedule'
  readonly name: string | null
  /** Values of the typed inputs of the pipeline, also those that are defaults. */
  readonly inputs: Texts
  /** Who told of the commit; absent for a run that somebody asked for. */
  readonly arrival?: RunArrival
}

/** What of an arrival a run tells: who told of it, who pushed (in their words), and where a person can look at it. */
export type RunArrival = {
  readonly id: ArrivalId
  readonly from: ArrivalSource
  readonly sender: string | null
  readonly url: string | null
  readonly title: string | null
}

/** A pipeline document of another system, and what was read differently in it. */
export type PipelineOrigin = {
  readonly kind: 'github' | 'gitlab'
  /** Relative to the root of the repository. */
  readonly file: string
  /** What the document calls itself, or this run. */
  readonly name: string
  /** What started it, in that system's words: `push`, `merge_request_event` … */
  readonly event: string
  readonly notes: readonly LoweringNote[]
}

/** Where a run's commit stands. `base`: the last commit that was looked at before it; null when there is none. `isTree`: it is the working tree, committed for this run alone. */
export type RunOrigin = {
  readonly branch: string | null
  readonly tag: string | null
  readonly base: CommitId | null
  readonly isTree?: boolean
}

/** Everything decided before the first job, frozen into the run. */
export type RunPlan = {
  readonly form: 1
  readonly service: string
  readonly commit: Commit
  readonly version: string
  readonly trigger: RunTrigger
  /** Where the jobs were lowered from; absent for those of the service's own config. */
  readonly pipeline?: PipelineOrigin
  /** Counts the runs of that document, from 1; one that is run again keeps its number, and counts its attempts. */
  readonly number?: number
  readonly attempt?: number
  /** Runs that this one goes on with, the latest first: its jobs find the files that theirs handed on. */
  readonly follows?: readonly RunId[]
  /** Jobs that may run at the same time. */
  readonly parallelMax: number
  /** `auto`: a copy-on-write workspace of its own for each job where the system can; `none`: all jobs in one checkout; `required`: or not at all. */
  readonly isolation: 'auto' | 'none' | 'required'
  /** How it uses the caches; null or absent: not at all. */
  readonly cache?: RunCachePlan | null
  /** In an order in which each job comes after its needs, and after the job that it is part of. */
  readonly jobs: readonly JobPlan[]
  /** Conditions over the evidence of all jobs. Null for none. */
  readonly gates: GateSettings | null
  /** What the release will be, but for its artifacts; null when the run cuts none (a part of the pipeline, or nothing to start). */
  readonly draft: ReleaseDraft | null
  /** Absent in runs of before it was known. */
  readonly origin?: RunOrigin
  /** Jobs that are not part of this run, and why not. */
  readonly left?: readonly { readonly job: string; readonly because: string }[]
}

/** What an earlier run of the same commit came to, for a job that is not run again. */
export type CarriedJob = {
  readonly job: string
  readonly from: RunId
  readonly artifacts: readonly Artifact[]
  readonly outputs: Texts
  /** Absent in rows from before jobs kept evidence. */
  readonly evidence?: Digest | null
}

/** A job as those after it see it. */
export type NeedOutcome = {
  readonly name: string
  readonly result: 'success' | 'failure' | 'cancelled' | 'skipped'
  readonly outputs: Texts
}

/** What the engine performs for a run. */
export type RunAction =
  /** Asks the job's dialect whether and as what it runs. `ancestors` are all jobs before it, `needs` the direct ones. */
  | {
      readonly kind: 'resolve_job'
      readonly job: string
      readonly needs: readonly NeedOutcome[]
      readonly ancestors: readonly NeedOutcome[]
      readonly isCancelled: boolean
    }
  /** Asks the job's dialect for the outputs of a job whose parts are settled. `legs` are those parts, `outputs` is what its resolution said about them. */
  | {
      readonly kind: 'name_outputs'
      readonly job: string
      readonly legs: readonly NeedOutcome[]
      readonly outputs: JsonValue
    }
  /** Runs the job in a workspace of its own into which the inputs (artifacts of its needs) were unpacked. What ran under this key before is ended first. */
  | {
      readonly kind: 'run_job'
      readonly job: string
      /** Counts deliberate executions, from 1; part of the key, so that their logs are kept apart. */
      readonly execution: number
      readonly inputs: readonly Artifact[]
      readonly needs: readonly NeedOutcome[]
      /** Given by the person who started a manual job. */
      readonly given: Texts
    }
  /** Sees to it that nothing of the job runs any more, gracefully first. `target` is the key of the job's `run_job`. */
  | { readonly kind: 'stop_job'; readonly job: string; readonly target: string }
  /** Judges the gates over the evidence of the jobs. */
  | { readonly kind: 'judge_gates'; readonly evidence: readonly JobEvidence[] }
  /** Checks that the artifacts are in the store and cuts the release. */
  | {
      readonly kind: 'cut_release'
      readonly artifacts: readonly Artifact[]
      readonly gates: readonly GateVerdict[]
    }
  /** Takes the release to an environment and waits until that rollout is settled. */
  | {
      readonly kind: 'deliver'
      readonly job: string
      readonly execution: number
      readonly environment: string
      readonly purpose: 'deploy' | 'promote'
      readonly release: Release
    }

/** Reports of a job that were read, kept by content. */
export type JobEvidence = { readonly job: string; readonly digest: Digest }

/** A thing to do in the world. `sequence` numbers every issue; a result must carry it back. */
export type RunEffect = {
  readonly sequence: number
  /** `<run>/job/<name>`, `<run>/stop/<name>`, `<run>/resolve/<name>`, `<run>/outputs/<name>`, `<run>/gates`, `<run>/cut`: names the thing to do, not the attempt at it. */
  readonly key: string
  readonly fence: Fence
  readonly deadlineMs: number
  readonly action: RunAction
}

/** How a job's result came about, where it did not run. */
export type CacheUse = { readonly key: string; readonly run: RunId | null; readonly savedMs: number }

/** What a job left. */
export type JobYield = {
  readonly artifacts: readonly Artifact[]
  readonly outputs: Texts
  readonly evidence: Digest | null
}

/** What a performed effect gave. */
export type RunResult =
  | { readonly kind: 'done' }
  | ({ readonly kind: 'job_succeeded'; readonly cache?: CacheUse | null } & JobYield)
  | ({ readonly kind: 'job_failed'; readonly failure: Failure; readonly reason: RetryReason } & JobYield)
  | { readonly kind: 'job_resolved'; readonly resolution: JobResolution }
  | { readonly kind: 'outputs_named'; readonly outputs: Texts }
  | { readonly kind: 'gates_judged'; readonly verdicts: readonly GateVerdict[] }
  | { readonly kind: 'release_cut'; readonly release: Release }

/** What became of a job whose condition its dialect decides. */
export type JobResolution =
  | { readonly kind: 'run'; readonly job: JobPlan }
  | { readonly kind: 'skip'; readonly because: string }
  /** `outputs`: where those of the whole come from, for its dialect; those of its legs, when absent. */
  | { readonly kind: 'legs'; readonly legs: readonly JobPlan[]; readonly outputs?: JsonValue }

/** Everything that can happen to a run; each accepted one is a ledger row. `at` is epoch ms. */
export type RunEvent =
  | {
      readonly type: 'run_planned'
      readonly at: number
      readonly id: RunId
      readonly token: number
      readonly plan: RunPlan
      readonly by: Actor
      readonly carried: readonly CarriedJob[]
    }
  | { readonly type: 'effect_succeeded'; readonly at: number; readonly sequence: number; readonly result: RunResult }
  /** Of a job: the machine under it failed (its checkout, a full disk, a service), not what it checks. */
  | { readonly type: 'effect_failed'; readonly at: number; readonly sequence: number; readonly failure: Failure }
  /** Nobody knows: the job is run again in a fresh workspace under the same key. */
  | { readonly type: 'effect_unknown'; readonly at: number; readonly sequence: number; readonly detail: string }
  /** Once: graceful, jobs that run in any case still run. Again: nothing more. */
  | { readonly type: 'cancel_requested'; readonly at: number; readonly by: Actor; readonly reason: string | null }
  /** Starts a job that waits for a person. */
  | {
      readonly type: 'play_requested'
      readonly at: number
      readonly by: Actor
      readonly job: string
      readonly given: Texts
    }
  /** Of a job that must not run beside others of its group: it is its turn; or another one took its place. */
  | { readonly type: 'slot_granted'; readonly at: number; readonly job: string }
  | { readonly type: 'slot_lost'; readonly at: number; readonly job: string; readonly detail: string }
  | { readonly type: 'time_passed'; readonly at: number }
  | { readonly type: 'work_parked'; readonly at: number; readonly detail: string }

/** An effect that was issued and not answered. */
export type InFlight = { readonly effect: RunEffect; readonly attempt: number; readonly deadlineAt: number }

/** Why a job did not run. `need`: a job before it did not succeed; `condition`: its own condition; `nobody`: nobody started it by hand. */
export type SkipReason =
  | { readonly kind: 'need'; readonly job: string }
  | { readonly kind: 'condition'; readonly detail: string }
  | { readonly kind: 'nobody' }

/** An execution of a job that was followed by another one. */
export type PastExecution = { readonly startedAt: number; readonly finishedAt: number; readonly failure: Failure }

/** What a job that started has. `past`: its earlier executions, oldest first. */
type Started = { readonly startedAt: number; readonly past: readonly PastExecution[] }

/** A job of a run. A field exists only in the status where it means something. */
export type JobState =
  /** Jobs before it are not settled. */
  | { readonly status: 'waiting' }
  /** Its needs are met; its delay is not over. */
  | { readonly status: 'delayed'; readonly until: number }
  /** It waits for its turn among the jobs of its group, over all runs. `naming`: as when it will be open. */
  | { readonly status: 'queued'; readonly since: number; readonly naming?: JsonValue; readonly given?: Texts }
  /** It waits for a person. */
  | { readonly status: 'manual'; readonly since: number }
  /** It would run if there were room: for the run, or for the job that it is part of. */
  | {
      readonly status: 'ready'
      readonly since: number
      readonly past: readonly PastExecution[]
      readonly given: Texts
    }
  /** Its dialect decides on it; or, where it began at `startedAt`, says what its legs are, or what its outputs are. */
  | (InFlight & { readonly status: 'resolving'; readonly startedAt?: number; readonly given?: Texts })
  /** The jobs that are part of it run, with what was given to it. `naming`: the `outputs` of its `JobResolution`. */
  | { readonly status: 'open'; readonly startedAt: number; readonly naming?: JsonValue; readonly given?: Texts }
  | (InFlight & Started & { readonly status: 'running'; readonly given: Texts })
  /** It failed and is run again. */
  | {
      readonly status: 'backing_off'
      readonly until: number
      readonly past: readonly PastExecution[]
      readonly given: Texts
    }
  | (InFlight & Started & { readonly status: 'stopping' })
  /** `isTainted`: a job before it, near or far, failed, and it ran in spite of that. `carriedFrom`: an earlier run did it. */
  | (Started &
      JobYield & {
        readonly status: 'succeeded'
        readonly finishedAt: number
        readonly isTainted: boolean
        readonly cache: CacheUse | null
        readonly carriedFrom: RunId | null
      })
  /** `isTolerated`: the run may succeed all the same. */
  | (Started &
      JobYield & {
        readonly status: 'failed'
        readonly finishedAt: number
        readonly failure: Failure
        readonly isTolerated: boolean
      })
  | { readonly status: 'skipped'; readonly at: number; readonly because: SkipReason; readonly isTainted: boolean }
  /** It was called off. `startedAt` is null when it never ran; `detail` says so when its processes may have been left behind. */
  | {
      readonly status: 'cancelled'
      readonly startedAt: number | null
      readonly finishedAt: number
      readonly detail: string | null
    }

/** Why a run did not succeed. First cause wins; later ones are in the ledger and on the jobs. */
export type RunCause =
  | { readonly kind: 'job_failed'; readonly job: string; readonly failure: Failure }
  | { readonly kind: 'gate_failed'; readonly verdicts: readonly GateVerdict[] }
  | { readonly kind: 'cut_failed'; readonly failure: Failure }
  /** A job gave way to one of another run, so that this run never came to what that job would have said. */
  | { readonly kind: 'slot_lost'; readonly job: string; readonly detail: string }
  | { readonly kind: 'command'; readonly command: 'cancel'; readonly by: Actor; readonly reason: string | null }
  | { readonly kind: 'parked'; readonly detail: string }

/** Who waits for whom, by index of a job: the plan's, then the added ones. Follows from the jobs; kept so that a step costs no more than what it changes. */
export type RunLinks = {
  readonly needs: readonly (readonly number[])[]
  readonly dependents: readonly (readonly number[])[]
  /** Jobs that are part of this one, and the one that it is part of. */
  readonly legs: readonly (readonly number[])[]
  readonly wholes: readonly (number | null)[]
  /** Longest way from each job to one that nobody needs; of the jobs that are ready, the highest starts first. */
  readonly heights: readonly number[]
  /** Jobs that run once the release is cut: those that take it somewhere, and what needs them. */
  readonly afterRelease: readonly number[]
}

/** What every run that exists has. */
export type RunCommon = {
  readonly id: RunId
  readonly token: number
  /** The newest sequence issued. */
  readonly sequence: number
  readonly plan: RunPlan
  readonly startedAt: number
  readonly by: Actor
  /** Jobs that were found out while it ran (legs of a matrix out of an output, jobs of a called workflow), and jobs as their dialect resolved them, by name. */
  readonly added: readonly JobPlan[]
  readonly resolved: Readonly<Record<string, JobPlan>>
  /** One for each job: the plan's, then the added ones. */
  readonly jobs: readonly JobState[]
  readonly links: RunLinks
  /** By index: needs that are not settled, one more while the job that it is part of is not open; of an open job, its unsettled parts. */
  readonly unmet: readonly number[]
  /** Jobs that are not settled. */
  readonly unsettled: number
  /** Indices of jobs that are ready, the one that starts next first. */
  readonly queue: readonly number[]
  /** Indices of jobs with an effect in flight. */
  readonly active: readonly number[]
  /** Indices of jobs that wait for a time. */
  readonly timed: readonly number[]
  readonly gates: readonly GateVerdict[]
  /** Null until it is cut. */
  readonly release: Release | null
  /** Whether the jobs after the release were told that there is one, or that there will be none. */
  readonly phase: 'before_release' | 'after_release'
}

/** Where judging the gates or cutting the release stands. */
export type ClosingStage =
  | (InFlight & { readonly kind: 'performing' })
  | { readonly kind: 'backing_off'; readonly attempt: number; readonly until: number; readonly last: Failure }

/** A run. A field exists only in the status where it means something. */
export type RunState =
  | { readonly status: 'absent' }
  /** Jobs run or wait. `cause` is the first failure, null so far; independent jobs go on after it. */
  | (RunCommon & { readonly status: 'running'; readonly cause: RunCause | null })
  /** Called off: the running jobs are being stopped, and only what runs in any case still starts. `isFirm`: not even that. */
  | (RunCommon & { readonly status: 'stopping'; readonly cause: RunCause; readonly isFirm: boolean })
  /** The jobs before the release are done: the gates are judged. */
  | (RunCommon & { readonly status: 'judging'; readonly stage: ClosingStage; readonly cause: RunCause | null })
  | (RunCommon & { readonly status: 'cutting'; readonly stage: ClosingStage; readonly cause: RunCause | null })
  | (RunCommon & { readonly status: 'succeeded'; readonly settledAt: number })
  | (RunCommon & { readonly status: 'failed'; readonly settledAt: number; readonly cause: RunCause })
  | (RunCommon & { readonly status: 'cancelled'; readonly settledAt: number; readonly cause: RunCause })
