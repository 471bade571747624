/** The real engine over a project of a case: its machines, ledger and runner, with jobs that a case lowers by its own event. */
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { githubRules } from '../../../src/adapters/ci/pipelines.ts'
import { localEvidence } from '../../../src/adapters/evidence/local.ts'
import { fileSecretKeeper, fileSecrets } from '../../../src/adapters/secrets/file.ts'
import { gitSource } from '../../../src/adapters/source/git.ts'
import { createMemoryDisk } from '../../../src/adapters/store/memory.ts'
import { systemClock } from '../../../src/adapters/system/clock.ts'
import { systemIds } from '../../../src/adapters/system/ids.ts'
import { SluiceError } from '../../../src/core/errors.ts'
import { jobAt } from '../../../src/core/pipeline/board.ts'
import { jobKey } from '../../../src/core/pipeline/effects.ts'
import type { JobPlan, Texts } from '../../../src/core/pipeline/job-plan.ts'
import type { JobState } from '../../../src/core/pipeline/types.ts'
import { Engine } from '../../../src/engine/engine.ts'
import type { Ports } from '../../../src/engine/ports.ts'
import type { Run } from '../../../src/engine/trusted.ts'
import type { LoweredPipeline, PipelineRequest } from '../../../src/ports/pipelines.ts'
import type { JobOutcome, JobRunner, LogLine, LogMarks } from '../../../src/ports/runner.ts'
import { LocalArtifacts, localTools } from '../../../src/runner/artifacts.ts'
import type { FolderCache } from '../../../src/runner/job-shell.ts'
import { noCredentials } from '../../sim/engine/small-parts.ts'
import { LocalRunner } from '../../../src/runner/runner.ts'

/** What a case asks of the engine. */
export type Asked = {
  readonly root: string
  /** A repository with a commit. */
  readonly project: string
  readonly lowered: LoweredPipeline
  readonly secrets: Texts
  /** Names of jobs that a person starts, once they wait for one. */
  readonly play: readonly string[]
  /** A job that has the run called off when it says `cancel me`. */
  readonly cancelAfter: string | null
}

/** What became of a job, in all of its executions. */
export type Ended = {
  readonly plan: JobPlan
  readonly state: JobState
  readonly lines: readonly LogLine[]
  readonly marks: LogMarks
  readonly outcome: JobOutcome | null
  /** Files of its artifacts, by their paths in the workspace. */
  readonly files: readonly string[]
  /** `format path` of each report that was looked for. */
  readonly reports: readonly string[]
  readonly executions: number
}

/** What became of a run. `jobs` are in the order of the plan, `order` names those that ran in the order in which they began. */
export type Came = { readonly jobs: readonly Ended[]; readonly order: readonly string[] }

/** Runs the jobs of a case to their ends; a job that waits for somebody who never comes is called off. */
export const runJobs = async (asked: Asked): Promise<Came> => {
  const { root, project, lowered, secrets, play, cancelAfter } = asked
  const stateDir = join(root, 'state')
  mkdirSync(join(root, 'caches'), { recursive: true })
  mkdirSync(stateDir, { mode: 0o700 })
  const never = new AbortController().signal
  for (const [name, value] of Object.entries(secrets)) await fileSecretKeeper(stateDir).keep({ name, value }, never)
  const artifacts = new LocalArtifacts(stateDir, localTools())
  const evidence = localEvidence(stateDir)
  const github = githubRules({ repository: project, toolCache: null, token: '' })
  const outcomes = new Map<string, JobOutcome>()
  const order: string[] = []
  const local = new LocalRunner({
    stateDir,
    repository: project,
    artifacts,
    evidence,
    github,
    cores: 2,
    now: Date.now,
    graceMs: 300,
    environment: {
      PATH: process.env['PATH'],
      HOME: homedir(),
    },
    folders: folderCache(join(root, 'caches'), {
      isRenewed: lowered.jobs.every(({ dialect }) => dialect === 'sluice'),
    }),
  })
  const runner: JobRunner = recording(local, { outcomes, order })
  const engine = new Engine(portsOf({ stateDir, project, artifacts, evidence, runner, github, lowered }), {
    owner: 'case',
    onFatal: (error) => {
      throw error
    },
  })
  await engine.start()
  try {
    const by = { kind: 'person', name: 'ada' } as const
    const caller = { by, reason: null, idempotencyKey: null }
    const { kind, file } = lowered.origin
    const pipeline = { ...plainRequest, kind, file }
    const over = settled(engine, async (run) => {
      for (const [index, { status }] of run.jobs.entries()) {
        const { name } = jobAt(run, index)
        if (status === 'manual' && play.includes(name))
          await engine.playJob({ run: run.id, job: name, given: {} }, caller)
      }
      return !isStuck(run, play)
    })
    const { run: id } = await engine.startRun({ ref: 'HEAD', jobs: null, pipeline }, caller, never)
    const watch = cancelAfter === null ? null : said(local, jobKey(id, cancelAfter, 1), 'cancel me')
    void watch?.then(() => engine.cancelRun(id, caller))
    await Promise.race([over, tooLong()])
    const run = await engine.reading.run(id)
    const jobs = await Promise.all(
      run.jobs.map((state, index) => ended({ local, artifacts, evidence }, { run, state, index, outcomes })),
    )
    return { jobs, order }
  } finally {
    await engine.stop()
    await local.settled()
  }
}

