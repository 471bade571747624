/** The corpus: one file a semantic of GitLab, with a pipeline, the state of the world, and everything that must come of it. */
import { deepStrictEqual } from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import type { GitlabContext, GivenVariable } from '../../../src/adapters/ci/gitlab/context.ts'
import { type GitlabRequest, lowerGitlab } from '../../../src/adapters/ci/gitlab/lower.ts'
import { selectJobs } from '../../../src/adapters/ci/github/select-jobs.ts'
import { alone } from '../../../src/adapters/ci/lower-gitlab.ts'
import { orderJobs } from '../../../src/core/pipeline/links.ts'
import type { JobState } from '../../../src/core/pipeline/types.ts'
import type { JobPlan, Lowered } from '../../../src/core/pipeline/job-plan.ts'
import { type Ended, runJobs } from '../support/plane.ts'
import { makeRepository } from '../support/repository.ts'

/** A case as it is written. What `expect` does not name is not compared, except for `jobs` and `notes`, which are whole. */
export type Case = {
  readonly name: string
  readonly about: string
  readonly pipeline: string
  readonly files?: Readonly<Record<string, string>>
  readonly branch?: string
  readonly tag?: string
  readonly source?: string
  readonly changes?: readonly string[] | null
  readonly changesTo?: Readonly<Record<string, readonly string[]>>
  readonly mergeRequest?: { readonly source: string; readonly target: string }
  readonly variables?: Readonly<Record<string, string>>
  readonly project?: Readonly<Record<string, Partial<GivenVariable>>>
  readonly inputs?: Readonly<Record<string, string>>
  readonly images?: 'note' | 'refuse'
  /** What the machine lacks, by the image of a service. */
  readonly missing?: Readonly<Record<string, string>>
  readonly skippedIncludes?: readonly string[]
  /** Only these jobs, and what they need. */
  readonly jobs?: readonly string[]
  readonly secrets?: Readonly<Record<string, string>>
  readonly play?: readonly string[]
  readonly expect: {
    /** Every job that is shown, with its result. */
    readonly jobs?: Readonly<Record<string, string>>
    readonly log?: Readonly<Record<string, string>>
    readonly transcript?: Readonly<Record<string, string>>
    readonly outputs?: Readonly<Record<string, Readonly<Record<string, string>>>>
    readonly artifacts?: Readonly<Record<string, readonly string[]>>
    readonly attempts?: Readonly<Record<string, number>>
    readonly needs?: Readonly<Record<string, readonly string[]>>
    /** Fields of plans, by job. */
    readonly plan?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
    readonly mode?: Lowered['mode']
    readonly notes?: readonly string[]
  }
}

const folder = fileURLToPath(new URL('cases/', import.meta.url))

