/** Runs jobs on this machine, kept apart as far as it can be; with clean environments, masked logs, and nothing left behind. */
import { mkdir, rm } from 'node:fs/promises'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SluiceError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import type { Artifact, RunId } from '../core/model.ts'
import type { JobPlan } from '../core/pipeline/job-plan.ts'
import { endMarked } from '../lib/marked-processes.ts'
import { sharedStarter } from '../lib/processes/starter.ts'
import type { JobOutcome, JobRequest, LogLine, LogMarks, LogPage } from '../ports/runner.ts'
import { type Beginning, beginningOf } from './beginning.ts'
import { detectIsolation, type Isolation, type IsolationWish } from './isolation/detect.ts'
import type { Recalled } from './cached-job.ts'
import { RunCaches } from './cache/run-caches.ts'
import { type Capture, captureJob, stagingOf } from './captured.ts'
import { runJob } from './job.ts'
import { endToTell } from './disclosed.ts'
import { hiddenFrom } from './hidden.ts'
import { endRecorded, recordGroup } from './groups.ts'
import { jobEnvironment } from './job-environment.ts'
import { keyName } from './key-name.ts'
import { JobLog } from './log/job-log.ts'
import { readMarks } from './log/marks.ts'
import { readLog, searchLog } from './log/read-log.ts'
import { markVariable } from './job-shell.ts'
import type { RunnerOptions } from './options.ts'
import { Processes } from './processes.ts'
import { Recalls } from './recalls.ts'
import { foreseen, isCalledOff, nothingRan, refused } from './refusals.ts'
import { RunFiles } from './run-files.ts'
import { ServicePorts } from './services/ports.ts'
import { removeServices } from './services/services.ts'
import { signalsOf } from './signals.ts'
import { Spares } from './spares.ts'
import type { JobSignals } from './steps.ts'
import { Trash } from './trash.ts'
import { Checkouts, type Claim } from './workspace/checkouts.ts'
import { Copies } from './workspace/copies.ts'
import { type SharedCheckout, SharedCheckouts } from './workspace/shared-checkouts.ts'
import { clearWorkspace, openWorkspace } from './workspace/workspace.ts'

/** What every artifact of the store has beside its files. */
const buildMetadata = 'build-metadata.json'

/** Whether another process's environment can be read. */
const hasMarks = process.platform === 'linux'

type Running = { readonly callOff: AbortController; readonly kill: AbortController; readonly over: Promise<unknown> }

/** The local runner; it has the shape of the engine's `JobRunner` port. */
export class LocalRunner {
  readonly cores: number
  readonly #options: RunnerOptions
  readonly #graceMs: number
  readonly #ports = new ServicePorts()
  readonly #copies = new Copies()
  readonly #trash: Trash
  readonly #spares: Spares
  readonly #checkouts: Checkouts | null
  readonly #shared: SharedCheckouts
  readonly #running = new Map<string, Running>()
  readonly #caches: RunCaches | null
  readonly #recalls: Recalls
  #isolation: Promise<Isolation> | null = null

