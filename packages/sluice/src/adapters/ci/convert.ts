/** Pipelines from and to other systems, for a project on this machine: the text of a config out of a document, and a document out of a config. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Settings } from '../../core/config/settings.ts'
import { SluiceError } from '../../core/errors.ts'
import type { Lowered } from '../../core/pipeline/job-plan.ts'
import { assertHonoured, noteText } from '../../core/pipeline/notes.ts'
import { planRun } from '../../core/pipeline/plan.ts'
import { git } from '../../lib/git.ts'
import type { PipelineRequest } from '../../ports/pipelines.ts'
import type { Source } from '../../ports/source.ts'
import { askedByGithub, askedByGitlab } from './export/asked-inputs.ts'
import { exportGithub } from './export/export-github.ts'
import { exportGitlab } from './export/export-gitlab.ts'
import type { Exported } from './export/export-options.ts'
import { importPipeline } from './export/import-pipeline.ts'
import { leftOut } from './github/left-out.ts'
import { readWorkflow } from './lower-github.ts'
import { readPipeline } from './lower-gitlab.ts'
import { commitFiles, documentOf } from './repository.ts'

/** What is imported: a document of the commit that is checked out. */
export type ImportRequest = {
  readonly kind: 'github' | 'gitlab'
  readonly projectDir: string
  readonly source: Pick<Source, 'name' | 'resolve'>
  /** Relative to the root of the repository. */
  readonly file: string
  /** Name of the version of Sluice; lowered workflows are kept under it. */
  readonly version: string
}

/** The text of a `sluice.config.ts`, and how many remarks stand in it. `not_found`, `config_invalid` with each place that cannot be honoured. */
export const importFrom = async (
  request: ImportRequest,
  signal: AbortSignal,
): Promise<{ readonly text: string; readonly jobs: number; readonly notes: Lowered['notes'] }> => {
  const { source } = request
  const of = { commit: await source.resolve('HEAD', signal), ref: 'HEAD', now: Date.now() }
  const lowered = await lower(request, of, signal)
  assertHonoured({ file: request.file, notes: lowered.notes })
  if (lowered.jobs.length === 0)
    throw new SluiceError('config_invalid', {
      detail: `${request.file} has no job that could be carried over`,
      evidence: lowered.notes.map(noteText),
    })
  const written = documentOf(commitFiles(request.projectDir, of.commit.id), request.file, of.commit.id)
  const asked = (request.kind === 'github' ? askedByGithub : askedByGitlab)(request.file, written)
  const text = importPipeline(lowered, { service: source.name, from: request.file, asked })
  return { text, jobs: lowered.jobs.length, notes: [...lowered.notes, ...asked.notes] }
}

/** What cannot be had here is left out, and the text says what: a person writes what it did. */
const lower = async (request: ImportRequest, of: Of, signal: AbortSignal): Promise<Lowered> => {
  const once = async (asked: PipelineRequest): Promise<Lowered> => {
    if (asked.kind === 'gitlab') return (await readPipeline(request.projectDir, { request: asked, of }, signal)).lowered
    const cache = { directory: join(tmpdir(), 'sluice-import'), version: request.version }
    const place = { projectDir: request.projectDir, cache }
    return (await readWorkflow(place, { request: asked, of, inputs: 'assumed' }, signal)).lowered
  }
  let asked = requestOf(request)
  let lowered = await once(asked)
  for (;;) {
    const next = without(asked, lowered.notes)
    if (next === null) return withoutLeftOut(lowered)
    asked = next
    lowered = await once(asked)
  }
}

/** The same request without what errors say that it could do without; null where they name nothing more. */
const without = (asked: PipelineRequest, notes: Lowered['notes']): PipelineRequest | null => {
  const said = (option: string): readonly string[] =>
    notes.flatMap(({ level, message }) =>
      level === 'error' ? (new RegExp(`--${option} (\\S+)`).exec(message)?.[1] ?? []) : [],
    )
  const actions = said('skip-action').filter((name) => !asked.skippedActions.includes(name))
  const includes = said('skip-include').filter((name) => !asked.skippedIncludes.includes(name))
  const runners = said('runner')
    .map((pair) => pair.replace(/=[^=]*$/, '').toLowerCase())
    .filter((label) => !Object.hasOwn(asked.runners, label))
  // What was left out and is told of all the same would be for ever.
  if (actions.length + includes.length + runners.length === 0) return null
  return {
    ...asked,
    skippedActions: [...asked.skippedActions, ...actions],
    skippedIncludes: [...asked.skippedIncludes, ...includes],
    runners: {
      ...asked.runners,
      ...Object.fromEntries(runners.map((label) => [label, 'skip'] as const)),
    },
  }
}