const plainRequest: Omit<PipelineRequest, 'jobs' | 'kind' | 'file'> = {
  event: null,
  payload: null,
  played: [],
  inputs: {},
  variables: {},
  secrets: {},
  secretFiles: {},
  runners: {},
  containers: 'refuse',
  actions: null,
  skippedActions: [],
  skippedIncludes: [],
}

type World = Pick<Ports, 'artifacts' | 'evidence' | 'runner' | 'github'> & {
  readonly stateDir: string
  readonly project: string
  readonly lowered: LoweredPipeline
}

const portsOf = ({ stateDir, project, artifacts, evidence, runner, github, lowered }: World): Ports => {
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
  const absent = (): never => {
    throw new Error('a pipeline asked for something that only rollouts need')
  }
  const none = new SluiceError('config_missing', { detail: 'a case has no config' })
  return {
    clock: systemClock(),
    ids: systemIds(),
    calendar: { times: absent },
    sha256,
    credentials: noCredentials,
    artifacts,
    evidence,
    runner,
    github,
    log: {
      info: () => {},
      warn: (event, fields) => console.error(event, fields),
      error: (event, fields) => console.error(event, fields),
    },
    store: createMemoryDisk(sha256).open(),
    source: gitSource(project),
    remote: { fetch: absent, list: absent, standing: absent, letGo: absent },
    project: { settings: () => Promise.reject(none) },
    config: {
      load: () => Promise.reject(none),
      ofCommit: () => Promise.reject(none),
    },
    secrets: fileSecrets(stateDir),
    hooks: { call: absent },
    metrics: { sample: absent, measure: absent },
    externalJudge: { evaluate: absent },
    pipelines: { lower: () => Promise.resolve(lowered) },
    driver: new Proxy(
      {},
      { get: (_, name) => (name === 'supervise' ? () => Promise.resolve() : absent) },
    ) as Ports['driver'],
    verifier: { verify: absent },
    notifier: { send: absent },
    notifyRules: { read: () => Promise.resolve({ status: 'read', settings: null, service: '' }) },
    reviews: { of: absent },
    projections: { read: () => Promise.resolve(null), keep: () => Promise.resolve() },
    router: new Proxy({}, { get: (_, name) => (name === 'watch' ? () => {} : absent) }) as Ports['router'],
  }
}

/** The runner, with what it gave remembered by key. */
const recording = (
  local: LocalRunner,
  { outcomes, order }: { readonly outcomes: Map<string, JobOutcome>; readonly order: string[] },
): JobRunner => ({
  cores: local.cores,
  workspace: (key) => local.workspace(key),
  stop: (key, signal, patienceMs) => local.stop(key, signal, patienceMs),
  discard: (key, signal) => local.discard(key, signal),
  logs: (key, page, signal) => local.logs(key, page, signal),
  searchLog: (key, page, signal) => local.searchLog(key, page, signal),
  logMarks: (key, signal) => local.logMarks(key, signal),
  settled: () => local.settled(),
  run: async (request, signal) => {
    order.push(request.job.name)
    const outcome = await local.run(request, signal)
    outcomes.set(request.key, outcome)
    return outcome
  },
})

/** Resolves once the run is settled, or `look` says that it goes no further. */
const settled = (engine: Engine, look: (run: Run) => Promise<boolean>): Promise<void> => {
  const { promise, resolve: done, reject } = Promise.withResolvers<void>()
  const consider = async (id: string): Promise<void> => {
    const run = await engine.reading.run(id)
    const isOver = run.status === 'succeeded' || run.status === 'failed' || run.status === 'cancelled'
    if (isOver || !(await look(run))) done()
  }
  const end = engine.subscribe((rows) => {
    const id = rows.find(({ key }) => key.kind === 'run')?.key.id
    if (id !== undefined) consider(id).catch(reject)
  })
  return promise.finally(end)
}

