/** Runs a case of the corpus through lowering and dialect, with a scheduler in memory. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { githubDialect } from '../../../src/adapters/ci/github/dialect.ts'
import type { GithubEvent } from '../../../src/adapters/ci/github/event.ts'
import { lowerWorkflow, type LoweredWorkflow } from '../../../src/adapters/ci/github/lower.ts'
import type { JsonValue, LoweringNote } from '../../../src/core/pipeline/job-plan.ts'
import type { Annotation } from '../../../src/ports/dialect.ts'
import type { WorkflowCase } from '../support/case.ts'
import { makeRepository } from '../support/repository.ts'
import { schedule } from '../support/scheduler.ts'
import { testShell, type Said } from '../support/shell.ts'

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
  const dialect = githubDialect({
    actionsDirectory: typeof options['actions'] === 'string' ? join(project, options['actions']) : null,
    skippedActions: texts(options, 'skipActions'),
    repository: project,
    toolCache: null,
    token: '',
    run: { id: '77', number: 7, attempt: 1 },
  })
  const shelves = { artifacts: join(root, 'artifacts'), caches: join(root, 'caches') }
  for (const shelf of Object.values(shelves)) mkdirSync(shelf, { recursive: true })
  const said: Record<string, Said> = {}
  const failedStep: Record<string, string> = {}
  const cancel = new AbortController()
  const ran = await schedule(
    lowered.jobs,
    {
      resolve: (job, before) => dialect.resolve({ job, ...before, directory: project }, cancel.signal),
      outputs: (job, legs, outputs) => dialect.outputs(job, { legs, outputs }),
      run: async (job, needs, signal) => {
        const place = join(root, 'jobs', encodeURIComponent(job.name))
        const directory = join(place, 'work')
        cpSync(project, directory, { recursive: true })
        mkdirSync(join(place, 'tmp'))
        const env = { PATH: process.env['PATH'] ?? '', HOME: homedir(), ...servicePorts(job.services) }
        const made = testShell({ directory, temporary: join(place, 'tmp'), env, secrets: one.secrets, shelves })
        said[job.name] = made.said
        if (options['cancelAfter'] === job.name) watch(made.said, cancel)
        const commit = { id: sha, subject: 'First', author: 'Ada' }
        const limit = AbortSignal.timeout(job.timeoutMs)
        const end = await dialect.run(
          { job, needs, run: { id: '77', number: 7, attempt: 1 }, commit },
          made.shell,
          AbortSignal.any([signal, limit]),
        )
        if (end.failedStep !== null) failedStep[job.name] = end.failedStep
        return end
      },
    },
    cancel.signal,
  )
  const each = <Value>(read: (one: Said) => Value): Record<string, Value> =>
    Object.fromEntries(Object.entries(said).map(([name, what]) => [name, read(what)]))
  const tell = (text: string): string =>
    text
      .replaceAll(sha, '<sha>')
      .replaceAll(new RegExp(`${root}/jobs/[^/]+/`, 'g'), '<job>/')
      .replaceAll(root, '<root>')
  return {
    jobs: ran.results,
    outputs: ran.outputs,
    output: each(({ output }) => output.map(tell)),
    summary: each(({ summary }) => summary.join('')),
    annotations: each(({ annotations }) => annotations.map(annotationText).map(tell)),
    groups: each(({ groups }) => groups),
    reports: each(({ reports }) => reports),
    notes: [...lowered.notes, ...ran.notes].map(noteText),
    because: ran.because,
    order: ran.order,
    plan: Object.fromEntries(lowered.jobs.map(({ name, condition }) => [name, condition])),
    failedStep,
    runName: lowered.runName ?? '',
  }
}

const lower = (
  one: WorkflowCase,
  { project, event }: { readonly project: string; readonly event: GithubEvent },
): LoweredWorkflow => {
  const { options } = one
  return lowerWorkflow({
    file: one.workflow,
    text: one.files[one.workflow] ?? '',
    event,
    filters: options['filters'] === 'note' ? 'note' : 'enforce',
    read: (path) => (existsSync(join(project, path)) ? readFileSync(join(project, path), 'utf8') : null),
    vars: one.vars,
    rules: {
      runners: (options['runners'] ?? {}) as Record<string, 'here' | 'skip'>,
      containers: options['containers'] === 'here' ? 'here' : 'refuse',
    },
    actions: { available: texts(options, 'available'), skipped: texts(options, 'skipActions') },
  })
}

const texts = (options: WorkflowCase['options'], key: string): readonly string[] => {
  const value = options[key]
  return Array.isArray(value) ? value.map(String) : []
}

/** Calls a run off once a job has said `cancel me`. */
const watch = ({ output }: Said, cancel: AbortController): void => {
  const push = output.push.bind(output)
  output.push = (...lines) => {
    const length = push(...lines)
    if (lines.includes('cancel me')) cancel.abort()
    return length
  }
}

const servicePorts = (services: readonly { readonly name: string }[]): Record<string, string> =>
  Object.fromEntries(services.map(({ name }, index) => [`${name.toUpperCase()}_PORT`, String(20_000 + index)]))

const eventOf = ({ event }: WorkflowCase, sha: string): GithubEvent => ({
  name: 'push',
  action: null,
  ref: 'refs/heads/main',
  sha,
  before: null,
  headRef: null,
  baseRef: null,
  repository: 'octo/shop',
  actor: 'ada',
  defaultBranch: 'main',
  changedFiles: null,
  inputs: {},
  cron: null,
  payload: null,
  ...(event as Partial<GithubEvent>),
})

const annotationText = ({ level, file, line, column, title, message }: Annotation): string => {
  const place = file === null ? '-' : [file, line, column].filter((part) => part !== null).join(':')
  return `${level} ${place}${title === null ? '' : ` [${title}]`} ${message}`
}

const noteText = ({ level, key, message, file, line, column }: LoweringNote): string =>
  `${level} ${file.replace(/^.*\//, '')}:${line ?? '-'}:${column ?? '-'} ${key}: ${message}`

/** Plain JSON of a value, so that a comparison looks at data alone. */
export const plain = (value: unknown): JsonValue => JSON.parse(JSON.stringify(value))
