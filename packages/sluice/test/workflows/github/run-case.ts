/** Runs a case of the corpus: lowered for its event, then by the real engine and runner. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { GithubEvent } from '../../../src/adapters/ci/github/event.ts'
import { lowerWorkflow, type LoweredWorkflow } from '../../../src/adapters/ci/github/lower.ts'
import type { JsonValue, LoweringNote } from '../../../src/core/pipeline/job-plan.ts'
import { orderJobs } from '../../../src/core/pipeline/links.ts'
import type { JobState } from '../../../src/core/pipeline/types.ts'
import type { Annotation } from '../../../src/ports/dialect.ts'
import type { LogFold } from '../../../src/ports/runner.ts'
import type { WorkflowCase } from '../support/case.ts'
import { type Ended, runJobs } from '../support/plane.ts'
import { pushEvent } from './request.ts'
import { makeRepository } from '../support/repository.ts'

/** What came of a case, in the form of its `expect`. */
export type Came = { readonly [Key in keyof WorkflowCase['expect']]-?: NonNullable<WorkflowCase['expect'][Key]> }

/** Runs the case in a folder of its own. */
export const runCase = async (one: WorkflowCase): Promise<Came> => {
  const root = mkdtempSync(join(tmpdir(), 'sluice-case-'))
  try {
    return await runIn(root, one)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

const runIn = async (root: string, one: WorkflowCase): Promise<Came> => {
  const project = join(root, 'project')
  const sha = makeRepository(project, one.files)
  const event = eventOf(one, sha)
  const { options } = one
  const lowered = lower(one, { project, event })
  const notes = lowered.notes.map(shortNote)
  const plan = Object.fromEntries(lowered.jobs.map(({ name, condition }) => [name, condition]))
  const before = { ...nothing, notes, plan, runName: lowered.runName ?? '' }
  const hasError = lowered.notes.some(({ level }) => level === 'error')
  if (hasError || lowered.jobs.length === 0 || options['run'] === false) return before
  const origin = { kind: 'github', file: one.workflow, name: lowered.name, event: event.name, notes: [] } as const
  const { jobs, order } = await runJobs({
    root,
    project,
    secrets: one.secrets,
    play: [],
    lowered: {
      jobs: orderJobs(lowered.jobs),
      origin,
    },
    cancelAfter: typeof options['cancelAfter'] === 'string' ? options['cancelAfter'] : null,
  })
  const tell = (text: string): string => text.replaceAll(sha, '<sha>').replaceAll(root, '<root>')
  const ran = jobs.filter(({ outcome }) => outcome !== null)
  const each = <Value>(from: readonly Ended[], read: (job: Ended) => Value): Record<string, Value> =>
    Object.fromEntries(from.map((job) => [job.plan.name, read(job)]))
  return {
    ...before,
    notes: [...notes, ...jobs.flatMap(({ state }) => invalidNotes(state))],
    jobs: each(jobs, ({ state }) => resultOf(state)),
    outputs: each(
      jobs.filter(({ state }) => 'outputs' in state && Object.keys(state.outputs).length > 0),
      ({ state }) => ('outputs' in state ? state.outputs : {}),
    ),
    output: each(ran, ({ lines }) => lines.filter(({ stream }) => stream !== 'sluice').map(({ text }) => tell(text))),
    summary: each(ran, ({ outcome }) => outcome?.summary ?? ''),
    annotations: each(ran, ({ outcome }) => (outcome?.annotations ?? []).map(annotationText).map(tell)),
    groups: each(ran, ({ marks }) => foldNames(marks.folds, '')),
    reports: each(ran, ({ reports }) => reports),
    because: Object.fromEntries(
      jobs.flatMap(({ plan: { name }, state }) =>
        state.status === 'skipped' && state.because.kind === 'condition' ? [[name, state.because.detail]] : [],
      ),
    ),
    order,
    failedStep: Object.fromEntries(
      ran.flatMap(({ plan: { name }, outcome }) =>
        outcome === null || outcome.failedStep === null ? [] : [[name, outcome.failedStep]],
      ),
    ),
    failure: each(
      jobs.filter(({ state }) => state.status === 'failed'),
      ({ state }) => (state.status === 'failed' ? state.failure.detail : ''),
    ),
  }
}

const nothing = {
  jobs: {},
  outputs: {},
  output: {},
  summary: {},
  annotations: {},
  groups: {},
  reports: {},
  because: {},
  order: [],
  failedStep: {},
  failure: {},
}

const resultOf = (state: JobState): string => {
  if (state.status === 'failed') return state.isTolerated ? 'success' : 'failure'
  return state.status === 'succeeded' ? 'success' : state.status
}

/** What a document says wrong only once it is resolved. */
const invalidNotes = (state: JobState): readonly string[] =>
  state.status === 'failed' && state.failure.code === 'config_invalid' ? state.failure.evidence.map(shortPlace) : []

const foldNames = (folds: readonly LogFold[], indent: string): readonly string[] =>
  folds.flatMap(({ name, folds: inner }) => [`${indent}${name}`, ...foldNames(inner, `${indent}  `)])

const lower = (
  one: WorkflowCase,
  { project, event }: { readonly project: string; readonly event: GithubEvent },
): LoweredWorkflow => {
  const { options } = one
  const skipped = texts(options, 'skipActions')
  return lowerWorkflow({
    file: one.workflow,
    text: one.files[one.workflow] ?? '',
    event,
    only: null,
    filters: options['filters'] === 'note' ? 'note' : 'enforce',
    read: (path) => (existsSync(join(project, path)) ? readFileSync(join(project, path), 'utf8') : null),
    vars: one.vars,
    rules: {
      runners: (options['runners'] ?? {}) as Record<string, 'here' | 'skip'>,
      containers: options['containers'] === 'here' ? 'here' : 'refuse',
      actionsDirectory: typeof options['actions'] === 'string' ? join(project, options['actions']) : null,
      skippedActions: skipped,
    },
    actions: { available: texts(options, 'available'), skipped },
  })
}

const texts = (options: WorkflowCase['options'], key: string): readonly string[] => {
  const value = options[key]
  return Array.isArray(value) ? value.map(String) : []
}

const eventOf = ({ event }: WorkflowCase, sha: string): GithubEvent => ({
  ...pushEvent,
  sha,
  ...(event as Partial<GithubEvent>),
})

const annotationText = ({ level, file, line, column, title, message }: Annotation): string => {
  const place = file === null ? '-' : [file, line, column].filter((part) => part !== null).join(':')
  return `${level} ${place}${title === null ? '' : ` [${title}]`} ${message}`
}

const shortNote = ({ level, key, message, file, line, column }: LoweringNote): string =>
  `${level} ${file.replace(/^.*\//, '')}:${line ?? '-'}:${column ?? '-'} ${key}: ${message}`

/** A note as one line of an error, with the folder left out and a dash for a column that nobody knows; see `noteText`. */
const shortPlace = (text: string): string =>
  text.replace(
    /^(\w+) (?:\S*\/)?([^\s:]+)(?::(\d+))?(?::(\d+))? /,
    (_whole, level, file, line = '-', column = '-') => `${level} ${file}:${line}:${column} `,
  )

/** Plain JSON of a value, so that a comparison looks at data alone. */
export const plain = (value: unknown): JsonValue => JSON.parse(JSON.stringify(value))
