/** Pipelines from and to other systems, for a project on this machine: the text of a config out of a document, and a document out of a config. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Settings } from '../../core/config/settings.ts'
import type { Lowered } from '../../core/pipeline/job-plan.ts'
import { assertHonoured } from '../../core/pipeline/notes.ts'
import { planRun } from '../../core/pipeline/plan.ts'
import { git } from '../../lib/git.ts'
import type { PipelineRequest } from '../../ports/pipelines.ts'
import type { Source } from '../../ports/source.ts'
import { exportGithub } from './export/export-github.ts'
import { exportGitlab } from './export/export-gitlab.ts'
import type { Exported } from './export/export-options.ts'
import { importPipeline } from './export/import-pipeline.ts'
import { readWorkflow } from './lower-github.ts'
import { readPipeline } from './lower-gitlab.ts'

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
  const lowered = await lower(request, [], of, signal)
  assertHonoured({ file: request.file, notes: lowered.notes })
  const text = importPipeline(lowered, { service: source.name, from: request.file })
  return { text, jobs: lowered.jobs.length, notes: lowered.notes }
}

type Of = Parameters<typeof readPipeline>[1]['of']

/** Actions that are not here are left out, and the text says which: a person writes what they did. */
const lower = async (
  request: ImportRequest,
  skippedActions: readonly string[],
  of: Of,
  signal: AbortSignal,
): Promise<Lowered> => {
  const asked = { request: requestOf(request, skippedActions), of }
  if (request.kind === 'gitlab') return (await readPipeline(request.projectDir, asked, signal)).lowered
  const cache = { directory: join(tmpdir(), 'sluice-import'), version: request.version }
  const { lowered } = await readWorkflow({ projectDir: request.projectDir, cache }, asked, signal)
  const missing = lowered.notes.flatMap(({ level, key, message }) =>
    level === 'error' && key.endsWith('.uses') ? (/--skip-action (\S+)/.exec(message)?.[1] ?? []) : [],
  )
  return missing.length === 0 || skippedActions.length > 0 ? lowered : lower(request, missing, of, signal)
}

const requestOf = ({ kind, file }: ImportRequest, skippedActions: readonly string[]): PipelineRequest => ({
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
  skippedActions,
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
  const { jobs } = planRun({ settings, commit, version: '0.0.0', secretVersions: {}, cores: 1, only })
  const { on } = settings.pipeline
  const head = await git(projectDir, ['symbolic-ref', '--short', '--quiet', 'HEAD'], signal)
  const options = {
    service: settings.service,
    branches: on.branches ?? [head.out === '' ? 'main' : head.out],
    schedules: on.schedule ?? [],
    image: null,
    identity: { audience: settings.service, replaces: [] },
  }
  const { text, notes } = kind === 'github' ? exportGithub(jobs, options) : exportGitlab(jobs, options)
  const left = Object.keys(settings.pipeline.jobs).filter((name) => !only.includes(name))
  return { text, notes: [...notes, ...left.map((name) => `${name}, which takes a release somewhere: sluice deploy`)] }
}
