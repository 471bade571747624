/** A GitHub workflow of a commit, for the event that somebody says. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { plainJob } from '../../core/pipeline/plain-plans.ts'
import type { JobPlan, LoweringNote } from '../../core/pipeline/job-plan.ts'
import { orderJobs } from '../../core/pipeline/links.ts'
import { git, type GitAnswer } from '../../lib/git.ts'
import type { LoweredPipeline, PipelineCommit, PipelineRequest } from '../../ports/pipelines.ts'
import { eventFrom, usualEvent, type EventFacts } from './github/event.ts'
import type { LoweredWorkflow, LoweringRequest } from './github/lower.ts'
import { cachedLowering, type LoweringCache } from './github/lowering-cache.ts'
import { selectJobs } from './github/select-jobs.ts'
import { commitFiles, defaultBranch, documentOf, refFacts } from './repository.ts'

/** Where the repository is, and where lowered workflows are kept. */
export type GithubPlace = { readonly projectDir: string; readonly cache: LoweringCache }

type Asked = {
  readonly request: PipelineRequest
  readonly of: PipelineCommit
  /** What this machine lacks for a service of an image; null for nothing. Nobody asks when absent. */
  readonly missingFor?: (image: string) => string | null
  /** Whether inputs that are required must be there; `needed` when absent. */
  readonly inputs?: 'needed' | 'assumed'
}

/** Lowers it, or takes what was kept, as jobs that the engine runs. */
export const lowerGithub = async (place: GithubPlace, asked: Asked, signal: AbortSignal): Promise<LoweredPipeline> => {
  const { file, jobs } = asked.request
  const { lowered, event } = await readWorkflow(place, asked, signal)
  const chosen = jobs === null || lowered.jobs.length === 0 ? lowered.jobs : selectJobs(lowered.jobs, jobs)
  return {
    jobs: orderJobs(inGroup(chosen, lowered.concurrency)),
    origin: {
      kind: 'github',
      file,
      name: lowered.runName ?? lowered.name,
      event,
      notes: [...lowered.notes, ...serviceNotes(chosen, asked, file)],
    },
  }
}

/** Services that this machine cannot have, so that it is told before the job fails for them. */
const serviceNotes = (jobs: readonly JobPlan[], { missingFor }: Asked, file: string): readonly LoweringNote[] => {
  const told = new Map<string, LoweringNote>()
  for (const { name, partOf, services } of jobs)
    for (const { image, name: service } of services) {
      const missing = image === null ? null : (missingFor?.(image) ?? null)
      const key = `jobs.${partOf ?? name}.services.${service}`
      if (missing !== null)
        told.set(key, {
          level: 'warning',
          key,
          message: `the job will fail: ${missing}`,
          file,
          line: null,
          column: null,
        })
    }
  return [...told.values()]
}

/** A workflow, lowered for the event that was said, or else for the usual one. `not_found`. */
export const readWorkflow = async (
  { projectDir, cache }: GithubPlace,
  { request, of, inputs = 'needed' }: Asked,
  signal: AbortSignal,
): Promise<{ readonly lowered: LoweredWorkflow; readonly event: string }> => {
  const read = commitFiles(projectDir, of.commit.id)
  const text = documentOf(read, request.file, of.commit.id)
  const lower = async (name: string, known: Pick<EventFacts, 'crons' | 'activities'>): Promise<LoweredWorkflow> => {
    const facts = await factsOf(projectDir, { request: { ...request, event: name }, of }, signal)
    // Whoever names a workflow wants to see it run.
    const filters = of.arrived === undefined ? 'note' : 'enforce'
    return cachedLowering(cache, {
      ...requestOf(request, text),
      filters,
      inputs,
      read,
      event: eventFrom({ ...facts, name, ...known }),
    })
  }
  const name = request.event ?? 'push'
  const first = await lower(name, { crons: [], activities: [] })
  const event = request.event === null ? usualEvent(first.events) : name
  const { crons } = first
  const activities = first.activities[event] ?? []
  const isAsLowered = event === name && activities.length === 0 && (event !== 'schedule' || crons.length === 0)
  return { lowered: isAsLowered ? first : await lower(event, { crons, activities }), event }
}

