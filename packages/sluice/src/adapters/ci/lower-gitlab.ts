/** A GitLab pipeline of a commit, for the source that somebody says. */
import { existsSync } from 'node:fs'
import { SluiceError } from '../../core/errors.ts'
import type { JobPlan, Lowered } from '../../core/pipeline/job-plan.ts'
import { orderJobs } from '../../core/pipeline/links.ts'
import type { LoweredPipeline, PipelineCommit, PipelineRequest } from '../../ports/pipelines.ts'
import { selectJobs } from './github/select-jobs.ts'
import { readGitlabContext } from './gitlab/checkout.ts'
import type { GitlabContext, GivenVariable } from './gitlab/context.ts'
import { lowerGitlab } from './gitlab/lower.ts'
import { commitFiles, defaultBranch, documentOf, refFacts } from './repository.ts'

type Asked = {
  readonly request: PipelineRequest
  readonly of: PipelineCommit
  /** What this machine lacks for a service of an image; null for nothing. Nobody asks when absent. */
  readonly missingFor?: (image: string) => string | null
}

/** Lowers it, as jobs that the engine runs. */
export const lowerGitlabPipeline = async (
  projectDir: string,
  asked: Asked,
  signal: AbortSignal,
): Promise<LoweredPipeline> => {
  const { file, jobs } = asked.request
  const { lowered, event } = await readPipeline(projectDir, asked, signal)
  return {
    jobs: orderJobs(alone(playing(lowered.jobs, [...asked.request.played, ...(jobs ?? [])]))),
    origin: { kind: 'gitlab', file, name: lowered.mode?.name ?? file, event, notes: lowered.notes },
  }
}

/** A pipeline, lowered for the source that was said, or else for a push. `not_found`. */
export const readPipeline = async (
  projectDir: string,
  { request, of, missingFor }: Asked,
  signal: AbortSignal,
): Promise<{ readonly lowered: Lowered; readonly event: string }> => {
  const { file, inputs, secrets, secretFiles, jobs } = request
  const files = commitFiles(projectDir, of.commit.id)
  documentOf(files, file, of.commit.id)
  const context = {
    ...(await contextOf(projectDir, { request, of }, signal)),
    ...(missingFor === undefined ? {} : { missingFor }),
  }
  const variables = [
    ...Object.entries(request.variables).map(typed),
    ...Object.entries(secrets).map((one) => ({ ...masked(one), isFile: false })),
    ...Object.entries(secretFiles).map((one) => ({ ...masked(one), isFile: true })),
  ]
  const withInputs = Object.keys(inputs).length === 0 ? {} : { inputs }
  const withSelection =
    jobs === null ? {} : { select: (all: readonly JobPlan[]) => (all.length === 0 ? all : selectJobs(all, jobs)) }
  const { skippedIncludes } = request
  const lowered = lowerGitlab({ files, file, context, variables, skippedIncludes, ...withInputs, ...withSelection })
  return { lowered, event: context.source }
}

/** Who asks for a job by name need not start it as well. `not_found` for a name that there is none of. */
const playing = (jobs: readonly JobPlan[], names: readonly string[]): readonly JobPlan[] => {
  const isNamed = (job: JobPlan, name: string): boolean => job.name === name || job.partOf === name
  const unknown = jobs.length === 0 ? undefined : names.find((name) => !jobs.some((job) => isNamed(job, name)))
  if (unknown !== undefined)
    throw new SluiceError('not_found', {
      detail: `The pipeline has no job ${unknown}`,
      hint: `Its jobs are ${jobs.flatMap(({ name, gathers }) => (gathers === true ? [] : [name])).join(', ')}.`,
    })
  return jobs.map((job) => (names.some((name) => isNamed(job, name)) ? { ...job, manual: null } : job))
}

/** What gathers jobs waits for them and names them as needs; none of them waits for it. */
export const alone = (jobs: readonly JobPlan[]): readonly JobPlan[] => {
  const gathering = new Set(jobs.filter(({ gathers }) => gathers === true).map(({ name }) => name))
  return jobs.map((job) => (job.partOf !== null && gathering.has(job.partOf) ? { ...job, partOf: null } : job))
}

const typed = ([name, value]: readonly [string, string]): GivenVariable => ({
  name,
  value,
  from: 'pipeline',
  isFile: false,
  isMasked: false,
  isRaw: false,
})

/** Secrets are what the settings of a project would hold; their values do not get into the plan. */
const masked = ([name, value]: readonly [string, string]): Omit<GivenVariable, 'isFile'> => ({
  name,
  value,
  from: 'project',
  isMasked: true,
  isRaw: true,
})

/** A merge request goes from the branch at hand to the default one and is number 1. */
const contextOf = async (directory: string, { request, of }: Asked, signal: AbortSignal): Promise<GitlabContext> => {
  const { commit, ref, now } = of
  const { arrived } = of
  const at =
    arrived === undefined ? await refFacts(directory, ref, signal) : { branch: arrived.branch, tag: arrived.tag }
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
              number: arrived?.pullRequest?.number ?? 1,
              title: arrived?.title ?? commit.subject,
              description: '',
              sourceBranch: arrived?.pullRequest?.head ?? at.branch ?? main,
              targetBranch: arrived?.pullRequest?.base ?? main,
              labels: [],
              isDraft: false,
            },
          }),
      shell: existsSync('/bin/bash') || existsSync('/usr/bin/bash') ? 'bash' : 'sh',
    },
    signal,
  )
}
