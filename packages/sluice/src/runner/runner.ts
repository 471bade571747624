/** Runs jobs on this machine, kept apart as far as it can be; with clean environments, masked logs, and nothing left behind. */
import { existsSync } from 'node:fs'
import { appendFile, mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type ErrorCode, SluiceError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import type { Artifact } from '../core/model.ts'
import type { JobPlan } from '../core/pipeline/job-plan.ts'
import { endMarked } from '../lib/marked-processes.ts'
import { endGroup } from '../lib/process-group.ts'
import { identify, isRunning, type ProcessIdentity } from '../lib/process-identity.ts'
import type { ArtifactStore } from '../ports/artifacts.ts'
import type { JobDialect } from '../ports/dialect.ts'
import type { JobOutcome, JobRequest, LogLine, LogMarks, LogPage } from '../ports/runner.ts'
import { type Beginning, beginningOf } from './beginning.ts'
import { detectIsolation, type Isolation, type IsolationWish } from './isolation/detect.ts'
import type { Network } from './isolation/launcher.ts'
import { runJob } from './job.ts'
import { jobEnvironment } from './job-environment.ts'
import { signalsOf } from './job-signals.ts'
import { keyName } from './key-name.ts'
import { JobLog } from './log/job-log.ts'
import { readMarks } from './log/marks.ts'
import { readLog, searchLog } from './log/read-log.ts'
import { type FolderCache, markVariable } from './job-shell.ts'
import { Processes } from './processes.ts'
import { RunFiles } from './run-files.ts'
import { ServicePorts } from './services/ports.ts'
import { removeServices } from './services/services.ts'
import type { JobSignals } from './steps.ts'
import { Trash } from './trash.ts'
import { Checkouts } from './workspace/checkouts.ts'
import { Copies } from './workspace/copies.ts'
import { type SharedCheckout, SharedCheckouts } from './workspace/shared-checkouts.ts'
import { clearWorkspace, openWorkspace } from './workspace/workspace.ts'

/** What the runner is made with. */
export type RunnerOptions = {
  readonly stateDir: string
  /** The environment of this process, of which jobs see only a few names. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly cores: number
  readonly now: () => number
  /** A folder in the project's repository; needed for jobs whose workspace the runner makes. */
  readonly repository?: string
  /** Keeps artifacts of such jobs, and has those that they are given. */
  readonly artifacts?: Pick<ArtifactStore, 'put' | 'unpack'>
  readonly caches?: FolderCache
  readonly github?: JobDialect
  /** `auto` when absent. */
  readonly isolation?: IsolationWish
  /** Whether jobs see the machine's network; `shared` when absent. */
  readonly network?: Network
  /** Time between SIGTERM and SIGKILL for a job, milliseconds; the limit's when absent. */
  readonly graceMs?: number
}

/** Whether another process's environment can be read. */
const hasMarks = process.platform === 'linux'

type Running = { readonly kill: AbortController; readonly over: Promise<unknown> }

/** The local runner; it has the shape of the engine's `JobRunner` port. */
export class LocalRunner {
  readonly cores: number
  readonly #options: RunnerOptions
  readonly #graceMs: number
  readonly #ports = new ServicePorts()
  readonly #copies = new Copies()
  readonly #trash: Trash
  readonly #checkouts: Checkouts | null
  readonly #shared: SharedCheckouts
  readonly #running = new Map<string, Running>()
  #isolation: Promise<Isolation> | null = null

  constructor(options: RunnerOptions) {
    const { stateDir, repository, artifacts, now } = options
    this.#options = options
    this.cores = options.cores
    this.#graceMs = options.graceMs ?? limits.jobGraceMs
    this.#trash = new Trash(stateDir)
    this.#shared = new SharedCheckouts(stateDir, this.#copies)
    const unpack: ConstructorParameters<typeof Checkouts>[0]['unpack'] = async (artifact, directory, signal) => {
      if (artifacts === undefined) throw new SluiceError('unexpected', { detail: 'the runner has no artifact store' })
      await artifacts.unpack(artifact.digest, directory, signal)
    }
    this.#checkouts = repository === undefined ? null : new Checkouts({ stateDir, repository, unpack, now })
  }

  workspace(key: string): string {
    return join(this.#options.stateDir, 'work', keyName(key))
  }

  /** What jobs are kept apart by here; found out once. */
  isolation(wish?: IsolationWish): Promise<Isolation> {
    const { stateDir, environment } = this.#options
    const isolation = wish ?? this.#options.isolation ?? 'auto'
    if (isolation === 'none') return Promise.resolve({ kind: 'shared' })
    this.#isolation ??= mkdir(join(stateDir, 'jobs'), { recursive: true }).then(() =>
      detectIsolation({ folder: join(stateDir, 'jobs'), environment }),
    )
    return this.#isolation
  }

  /** Runs the steps in order until one fails, the time is up, or the signal falls. */
  async run(request: JobRequest, signal: AbortSignal): Promise<JobOutcome> {
    const kill = new AbortController()
    const running = this.#run(request, kill, signal)
    const over = running.catch(() => {})
    this.#running.set(request.key, { kill, over })
    try {
      return await running
    } finally {
      this.#running.delete(request.key)
    }
  }

  /** Ends what runs under a key: of this process, of one that was killed, by the mark that all of a job's processes carry; and the services' data and containers. */
  async stop(key: string, _signal: AbortSignal): Promise<void> {
    const running = this.#running.get(key)
    // Every job begins with its log.
    if (running === undefined && !existsSync(this.#logPath(key))) return
    running?.kill.abort()
    await running?.over
    if (!hasMarks) await endRecorded(this.#groupsPath(key), this.#graceMs)
    await endMarked({ entry: this.#mark(key), since: null }, this.#graceMs)
    await removeServices(this.#folder(key))
  }

  logs(
    key: string,
    page: { readonly after: number; readonly limit: number },
    _signal: AbortSignal,
  ): Promise<readonly LogLine[]> {
    return readLog(this.#logPath(key), page)
  }

  searchLog(
    key: string,
    { text, ...page }: { readonly text: string; readonly after: number; readonly limit: number },
    _signal: AbortSignal,
  ): Promise<LogPage> {
    return searchLog(this.#logPath(key), text, page)
  }

  logMarks(key: string, _signal: AbortSignal): Promise<LogMarks> {
    return readMarks(this.#logPath(key))
  }

  /** Removes files, checkpoints and reports of a job; in the background as far as that goes. */
  async discard(key: string, _signal: AbortSignal): Promise<void> {
    await this.#trash.take(this.#folder(key))
  }

  /** Forgets the files that jobs of a run handed each other by name. */
  forget(run: string): Promise<void> {
    return new RunFiles(this.#options.stateDir, run).remove()
  }

  /** Resolves once everything that was thrown away is gone. */
  settled(): Promise<void> {
    return this.#trash.settled()
  }

  async #run(request: JobRequest, kill: AbortController, signal: AbortSignal): Promise<JobOutcome> {
    const { key, secrets } = request
    const log = await JobLog.open({ path: this.#logPath(key), secrets: Object.values(secrets), now: this.#options.now })
    const plan = request.job
    const { signals, release } = signalsOf(plan, kill, signal)
    const folder = this.#folder(key)
    try {
      const isolation = await this.#wished(request.isolation)
      const beginning = await beginningOf(request, { folder, isolation, folderOf: (other) => this.#folder(other) })
      if (existsSync(folder)) await clearWorkspace(folder, beginning.lowers)
      const end = await this.#inWorkspace({ request, plan, log, isolation, beginning }, signals)
      await this.#keepOrDiscard(folder, end)
      // Only a closed log has its last line.
      await log.close()
      return { ...end, tail: log.tail() }
    } catch (error) {
      await log.close()
      const outcome = signals.stop.aborted && isCalledOff(error) ? signals.because() : null
      if (outcome !== null)
        return {
          ...nothingRan(plan),
          outcome,
          reason: outcome === 'timed_out' ? { kind: 'timeout' } : null,
          problem: null,
          tail: log.tail(),
        }
      if (!(error instanceof SluiceError) || !foreseen.has(error.code)) throw error
      return refused(plan, error, log.tail())
    } finally {
      release()
      if (!hasMarks) await rm(this.#groupsPath(key), { force: true })
    }
  }

  async #wished(wish: IsolationWish = this.#options.isolation ?? 'auto'): Promise<Isolation> {
    const isolation = await this.isolation(wish)
    if (wish !== 'required' || isolation.kind !== 'none') return isolation
    throw new SluiceError('tool_missing', {
      detail: `jobs are to be isolated, and cannot be: ${isolation.because}`,
      hint: 'install bubblewrap and allow user namespaces, or set isolation to "auto"',
    })
  }

  async #inWorkspace(
    { request, plan, log, isolation, beginning }: Opening,
    signals: JobSignals,
  ): Promise<Awaited<ReturnType<typeof runJob>>> {
    const { key } = request
    const { environment, network = 'shared', stateDir, artifacts, caches, github, now } = this.#options
    const folder = this.#folder(key)
    const shared = await this.#enterShared(request, isolation, signals.stop)
    const files =
      shared === null
        ? await this.#files(request, beginning, signals.stop)
        : ({ kind: 'shared', directory: shared.directory } as const)
    let made: readonly Artifact[] = []
    const release = files.kind === 'layers' ? this.#checkouts?.hold(files.lowers) : undefined
    try {
      const workspace = await openWorkspace({ folder, isolation, network, files, environment, copies: this.#copies })
      const mark = this.#mark(key)
      const processes = new Processes({
        namespace: workspace.namespace,
        mark,
        graceMs: this.#graceMs,
        onGroup: (leader) => this.#recordGroup(key, leader),
      })
      log.note(`isolation: ${workspace.label}`)
      const env = jobEnvironment(request, {
        machine: environment,
        directory: workspace.directory,
        mark: this.#folder(key),
      })
      const end = await runJob(
        {
          request,
          plan,
          stateDir,
          folder,
          workspace,
          processes,
          log,
          env,
          network,
          ports: this.#ports,
          store: request.directory === undefined ? (artifacts ?? null) : null,
          caches: caches ?? null,
          dialect: github ?? null,
          earlier: beginning.earlier,
          hasCheckpoints: isolation.kind === 'layers' && isolation.overlay.renames,
          graceMs: this.#graceMs,
          now,
        },
        signals,
      )
      made = end.artifacts
      return end
    } finally {
      release?.()
      shared?.leave(made.map(({ digest }) => digest))
    }
  }

  /** The run's one checkout, where isolation is off and no folder was given. */
  async #enterShared(
    { directory, commit, run, inputs = [] }: JobRequest,
    isolation: Isolation,
    signal: AbortSignal,
  ): Promise<SharedCheckout | null> {
    const checkouts = this.#checkouts
    if (isolation.kind !== 'shared' || directory !== undefined || checkouts === null) return null
    return this.#shared.enter(run, {
      base: () => checkouts.commit(commit.id, run, signal),
      inputs: inputs.map((input) => ({ digest: input.digest, folder: () => checkouts.artifact(input, signal) })),
    })
  }

  /** What the workspace is made of. */
  async #files(
    { directory, commit, run, inputs = [] }: JobRequest,
    { lowers }: Beginning,
    signal: AbortSignal,
  ): Promise<Parameters<typeof openWorkspace>[0]['files']> {
    if (directory !== undefined) return { kind: 'given', directory }
    if (lowers.length > 0) return { kind: 'layers', lowers }
    const checkouts = this.#checkouts
    if (checkouts === null) throw new SluiceError('unexpected', { detail: 'the runner knows no repository' })
    const base = await checkouts.commit(commit.id, run, signal)
    const unpacked = await Promise.all(inputs.map((input) => checkouts.artifact(input, signal)))
    return { kind: 'layers', lowers: [base, ...unpacked] }
  }

  /** Checkpoints are of use after a failure; reports until they were read. */
  async #keepOrDiscard(folder: string, { outcome, steps, reports }: Awaited<ReturnType<typeof runJob>>): Promise<void> {
    const isUseful = outcome !== 'succeeded' && steps.some(({ isCheckpoint }) => isCheckpoint)
    if (isUseful) return
    if (reports.length === 0) await this.#trash.take(folder)
  }

  /** Where marks cannot be read, groups are remembered, so that the next process can end what this one leaves. */
  #recordGroup(key: string, leader: number): void {
    if (hasMarks) return
    const identity = identify(leader)
    if (identity !== null) void appendFile(this.#groupsPath(key), `${JSON.stringify(identity)}\n`).catch(() => {})
  }

  #folder(key: string): string {
    return join(this.#options.stateDir, 'jobs', keyName(key))
  }

  #mark(key: string): string {
    return `${markVariable}=${this.#folder(key)}`
  }

  #logPath(key: string): string {
    return join(this.#options.stateDir, 'logs', `${keyName(key)}.log`)
  }

  #groupsPath(key: string): string {
    return join(this.#options.stateDir, 'jobs', `${keyName(key)}.groups`)
  }
}

type Opening = {
  readonly request: JobRequest
  readonly plan: JobPlan
  readonly log: JobLog
  readonly isolation: Isolation
  readonly beginning: Beginning
}

/** What decides a job before it began. */
const foreseen: ReadonlySet<ErrorCode> = new Set([
  'tool_missing',
  'command_conflict',
  'artifact_missing',
  'artifact_mismatch',
])

const refused = (plan: JobPlan, { code, detail, hint }: SluiceError, tail: readonly string[]): JobOutcome => ({
  ...nothingRan(plan),
  outcome: 'failed',
  reason: { kind: 'system_failure' },
  problem: { code, detail, hint },
  tail: [...tail, detail],
})

/** A preparation that was cut short: nothing had run yet. */
const isCalledOff = (error: unknown): boolean =>
  error instanceof SluiceError
    ? error.code === 'outcome_unknown'
    : error instanceof Error && error.name === 'AbortError'

const nothingRan = (plan: JobPlan): Omit<JobOutcome, 'outcome' | 'reason' | 'problem' | 'tail'> => ({
  exitCode: null,
  failedStep: null,
  outputs: {},
  steps: plan.steps.map(({ name }) => ({
    name,
    outcome: 'skipped',
    exitCode: null,
    startedAt: null,
    finishedAt: null,
    isCheckpoint: false,
  })),
  artifacts: [],
  annotations: [],
  summary: '',
  reports: [],
  isolation: 'nothing ran',
})

const endRecorded = async (path: string, graceMs: number): Promise<void> => {
  const text = await readFile(path, 'utf8').catch(() => '')
  for (const line of text.split('\n')) {
    const leader = parseIdentity(line)
    if (leader !== null && isRunning(leader)) await endGroup(leader.pid, graceMs)
  }
  await rm(path, { force: true })
}

const parseIdentity = (line: string): ProcessIdentity | null => {
  try {
    const record: unknown = JSON.parse(line)
    if (typeof record !== 'object' || record === null || !('pid' in record && 'startTime' in record)) return null
    const { pid, startTime } = record
    return typeof pid === 'number' && typeof startTime === 'string' ? { pid, startTime } : null
  } catch {
    return null
  }
}
