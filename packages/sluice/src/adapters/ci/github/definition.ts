/**
 * What a plan keeps of a workflow for the dialect: plain data, so that a run that resumes does the same without the file. Parser: what `definitionOf` reads was written by `lower.ts`
 * into the plan that it comes from.
 */
import type { JobPlan, JsonValue, Texts } from '../../../core/pipeline/job-plan.ts'
import type { GithubEvent } from './event.ts'

/** A mapping of plain data. */
export type Fields = { readonly [key: string]: JsonValue }

/** What a workflow says for all of its jobs. */
export type WorkflowPart = {
  readonly file: string
  /** As written; the file's path where it has none. */
  readonly name: string
  readonly env: JsonValue
  /** `defaults.run`. */
  readonly defaults: Fields
  readonly permissions: JsonValue
  /** Of the workflow as a whole; null for none. */
  readonly concurrency: JsonValue
}

/** How labels of `runs-on` and containers are met on this machine. */
export type RunnerRules = {
  /** Label → whether jobs that ask for it run here all the same, or are skipped. Linux labels run here anyway. */
  readonly runners: Readonly<Record<string, 'here' | 'skip'>>
  /** Whether jobs in a container are refused, or their steps run on this machine. */
  readonly containers: 'refuse' | 'here'
  /** Folder with actions as `owner/name` or `owner/name@ref`, absolute; none when absent. */
  readonly actionsDirectory?: string | null
  /** Names of actions whose steps are left out. */
  readonly skippedActions?: readonly string[]
}

/** One combination of a matrix: its values, where it stands among the others, and what limits them together (`fail-fast`, `max-parallel`). */
export type Leg = {
  readonly matrix: Fields
  readonly index: number
  readonly total: number
  readonly limits: Fields
}

/** The call that a job's workflow was called by. */
export type Call = {
  /** What names of its jobs begin with: `release / `. */
  readonly prefix: string
  /** What `secrets` is inside: `inherit`, or names with templates, evaluated in `contexts` of the caller. */
  readonly secrets: 'inherit' | Texts
  /** Contexts of the caller that such templates may use, as they were at the call: github, inputs, vars, needs, strategy, matrix. */
  readonly contexts: Fields
  /** The caller's own caller. */
  readonly above: Call | null
}

/** A workflow that is called, with those that it calls. */
export type CalledWorkflow = {
  readonly part: WorkflowPart
  /** `on.workflow_call`. */
  readonly interface: Fields
  readonly jobs: Fields
  /** Lines of the jobs, of their steps and fields; see `linesOf`. */
  readonly lines: Readonly<Record<string, number>>
  /** Workflows that jobs of it call, by the path that they name. */
  readonly calls: Readonly<Record<string, CalledWorkflow>>
}

/** Everything about one job that is not in its plan. */
export type GithubDefinition = {
  readonly event: GithubEvent
  readonly rules: RunnerRules
  readonly vars: Texts
  /** The workflow that was started, which `github.workflow` names inside of called ones as well. */
  readonly top: { readonly name: string; readonly file: string }
  readonly part: WorkflowPart
  /** The `inputs` context: of the call, or of a `workflow_dispatch`. */
  readonly inputs: Fields
  readonly id: string
  /** The job as written. */
  readonly job: Fields
  readonly line: number | null
  /** Lines of the steps. */
  readonly lines: readonly number[]
  /** What it is called on GitHub's pages; may hold expressions until it is resolved. */
  readonly title: string
  readonly leg: Leg | null
  /** Whether the condition has been decided and only the rest is to be filled in. */
  readonly isAdmitted: boolean
  readonly call: Call | null
  /** For a job with `uses`: what it calls. */
  readonly called: CalledWorkflow | null
}

/** The definition of a job of this dialect. */
export const definitionOf = (job: JobPlan): GithubDefinition => job.definition as unknown as GithubDefinition

/** A definition as a plan keeps it. */
export const storedDefinition = (definition: GithubDefinition): JsonValue => definition as unknown as JsonValue