/** No case takes nearly as long. */
const tooLong = async (): Promise<never> => {
  await sleep(60_000, undefined, { ref: false })
  throw new Error('the run does not come to its end')
}

/** Whether all that is left waits for a person who does not come. */
const isStuck = (run: Run, play: readonly string[]): boolean =>
  run.jobs.every((job, index) => {
    if (job.status === 'manual') return !play.includes(jobAt(run, index).name)
    return ['waiting', 'open', 'succeeded', 'failed', 'skipped', 'cancelled'].includes(job.status)
  }) && run.jobs.some(({ status }) => status === 'manual')

/** Resolves once a job's log holds a line. */
const said = async (runner: LocalRunner, key: string, text: string): Promise<void> => {
  for (;;) {
    const lines = await runner.logs(key, { after: 0, limit: 1_000 }, new AbortController().signal)
    if (lines.some((line) => line.stream !== 'sluice' && line.text === text)) return
    await new Promise((wake) => setTimeout(wake, 20))
  }
}

type Part = {
  readonly run: Run
  readonly state: JobState
  readonly index: number
  readonly outcomes: ReadonlyMap<string, JobOutcome>
}

const ended = async (
  { local: runner, artifacts, evidence }: Pick<Ports, 'artifacts' | 'evidence'> & { readonly local: LocalRunner },
  { run, state, index, outcomes }: Part,
): Promise<Ended> => {
  const plan = jobAt(run, index)
  const signal = new AbortController().signal
  const keys = [jobKey(run.id, plan.name, 1)]
  while (outcomes.has(jobKey(run.id, plan.name, keys.length + 1))) keys.push(jobKey(run.id, plan.name, keys.length + 1))
  const last = keys.at(-1) ?? ''
  const pages = await Promise.all(keys.map((key) => runner.logs(key, { after: 0, limit: 10_000 }, signal)))
  const outcome = outcomes.get(last) ?? null
  const executions = outcome === null ? 0 : keys.length
  const files: string[] = []
  for (const { digest } of 'artifacts' in state ? state.artifacts : []) {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-artifact-'))
    await artifacts.unpack(digest, directory, signal)
    files.push(...filesIn(directory))
    rmSync(directory, { recursive: true, force: true })
  }
  const marks = await runner.logMarks(last, signal)
  const left = outcome === null || outcome.evidence === null ? [] : await evidence.read(outcome.evidence)
  const reports = left.map(({ format, path }) => `${format} ${path}`)
  return { plan, state, lines: pages.flat(), marks, outcome, files, reports, executions }
}

const filesIn = (directory: string): readonly string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((path) => path !== 'build-metadata.json' && statSync(join(directory, path)).isFile())
    .toSorted()

/** Folders under keys, as the plainest cache has them. `isRenewed`: what is kept under a key takes the place of what is there. */
const folderCache = (shelves: string, { isRenewed }: { readonly isRenewed: boolean }): FolderCache => ({
  restore: async ({ key, restoreKeys, paths: wanted, directory, isLookup = false, isExact = false }) => {
    const keys = readdirSync(shelves).map(decodeURIComponent)
    const near = restoreKeys.flatMap((prefix) =>
      keys
        .filter((one) => (isExact ? one === prefix : one.startsWith(prefix)))
        .toSorted()
        .slice(-1),
    )
    const found = keys.includes(key) ? key : near[0]
    if (found === undefined) return null
    if (isLookup) return found
    const paths = isExact ? readdirSync(join(shelves, encodeURIComponent(found))).map(decodeURIComponent) : wanted
    for (const path of paths)
      copy(join(shelves, encodeURIComponent(found), encodeURIComponent(path)), resolve(directory, path))
    return found
  },
  save: async ({ key, paths, directory }) => {
    const shelf = join(shelves, encodeURIComponent(key))
    if (existsSync(shelf) && !isRenewed) return
    rmSync(shelf, { recursive: true, force: true })
    mkdirSync(shelf)
    for (const path of paths) copy(resolve(directory, path), join(shelf, encodeURIComponent(path)))
  },
})

const copy = (from: string, to: string): void => {
  if (existsSync(from)) cpSync(from, to, { recursive: true })
}