/** All cases, by name. */
export const readCases = (): readonly Case[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.yml'))
    .toSorted()
    .map((file) => ({ ...parse(readFileSync(join(folder, file), 'utf8')), name: file.replace('.yml', '') }))

const contextOf = (one: Case, paths: readonly string[]): GitlabContext => ({
  commit: {
    id: '1ecfd275763eff1d6b4844ea3168962458c9f27a',
    beforeId: null,
    message: 'feat: sell things\n\nAnd more.\n',
    author: 'Ada <ada@example.invalid>',
    committedAt: '2026-08-01T10:00:00+00:00',
  },
  ref: {
    kind: one.tag === undefined ? 'branch' : 'tag',
    name: one.tag ?? one.branch ?? 'main',
    isProtected: one.branch === undefined && one.mergeRequest === undefined,
    tagMessage: one.tag === undefined ? null : 'A release',
  },
  defaultBranch: 'main',
  source: one.source ?? (one.mergeRequest === undefined ? 'push' : 'merge_request_event'),
  mergeRequest:
    one.mergeRequest === undefined
      ? null
      : {
          number: 7,
          title: 'Sell more',
          description: 'It sells more.',
          sourceBranch: one.mergeRequest.source,
          targetBranch: one.mergeRequest.target,
          baseId: '3f786850e387550fdab836ed7e6dc881de23001b',
          labels: ['shop', 'urgent'],
          isDraft: false,
        },
  project: { path: 'group/shop', id: 42, serverUrl: 'https://gitlab.example.com' },
  pipeline: { id: 1001, number: 12, createdAt: '2026-08-01T10:00:05Z' },
  user: { name: 'Ada', login: 'ada', email: 'ada@example.invalid' },
  paths,
  changes: one.changes ?? null,
  changesTo: (ref) => one.changesTo?.[ref] ?? null,
  shell: 'bash',
  missingFor: (image) => one.missing?.[image] ?? null,
})

/** The request that a case makes. */
export const requestOf = (one: Case): GitlabRequest => {
  const files: Readonly<Record<string, string>> = { '.gitlab-ci.yml': one.pipeline, ...one.files }
  const plain = { isFile: false, isMasked: false, isRaw: false }
  const typed = Object.entries(one.variables ?? {}).map(([name, value]): GivenVariable => ({
    ...plain,
    name,
    value,
    from: 'pipeline',
  }))
  const settings = Object.entries(one.project ?? {}).map(([name, given]): GivenVariable => ({
    ...plain,
    value: '',
    ...given,
    name,
    from: 'project',
  }))
  return {
    files: (path) => files[path] ?? null,
    file: '.gitlab-ci.yml',
    variables: [...settings, ...typed],
    context: contextOf(one, Object.keys(files).toSorted()),
    images: one.images ?? 'note',
    skippedIncludes: one.skippedIncludes ?? [],
    ...(one.inputs === undefined ? {} : { inputs: one.inputs }),
    ...(one.jobs === undefined ? {} : { select: (jobs) => selectJobs(jobs, namesIn(jobs, one.jobs ?? [])) }),
  }
}

/** A mutation may have taken a job away. */
const namesIn = (jobs: readonly JobPlan[], names: readonly string[]): readonly string[] =>
  names.filter((wanted) => jobs.some(({ name }) => name === wanted))

/** Compares what lowering says. */
export const checkLowering = (one: Case): Lowered => {
  const lowered = lowerGitlab(requestOf(one))
  const { expect } = one
  const notes = lowered.notes.map(
    ({ level, file, line, column, key, message }) =>
      `${level} ${file}:${line ?? '?'}:${column ?? '?'} ${key}: ${message}`,
  )
  deepStrictEqual(notes, expect.notes ?? [])
  deepStrictEqual(
    shown(lowered.jobs).map(({ name }) => name),
    Object.keys(expect.jobs ?? {}),
  )
  const plans = new Map(lowered.jobs.map((job) => [job.name, job]))
  for (const [name, needs] of Object.entries(expect.needs ?? {}))
    deepStrictEqual([name, plans.get(name)?.needs], [name, needs])
  for (const [name, fields] of Object.entries(expect.plan ?? {}))
    deepStrictEqual([name, picked(plans.get(name), fields)], [name, fields])
  if (expect.mode !== undefined) deepStrictEqual(lowered.mode, expect.mode)
  return lowered
}

const shown = (jobs: readonly JobPlan[]): readonly JobPlan[] => jobs.filter(({ gathers }) => gathers !== true)

/** The part of a value that the expectation names; lists are compared whole, item by item. */
const picked = (value: unknown, wanted: unknown): unknown => {
  if (Array.isArray(wanted) && Array.isArray(value))
    return value.map((item, index) => (index < wanted.length ? picked(item, wanted[index]) : item))
  if (!isRecord(wanted) || !isRecord(value)) return value ?? null
  return Object.fromEntries(Object.keys(wanted).map((key) => [key, picked(value[key], wanted[key])]))
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Runs what was lowered by the real engine in a repository of its own, and compares everything that came of it. */
export const checkRun = async (one: Case, lowered: Lowered): Promise<void> => {
  if (lowered.jobs.length === 0) return compare(one, lowered, new Map())
  const root = mkdtempSync(join(tmpdir(), 'sluice-gitlab-'))
  try {
    const project = join(root, 'repository')
    makeRepository(project, { '.gitlab-ci.yml': one.pipeline, ...one.files })
    const { play = [], secrets = {} } = one
    const jobs = alone(lowered.jobs).map((job) => ({
      ...job,
      // Nobody waits half an hour here; that it would is compared in the plan.
      delayMs: 0,
      // Who starts a job that nobody has to is there in time.
      manual: job.manual !== null && play.includes(job.name) ? { ...job.manual, isOptional: false } : job.manual,
    }))
    const origin = { kind: 'gitlab', file: '.gitlab-ci.yml', name: '', event: 'push', notes: [] } as const
    const came = await runJobs({
      root,
      project,
      secrets,
      play,
      cancelAfter: null,
      lowered: {
        jobs: orderJobs(jobs),
        origin,
      },
    })
    const states = new Map(came.jobs.map(({ plan, state }) => [plan.name, state]))
    compare(one, lowered, new Map(came.jobs.map((job) => [job.plan.name, recordOf(job, states)])))
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** `warning`: it failed and may. `manual`: nobody started it. `waiting`: something before it never ran. */
type JobResult = 'success' | 'failed' | 'warning' | 'skipped' | 'manual' | 'waiting' | 'canceled'

type JobRecord = {
  readonly result: JobResult
  /** Lines of all attempts, without those that only show a command. */
  readonly log: readonly string[]
  /** With them. */
  readonly transcript: readonly string[]
  readonly outputs: Readonly<Record<string, string>>
  readonly artifacts: readonly string[]
  readonly attempts: number
}

const recordOf = ({ state, lines, files, executions }: Ended, states: ReadonlyMap<string, JobState>): JobRecord => {
  const said = lines
    .filter(({ stream }) => stream !== 'sluice')
    .map(({ text }) => text.replaceAll(workspace, '<checkout>'))
  return {
    result: resultOf(state, states),
    log: said.filter((line) => !line.startsWith('$ ')),
    transcript: said,
    outputs: 'outputs' in state ? state.outputs : {},
    artifacts: files,
    attempts: executions,
  }
}

const workspace = /\/[^ ]*?\/state\/jobs\/[^/]+\/w\/(?:checkout|view)/g

const resultOf = (state: JobState, states: ReadonlyMap<string, JobState>): JobResult => {
  if (state.status === 'succeeded') return 'success'
  if (state.status === 'failed') return state.isTolerated ? 'warning' : 'failed'
  if (state.status === 'cancelled') return 'canceled'
  if (state.status !== 'skipped') return state.status === 'manual' ? 'manual' : 'waiting'
  if (state.because.kind === 'nobody') return 'manual'
  const culprit = state.because.kind === 'need' ? states.get(state.because.job) : undefined
  return culprit?.status === 'skipped' && culprit.because.kind === 'nobody' ? 'waiting' : 'skipped'
}

const compare = ({ expect }: Case, lowered: Lowered, records: ReadonlyMap<string, JobRecord>): void => {
  const results = Object.fromEntries(shown(lowered.jobs).map(({ name }) => [name, records.get(name)?.result]))
  const logs = Object.fromEntries(Object.keys(expect.log ?? {}).map((name) => [name, textOf(records.get(name)?.log)]))
  deepStrictEqual({ results, logs }, { results: expect.jobs ?? {}, logs: expect.log ?? {} })
  for (const [name, text] of Object.entries(expect.transcript ?? {}))
    deepStrictEqual([name, textOf(records.get(name)?.transcript)], [name, text])
  for (const [name, outputs] of Object.entries(expect.outputs ?? {}))
    deepStrictEqual([name, records.get(name)?.outputs], [name, outputs])
  for (const [name, artifacts] of Object.entries(expect.artifacts ?? {}))
    deepStrictEqual([name, records.get(name)?.artifacts], [name, artifacts])
  for (const [name, attempts] of Object.entries(expect.attempts ?? {}))
    deepStrictEqual([name, records.get(name)?.attempts], [name, attempts])
}

const textOf = (lines: readonly string[] | undefined): string => (lines ?? []).map((line) => `${line}\n`).join('')