  constructor(options: RunnerOptions) {
    const { stateDir, repository, artifacts, now } = options
    this.#options = options
    this.cores = options.cores
    this.#graceMs = options.graceMs ?? limits.jobGraceMs
    this.#trash = new Trash(stateDir)
    this.#spares = new Spares(stateDir)
    this.#shared = new SharedCheckouts(stateDir, this.#copies)
    const unpack: ConstructorParameters<typeof Checkouts>[0]['unpack'] = async (artifact, directory, signal) => {
      if (artifacts === undefined) throw new SluiceError('unexpected', { detail: 'the runner has no artifact store' })
      await artifacts.unpack(artifact.digest, directory, signal)
      // It says what the artifact was built from; a job that takes the files did not ask for it.
      await rm(join(directory, buildMetadata), { force: true })
    }
    this.#checkouts = repository === undefined ? null : new Checkouts({ stateDir, repository, unpack, now })
    this.#caches = cachesOf(options, this.#checkouts)
    this.#recalls = new Recalls({
      caches: this.#caches,
      trash: this.#trash,
      folderOf: (key) => this.#folder(key),
      logPathOf: (key) => this.#logPath(key),
      store: artifacts ?? null,
      evidence: options.evidence ?? null,
      now,
    })
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
      detectIsolation({ folder: join(stateDir, 'jobs'), environment, starter: sharedStarter }),
    )
    return this.#isolation
  }

  /** Runs the steps in order until one fails, the time is up, or the signal falls. */
  async run(request: JobRequest, signal: AbortSignal): Promise<JobOutcome> {
    const callOff = new AbortController()
    const kill = new AbortController()
    const running = this.#run(request, kill, AbortSignal.any([signal, callOff.signal]))
    const over = running.catch(() => {})
    this.#running.set(request.key, { callOff, kill, over })
    try {
      return await running
    } finally {
      this.#running.delete(request.key)
    }
  }

  /** Names of the repository take two programs to find out. */
  expect(run: RunId): void {
    this.#checkouts?.expect(run)
  }

  /** How a job ends that is in the cache, before its turn. */
  recall(request: JobRequest, signal: AbortSignal): Promise<JobOutcome | null> {
    return this.#recalls.before(request, signal)
  }

  /** Ends what runs under a key: of this process, of one that was killed, by the mark that all of a job's processes carry; and the services' data and containers. */
  async stop(key: string, _signal: AbortSignal, patienceMs = 0): Promise<void> {
    const running = this.#running.get(key)
    if (running !== undefined && patienceMs > 0) {
      running.callOff.abort()
      const late = new AbortController()
      await Promise.race([running.over, sleep(patienceMs, undefined, { signal: late.signal }).catch(() => {})])
      late.abort()
    }
    running?.kill.abort()
    await running?.over
    // Made before anything is started, and removed only when all of it is over.
    if (!existsSync(this.#folder(key))) return
    if (!hasMarks) await endRecorded(this.#groupsPath(key), this.#graceMs)
    await endMarked({ entry: this.#mark(key), since: null }, this.#graceMs)
    await removeServices(this.#folder(key), this.#options.environment)
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

  /** Removes files and checkpoints of a job; in the background as far as that goes. */
  async discard(key: string, _signal: AbortSignal): Promise<void> {
    this.#trash.take(this.#folder(key))
  }

  /** Forgets the files that jobs of a run handed each other by name. */
  forget(run: string): Promise<void> {
    return new RunFiles(this.#options.stateDir, run).remove()
  }

  /** Resolves once everything that was thrown away is gone, and what is to be kept is. */
  async settled(): Promise<void> {
    await this.#caches?.settled(AbortSignal.any([]))
    await this.#trash.settled()
  }

  async #run(request: JobRequest, kill: AbortController, signal: AbortSignal): Promise<JobOutcome> {
    const { key, secrets } = request
    const recalled = await this.#recalls.inTurn(request, signal)
    if (recalled.kind === 'known') return recalled.outcome
    const log = await JobLog.open({ path: this.#logPath(key), secrets: Object.values(secrets), now: this.#options.now })
    const plan = request.job
    const { signals, release } = signalsOf(plan, kill, signal)
    const folder = this.#folder(key)
    try {
      const isolation = await this.#wished(request.isolation)
      const beginning = await beginningOf(request, { folder, isolation, folderOf: (other) => this.#folder(other) })
      if (existsSync(folder)) await clearWorkspace(folder, beginning.lowers)
      else if (isolation.kind === 'shared') this.#spares.give(folder)
      const capture = this.#capture(request, recalled, log)
      const end = await this.#inWorkspace({ request, plan, log, isolation, beginning, capture }, signals)
      this.#keepOrDiscard(folder, end)
      // Only a closed log has its last line.
      await log.close()
      capture?.store()
      return { ...endToTell(end, log.masks), tail: log.tail() }
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
      return endToTell(refused(plan, error, log.tail()), log.masks)
    } finally {
      release()
      if (!hasMarks) await rm(this.#groupsPath(key), { force: true })
    }
  }

  /** Watches a job that was looked for and not found. */
  #capture(request: JobRequest, recalled: Recalled, log: JobLog): Capture | null {
    if (recalled.kind !== 'miss' || this.#caches === null) return null
    const { stateDir, environment, now } = this.#options
    for (const line of recalled.miss.because) log.note(`cache: miss, ${line}`)
    return captureJob({
      ...recalled,
      request,
      caches: this.#caches,
      log,
      logPath: this.#logPath(request.key),
      stateDir,
      environment,
      now,
      provided: (request.inputs ?? []).map(({ digest }) => join(stateDir, 'checkouts', digest.slice('sha256:'.length))),
    })
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
    { request, plan, log, isolation, beginning, capture }: Opening,
    signals: JobSignals,
  ): Promise<Awaited<ReturnType<typeof runJob>>> {
    const { key } = request
    const { environment, network = 'shared', stateDir, artifacts, evidence } = this.#options
    const { github, builtins = null, repository = null, now } = this.#options
    const folder = this.#folder(key)
    const claim = this.#checkouts?.claim() ?? null
    let shared: SharedCheckout | null = null
    let made: readonly Artifact[] = []
    try {
      shared = await this.#enterShared(request, { isolation, claim }, signals.stop)
      const files = await filesOf(request, { beginning, claim, shared }, signals.stop)
      const workspace = await openWorkspace({
        folder,
        isolation,
        starter: sharedStarter,
        network,
        files,
        environment,
        hidden: () => hiddenFrom({ stateDir, folder, plan, files, repository, builtins }),
        copies: this.#copies,
      })
      const processes = new Processes({
        namespace: workspace.namespace,
        starter: sharedStarter,
        mark: this.#mark(key),
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
          caches: this.#options.folders ?? this.#caches?.folders(request) ?? null,
          capture,
          evidence: evidence ?? null,
          dialect: github ?? null,
          builtins,
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
      claim?.release()
      shared?.leave(made.map(({ digest }) => digest))
    }
  }

  /** The run's one checkout, where isolation is off and no folder was given. */
  async #enterShared(
    { directory, commit, run, inputs = [] }: JobRequest,
    { isolation, claim }: { readonly isolation: Isolation; readonly claim: Claim | null },
    signal: AbortSignal,
  ): Promise<SharedCheckout | null> {
    if (isolation.kind !== 'shared' || directory !== undefined || claim === null) return null
    return this.#shared.enter(run, {
      base: () => claim.commit(commit.id, run, signal),
      inputs: inputs.map((input) => ({ digest: input.digest, folder: () => claim.artifact(input, signal) })),
    })
  }

  /** Checkpoints are of use after a failure. */
  #keepOrDiscard(folder: string, { outcome, steps }: Awaited<ReturnType<typeof runJob>>): void {
    const isUseful = outcome !== 'succeeded' && steps.some(({ isCheckpoint }) => isCheckpoint)
    if (!isUseful && !this.#spares.keep(folder)) this.#trash.take(folder)
  }

  /** Where marks cannot be read, groups are remembered, so that the next process can end what this one leaves. */
  #recordGroup(key: string, leader: number): void {
    if (!hasMarks) recordGroup(this.#groupsPath(key), leader)
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

type Sources = { readonly beginning: Beginning; readonly claim: Claim | null; readonly shared: SharedCheckout | null }

/** What the workspace is made of. */
const filesOf = async (
  { directory, commit, run, inputs = [] }: JobRequest,
  { beginning: { lowers }, claim, shared }: Sources,
  signal: AbortSignal,
): Promise<Parameters<typeof openWorkspace>[0]['files']> => {
  if (shared !== null) return { kind: 'shared', directory: shared.directory }
  if (directory !== undefined) return { kind: 'given', directory }
  if (lowers.length > 0) {
    claim?.keep(lowers)
    return { kind: 'layers', lowers }
  }
  if (claim === null) throw new SluiceError('unexpected', { detail: 'the runner knows no repository' })
  const base = await claim.commit(commit.id, run, signal)
  const unpacked = await Promise.all(inputs.map((input) => claim.artifact(input, signal)))
  return { kind: 'layers', lowers: [base, ...unpacked] }
}

const cachesOf = (options: RunnerOptions, checkouts: Checkouts | null): RunCaches | null => {
  const { caches: support, repository, environment, stateDir, now } = options
  if (support === undefined || repository === undefined || checkouts === null) return null
  // What a process that was killed was about to keep; nobody else works in this state directory.
  rmSync(stagingOf(stateDir), { recursive: true, force: true })
  return new RunCaches({ support, repository, environment, checkouts, now })
}

type Opening = {
  readonly request: JobRequest
  readonly plan: JobPlan
  readonly log: JobLog
  readonly isolation: Isolation
  readonly beginning: Beginning
  readonly capture: Capture | null
}
