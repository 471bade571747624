/** The rules of GitHub Actions, behind the port through which every job is run. */
import type { JobDialect } from '../../../ports/dialect.ts'
import { definitionOf } from './definition.ts'
import { callOutputs, resolveJob } from './resolve.ts'
import { runJob } from './run/run-job.ts'
import type { RunOptions } from './run/job-state.ts'

/** What the dialect is made with, beside what each plan says. */
export type GithubDialectOptions = Omit<RunOptions, 'actionsDirectory' | 'skippedActions'>

/** Makes the dialect. It keeps nothing between calls. */
export const githubDialect = (options: GithubDialectOptions): JobDialect => {
  const momentOf = ({ run }: Pick<Parameters<JobDialect['resolve']>[0], 'run'>) => ({
    run,
    commit: null,
    token: options.token,
  })
  return {
    resolve: async (request) => resolveJob(request, momentOf(request)),
    run: async (request, shell, signal) => {
      const { actionsDirectory = null, skippedActions = [] } = definitionOf(request.job).rules
      return runJob(request, { shell, options: { ...options, actionsDirectory, skippedActions } }, signal)
    },
    outputs: async (job, request) => callOutputs(job, request, momentOf(request)),
  }
}
