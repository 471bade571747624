/** Runs jobs on the local shell, each in its own process group, with a clean environment and a masked log. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Commit, RunId } from '../core/model.ts'
import { limits } from '../core/limits.ts'
import type { PlannedJob } from '../core/pipeline/types.ts'
import { writeWhole } from '../lib/files.ts'
import { endGroup } from '../lib/process-group.ts'
import { endMarked, type Marked, pidsNow } from '../lib/marked-processes.ts'
import { isRunning, type ProcessIdentity } from '../lib/process-identity.ts'
import type { LogLine, LogMarks, LogPage } from '../ports/runner.ts'
import { JobLog } from './log/job-log.ts'
import { readMarks } from './log/marks.ts'
import { readLog, searchLog } from './log/read-log.ts'
import { runStep, type StepEnd } from './step.ts'

/** What the runner is made with. */
export type RunnerOptions = {
  readonly stateDir: string
  /** The environment of this process, of which jobs see only a few names. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly cores: number
  readonly now: () => number
  /** Time between SIGTERM and SIGKILL for a job, milliseconds; the limit's when absent. */
  readonly graceMs?: number
}

type Request = {
  readonly key: string
  readonly run: RunId
  readonly commit: Commit
  readonly version: string
  readonly job: PlannedJob
  readonly directory: string
  readonly secrets: Readonly<Record<string, string>>
}

type Outcome = {
  readonly outcome: 'succeeded' | 'failed' | 'timed_out' | 'cancelled'
  readonly exitCode: number | null
  readonly failedStep: string | null
  readonly tail: readonly string[]
}

type JobTools = { readonly log: JobLog; readonly marked: Marked }

type StepOrder = JobTools & { readonly request: Request; readonly command: string }

/** Carries the job's workspace, which no two jobs of this machine share. */
const markVariable = 'SLUICE_JOB_MARK'

/** Names that a job sees of this machine; everything else it must declare. */
const inherited = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'SHELL',
  'SSL_CERT_FILE',
  'NODE_EXTRA_CA_CERTS',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
]

/** The local runner; it has the shape of the engine's `JobRunner` port. */
export class LocalRunner {
  readonly cores: number
  readonly #options: RunnerOptions
  readonly #graceMs: number

  constructor(options: RunnerOptions) {
    this.#options = options
    this.cores = options.cores
    this.#graceMs = options.graceMs ?? limits.jobGraceMs
  }

  workspace(key: string): string {
    return join(this.#options.stateDir, 'work', safe(key))
  }

  /** Runs the steps in order until one fails, the time is up, or the signal falls. */
  async run(request: Request, signal: AbortSignal): Promise<Outcome> {
    const { key, secrets } = request
    const log = await JobLog.open({ path: this.#logPath(key), secrets: Object.values(secrets), now: this.#options.now })
    const marked = { entry: this.#mark(key), except: pidsNow() }
    const ended = await this.#steps(request, { log, marked }, signal).finally(async () => {
      const escaped = await endMarked(marked, this.#graceMs)
      if (escaped > 0) log.note(`ended ${escaped} processes that had left the job's group`)
      await log.close()
      await rm(this.#recordPath(key), { force: true })
    })
    // Only a closed log has its last line.
    return { ...ended, tail: log.tail() }
  }

  /** Ends what still runs under a key, by the record that it left and, on Linux, by the mark that all of its processes carry. */
  async stop(key: string, _signal: AbortSignal): Promise<void> {
    const leader = await readRecord(this.#recordPath(key))
    if (leader !== null && isRunning(leader)) await endGroup(leader.pid, this.#graceMs)
    // The leader may be dead and its children not, or the record may never have been written.
    await endMarked({ entry: this.#mark(key), except: new Set() }, this.#graceMs)
    await rm(this.#recordPath(key), { force: true })
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

  async #steps(request: Request, { log, marked }: JobTools, signal: AbortSignal): Promise<Omit<Outcome, 'tail'>> {
    const { steps, timeoutMs } = request.job
    const timeout = AbortSignal.timeout(timeoutMs)
    const stop = AbortSignal.any([signal, timeout])
    for (const [index, step] of steps.entries()) {
      log.beginStep(index, step.name)
      log.note(`$ ${step.run}`)
      const end = await this.#step({ request, command: step.run, log, marked }, stop)
      const isGood = end.kind === 'exited' && end.code === 0
      if (isGood) log.endStep('succeeded')
      // What was asked for has happened, even if the time ran out just then.
      if (isGood && (!stop.aborted || index === steps.length - 1)) continue
      const outcome = signal.aborted ? 'cancelled' : timeout.aborted ? 'timed_out' : 'failed'
      log.note(said(end, outcome, timeoutMs))
      log.endStep(outcome === 'cancelled' ? 'cancelled' : 'failed')
      return { outcome, exitCode: end.kind === 'exited' ? end.code : null, failedStep: step.name }
    }
    return { outcome: 'succeeded', exitCode: null, failedStep: null }
  }

  #step({ request, command, log, marked }: StepOrder, signal: AbortSignal): Promise<StepEnd> {
    const onStart = (leader: ProcessIdentity): Promise<void> =>
      writeWhole(this.#recordPath(request.key), JSON.stringify(leader))
    const environment = this.#environment(request)
    const { directory } = request
    return runStep({ command, directory, environment, log, marked, graceMs: this.#graceMs, onStart }, signal)
  }

  #environment({ key, run, commit, version, job, secrets, directory }: Request): Readonly<Record<string, string>> {
    const seen = inherited.flatMap((name) => {
      const value = this.#options.environment[name]
      return value === undefined ? [] : [[name, value] as const]
    })
    const own = {
      CI: 'true',
      SLUICE: 'true',
      SLUICE_RUN: run,
      SLUICE_JOB: job.name,
      SLUICE_COMMIT: commit.id,
      SLUICE_VERSION: version,
      SLUICE_WORKSPACE: directory,
    }
    // The mark last: it is how everything that the job started is found again.
    return { ...Object.fromEntries(seen), ...own, ...job.env, ...secrets, [markVariable]: this.workspace(key) }
  }

  #mark(key: string): string {
    return `${markVariable}=${this.workspace(key)}`
  }

  #logPath(key: string): string {
    return join(this.#options.stateDir, 'logs', `${safe(key)}.log`)
  }

  #recordPath(key: string): string {
    return join(this.#options.stateDir, 'work', `${safe(key)}.job.json`)
  }
}

/** A key as a file name; keys are made of ids and job names, which hold nothing worse than a slash. */
const safe = (key: string): string => key.replaceAll('/', '.').replaceAll(/[^\w.-]/g, '_')

const said = (end: StepEnd, outcome: Outcome['outcome'], timeoutMs: number): string => {
  if (outcome === 'cancelled') return 'called off'
  if (outcome === 'timed_out') return `took longer than ${timeoutMs} ms`
  if (end.kind === 'unstartable') return `could not be started: ${end.detail}`
  return end.kind === 'exited' ? `ended with exit code ${end.code}` : `ended by ${end.signal}`
}

const readRecord = async (path: string): Promise<ProcessIdentity | null> => {
  try {
    const record: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (typeof record !== 'object' || record === null || !('pid' in record && 'startTime' in record)) return null
    const { pid, startTime } = record
    return typeof pid === 'number' && typeof startTime === 'string' ? { pid, startTime } : null
  } catch {
    return null
  }
}
