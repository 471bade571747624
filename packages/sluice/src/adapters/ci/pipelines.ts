/** Pipelines of other systems, behind the port. What reads them is loaded when the first is asked for. */
import type { JobDialect } from '../../ports/dialect.ts'
import type { Pipelines } from '../../ports/pipelines.ts'
import type { GithubDialectOptions } from './github/dialect.ts'

/** Where the repository is, and where what was lowered is kept under the version that did it. */
export type PipelinesPlace = {
  readonly projectDir: string
  readonly cacheDir: string
  readonly version: string
  /** What this machine lacks for a service of an image; null for nothing. */
  readonly missingFor: (image: string) => string | null
}

/** The reader of one project. */
export const pipelinesOf = ({ projectDir, cacheDir, version, missingFor }: PipelinesPlace): Pipelines => ({
  lower: async (request, of, signal) => {
    if (request.kind === 'github') {
      const { lowerGithub } = await import('./lower-github.ts')
      return lowerGithub({ projectDir, cache: { directory: cacheDir, version } }, { request, of, missingFor }, signal)
    }
    const { lowerGitlabPipeline } = await import('./lower-gitlab.ts')
    return lowerGitlabPipeline(projectDir, { request, of, missingFor }, signal)
  },
})

/** The rules of GitHub Actions, loaded with the first job that follows them. */
export const githubRules = (options: GithubDialectOptions): JobDialect => {
  const dialect = async (): Promise<JobDialect> => (await import('./github/dialect.ts')).githubDialect(options)
  return {
    resolve: async (request, signal) => (await dialect()).resolve(request, signal),
    outputs: async (job, request) => (await dialect()).outputs(job, request),
    run: async (request, shell, signal) => (await dialect()).run(request, shell, signal),
  }
}