/** Jobs that are not carried over, and a note for each why. */
const withoutLeftOut = (lowered: Lowered): Lowered => {
  const why = new Map(lowered.jobs.flatMap((job) => [[job.name, leftOut(job)] as const]))
  const isLeft = (name: string): boolean => (why.get(name) ?? null) !== null
  const members = Map.groupBy(lowered.jobs, ({ partOf }) => partOf)
  // What gathers legs goes with the last of them.
  const isKept = (name: string): boolean => {
    const legs = members.get(name) ?? []
    return !isLeft(name) && (legs.length === 0 || legs.some((leg) => !isLeft(leg.name)))
  }
  const notes = lowered.jobs.flatMap(({ name }): Lowered['notes'] => {
    const because = why.get(name) ?? null
    return because === null
      ? []
      : [
          {
            level: 'warning',
            key: `jobs.${name}`,
            message: `${name} is not here: ${because}`,
            file: '',
            line: null,
            column: null,
          },
        ]
  })
  const jobs = lowered.jobs
    .filter(({ name }) => isKept(name))
    .map((job) => ({
      ...job,
      needs: job.needs.filter(isKept),
      needsWithoutArtifacts: job.needsWithoutArtifacts.filter(isKept),
    }))
  return { ...lowered, jobs, notes: [...lowered.notes, ...notes] }
}

type Of = Parameters<typeof readPipeline>[1]['of']

const requestOf = ({ kind, file }: ImportRequest): PipelineRequest => ({
  kind,
  file,
  event: null,
  payload: null,
  jobs: null,
  played: [],
  inputs: {},
  variables: {},
  secrets: {},
  secretFiles: {},
  runners: {},
  containers: 'here',
  actions: null,
  skippedActions: [],
  skippedIncludes: [],
})

/** What is exported: the pipeline of the settings. */
export type ExportRequest = {
  readonly kind: 'github' | 'gitlab'
  readonly projectDir: string
  readonly source: Pick<Source, 'resolve'>
  readonly settings: Settings
}

/** The text of a workflow, or of a GitLab pipeline, and what the other system has no word for. `not_found` without a commit. */
export const exportTo = async (
  { kind, projectDir, source, settings }: ExportRequest,
  signal: AbortSignal,
): Promise<Exported> => {
  const commit = await source.resolve('HEAD', signal)
  // A part of the pipeline, so that no secret of an environment is asked for: all of its jobs but those that take a release somewhere.
  const only = Object.entries(settings.pipeline.jobs).flatMap(([name, { deploy, promote }]) =>
    deploy === null && promote === null ? [name] : [],
  )
  // Values of inputs are nobody's to give here: they are asked for over there.
  const { manual, ...on } = settings.pipeline.on
  const unasked = { ...settings, pipeline: { ...settings.pipeline, on } }
  const { jobs } = planRun({ settings: unasked, commit, version: '0.0.0', secretVersions: {}, cores: 1, only })
  const head = await git(projectDir, ['symbolic-ref', '--short', '--quiet', 'HEAD'], signal)
  const options = {
    service: settings.service,
    branches: on.branches ?? [head.out === '' ? 'main' : head.out],
    schedules: on.schedule ?? [],
    inputs: manual?.inputs ?? [],
    image: null,
    identity: { audience: settings.service, replaces: [] },
  }
  const { text, notes } = kind === 'github' ? exportGithub(jobs, options) : exportGitlab(jobs, options)
  const left = Object.keys(settings.pipeline.jobs).filter((name) => !only.includes(name))
  return { text, notes: [...notes, ...left.map((name) => `${name}, which takes a release somewhere: sluice deploy`)] }
}
