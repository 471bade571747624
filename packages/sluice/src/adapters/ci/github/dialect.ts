/** The rules of GitHub Actions, behind the port through which every job is run. */
import type { JobPlan, JsonValue, Texts } from '../../../core/pipeline/job-plan.ts'
import type { JobDialect, Need } from '../../../ports/dialect.ts'
import type { RunIdentity } from './github-context.ts'
import { callOutputs, resolveJob } from './resolve.ts'
import { runJob } from './run/run-job.ts'
import type { RunOptions } from './run/job-state.ts'

/** What the dialect is made with, beside what each plan says. */
export type GithubDialectOptions = RunOptions & {
  /** Which run, for expressions that are evaluated before a job starts; null where there is none yet. */
  readonly run: RunIdentity | null
}

/** The dialect, and what it says about called workflows beyond the port. */
export type GithubDialect = JobDialect & {
  /** Outputs of a job whose resolution was `legs` with other outputs than `merged`: `outputs` is what the resolution gave, `legs` what they came to. */
  outputs(job: JobPlan, request: { readonly legs: readonly Need[]; readonly outputs: JsonValue }): Texts
}

/** Makes the dialect. It keeps nothing between calls. */
export const githubDialect = (options: GithubDialectOptions): GithubDialect => {
  const moment = { run: options.run, commit: null, token: options.token }
  return {
    resolve: async (request) => resolveJob(request, moment),
    run: async (request, shell, signal) => runJob(request, { shell, options }, signal),
    outputs: (job, request) => callOutputs(job, request, moment),
  }
}
