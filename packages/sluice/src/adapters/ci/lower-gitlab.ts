/** A GitLab pipeline of a commit, for the source that somebody says. */
import { existsSync } from 'node:fs'
import type { JobPlan, Lowered } from '../../core/pipeline/job-plan.ts'
import { orderJobs } from '../../core/pipeline/links.ts'
import type { LoweredPipeline, PipelineCommit, PipelineRequest } from '../../ports/pipelines.ts'
import { selectJobs } from './github/select-jobs.ts'
import { readGitlabContext } from './gitlab/checkout.ts'
import type { GitlabContext, GivenVariable } from './gitlab/context.ts'
import { lowerGitlab } from './gitlab/lower.ts'
import { commitFiles, defaultBranch, documentOf, refFacts } from './repository.ts'

type Asked = { readonly request: PipelineRequest; readonly of: PipelineCommit }

/** Lowers it, as jobs that the engine runs. */
export const lowerGitlabPipeline = async (
  projectDir: string,
  asked: Asked,
  signal: AbortSignal,
): Promise<LoweredPipeline> => {
  const { file, jobs } = asked.request
  const { lowered, event } = await readPipeline(projectDir, asked, signal)
  const chosen = jobs === null || lowered.jobs.length === 0 ? lowered.jobs : selectJobs(lowered.jobs, jobs)
  return {
    jobs: orderJobs(alone(chosen)),
    origin: { kind: 'gitlab', file, name: lowered.mode?.name ?? file, event, notes: lowered.notes },
  }
}

/** A pipeline, lowered for the source that was said, or else for a push. `not_found`. */
export const readPipeline = async (
  projectDir: string,
  { request, of }: Asked,
  signal: AbortSignal,
): Promise<{ readonly lowered: Lowered; readonly event: string }> => {
  const { file, inputs } = request
  const files = commitFiles(projectDir, of.commit.id)
  documentOf(files, file, of.commit.id)
  const context = await contextOf(projectDir, { request, of }, signal)
  const variables = Object.entries(request.variables).map(given)
  const typed = Object.keys(inputs).length === 0 ? {} : { inputs }
  return { lowered: lowerGitlab({ files, file, context, variables, ...typed }), event: context.source }
}

/** What gathers jobs waits for them and names them as needs; none of them waits for it. */
export const alone = (jobs: readonly JobPlan[]): readonly JobPlan[] => {
  const gathering = new Set(jobs.filter(({ gathers }) => gathers === true).map(({ name }) => name))
  return jobs.map((job) => (job.partOf !== null && gathering.has(job.partOf) ? { ...job, partOf: null } : job))
}

const given = ([name, value]: readonly [string, string]): GivenVariable => ({
  name,
  value,
  from: 'pipeline',
  isFile: false,
  isMasked: false,
  isRaw: false,
})

/** A merge request goes from the branch at hand to the default one and is number 1. */
const contextOf = async (directory: string, { request, of }: Asked, signal: AbortSignal): Promise<GitlabContext> => {
  const { commit, ref, now } = of
  const at = await refFacts(directory, ref, signal)
  const source = request.event
  const main = source === 'merge_request_event' ? await defaultBranch(directory, at, signal) : ''
  return readGitlabContext(
    {
      directory,
      commit: commit.id,
      now,
      number: 1,
      ...(at.tag === null ? (at.branch === null ? {} : { ref: at.branch }) : { ref: `refs/tags/${at.tag}` }),
      ...(source === null ? {} : { source }),
      ...(source !== 'merge_request_event'
        ? {}
        : {
            mergeRequest: {
              number: 1,
              title: commit.subject,
              description: '',
              sourceBranch: at.branch ?? main,
              targetBranch: main,
              labels: [],
              isDraft: false,
            },
          }),
      shell: existsSync('/bin/bash') || existsSync('/usr/bin/bash') ? 'bash' : 'sh',
    },
    signal,
  )
}