const requestOf = (
  { file, jobs, variables, runners, containers, actions, skippedActions }: PipelineRequest,
  text: string,
): Omit<LoweringRequest, 'read' | 'event' | 'filters' | 'inputs'> => ({
  file,
  text,
  only: jobs,
  vars: variables,
  rules: { runners, containers, actionsDirectory: actions, skippedActions },
  actions: { available: actions === null ? [] : actionsIn(actions), skipped: skippedActions },
})

/** Names of the actions of a folder: `owner/name`, with or without `@ref`, each with the folders inside that are actions as well. */
const actionsIn = (directory: string): readonly string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(?:^|\/)action\.ya?ml$/.test(path))
    .map((path) => join(path, '..').replace(/@[^/]+/, ''))

/** A group of the whole workflow is one of a job without a name of its own that everything is part of. */
const inGroup = (jobs: readonly JobPlan[], concurrency: JobPlan['concurrency']): readonly JobPlan[] => {
  if (concurrency === null || jobs.length === 0) return jobs
  const whole = plainJob(wholeName, { work: { kind: 'none' }, concurrency })
  return [whole, ...jobs.map((job) => (job.partOf === null ? { ...job, partOf: wholeName } : job))]
}

/** Views leave it out. */
const wholeName = '.workflow'

type Facts = Omit<EventFacts, 'name' | 'crons' | 'activities'>

const factsOf = async (directory: string, { request, of }: Asked, signal: AbortSignal): Promise<Facts> => {
  const { commit, ref } = of
  const { arrived } = of
  const at =
    arrived === undefined ? await refFacts(directory, ref, signal) : { branch: arrived.branch, tag: arrived.tag }
  const [main, parent, remote, actor, shown] = await Promise.all([
    defaultBranch(directory, at, signal),
    git(directory, ['rev-parse', '--verify', '--quiet', `${commit.id}^`], signal),
    git(directory, ['remote', 'get-url', 'origin'], signal),
    git(directory, ['config', 'user.name'], signal),
    git(directory, ['show', '--no-patch', '--format=%an%x00%ae%x00%cI%x00%B', commit.id], signal),
  ])
  const base = request.event?.startsWith('pull_request') === true ? main : null
  const merge = base === null ? null : await git(directory, ['merge-base', base, commit.id], signal)
  const from = merge ?? parent
  const before = from.code === 0 && from.out !== '' ? from.out : null
  const changed =
    before === null ? null : await git(directory, ['diff', '--name-only', '-z', before, commit.id], signal)
  return {
    ...at,
    sha: commit.id,
    before: arrived === undefined ? before : arrived.before,
    repository: repositoryOf(remote.code === 0 ? remote.out : '', directory),
    actor: actor.out === '' ? commit.author.replace(/ <.*$/, '') : actor.out,
    defaultBranch: main,
    changedFiles: arrived === undefined ? pathsOf(changed) : arrived.changed,
    inputs: request.inputs,
    payload: request.payload,
    head: headOf(shown.code === 0 ? shown.out : ''),
  }
}

const pathsOf = (changed: GitAnswer | null): readonly string[] | null =>
  changed?.code === 0 ? changed.out.split('\0').filter(Boolean) : null

/** What `git show` was asked for, each behind a NUL. */
const headOf = (shown: string): EventFacts['head'] => {
  const [author, email, timestamp, message] = shown.split('\0')
  return author === undefined || email === undefined || timestamp === undefined || message === undefined
    ? null
    : { author, email, timestamp, message: message.trimEnd() }
}

const repositoryOf = (remote: string, directory: string): string => {
  const [, owner, name] = /([^/:]+)\/([^/]+?)(?:\.git)?\/?$/.exec(remote) ?? []
  return owner === undefined || name === undefined
    ? `local/${directory.split('/').at(-1) ?? 'project'}`
    : `${owner}/${name}`
}
