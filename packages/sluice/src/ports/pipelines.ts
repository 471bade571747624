import type { JobPlan, JsonValue, Texts } from '../core/pipeline/job-plan.ts'
import type { PullRequest } from '../core/source/types.ts'
import type { PipelineOrigin } from '../core/pipeline/types.ts'
import type { Commit } from '../core/model.ts'

/** A pipeline document of another system, and how it is to be run. */
export type PipelineRequest = {
  readonly kind: 'github' | 'gitlab'
  /** Relative to the root of the repository. */
  readonly file: string
  /** What starts it, in that system's words; null for the usual one. */
  readonly event: string | null
  /** What stands in `github.event`, as it is; null for what is made up. */
  readonly payload: JsonValue
  /** Only these jobs and what they need; null for all. */
  readonly jobs: readonly string[] | null
  /** Jobs of these names do not wait for somebody to start them. */
  readonly played: readonly string[]
  /** `workflow_dispatch` inputs, or `spec:inputs`. */
  readonly inputs: Texts
  /** The `vars` context, or pipeline variables. */
  readonly variables: Texts
  /** Masked in every log, and in no plan: values by name, over those of the secret source. */
  readonly secrets: Texts
  /** The same, for variables that are the path of a file with the value. */
  readonly secretFiles: Texts
  /** Labels of runners: whether jobs that ask for them run here all the same, or are skipped. */
  readonly runners: Readonly<Record<string, 'here' | 'skip'>>
  /** Whether jobs in a container are refused (GitLab: noted), or their steps run on this machine. */
  readonly containers: 'refuse' | 'here'
  /** Folder with copies of actions, absolute; null for none. */
  readonly actions: string | null
  /** Names of actions whose steps are left out. */
  readonly skippedActions: readonly string[]
  /** Includes from elsewhere that a GitLab pipeline does without. */
  readonly skippedIncludes: readonly string[]
}

/** What of: a commit, and the ref as it was typed (`HEAD`, a branch, a tag, an id), which says what the run is one of. */
export type PipelineCommit = {
  readonly commit: Commit
  readonly ref: string
  readonly now: number
  /** Where a commit that somebody told of stands; the document's own filters then decide whether it runs. Absent for one that a person named. */
  readonly arrived?: ArrivedAt
}

/** Where a commit stands, by what was told and fetched. `changed`: paths that differ from `before`. */
export type ArrivedAt = {
  readonly branch: string | null
  readonly tag: string | null
  readonly before: string | null
  readonly changed: readonly string[] | null
  readonly pullRequest: PullRequest | null
  readonly title: string | null
}

/** Its jobs, in an order in which each comes after its needs. With an `error` among the notes there are none. */
export type LoweredPipeline = { readonly jobs: readonly JobPlan[]; readonly origin: PipelineOrigin }

/** Reads pipelines of other systems. */
export interface Pipelines {
  /** Lowers a document as the commit has it. `not_found` for a file or a job that there is not; everything that the document says wrong is among the notes. */
  lower(request: PipelineRequest, of: PipelineCommit, signal: AbortSignal): Promise<LoweredPipeline>
}
