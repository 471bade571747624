/** One job from an open workspace to what it leaves: services, caches, steps, results, and the end of everything that it started. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SluiceError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import type { JobPlan, KeyedCachePlan, Texts } from '../core/pipeline/job-plan.ts'
import type { ArtifactStore } from '../ports/artifacts.ts'
import type { BuiltinSteps } from '../ports/builtins.ts'
import type { JobDialect } from '../ports/dialect.ts'
import type { EvidenceStore } from '../ports/evidence.ts'
import type { JobOutcome, JobRequest } from '../ports/runner.ts'
import { runBuiltin } from './builtin-step.ts'
import type { Capture } from './captured.ts'
import { outputsToTell } from './disclosed.ts'
import type { Network } from './isolation/launcher.ts'
import type { JobLog } from './log/job-log.ts'
import { logCoverage } from './log-coverage.ts'
import { type FolderCache, LocalJobShell } from './job-shell.ts'
import type { Processes } from './processes.ts'
import { type StepRecord, writeRecord } from './record.ts'
import { nothingRan } from './refusals.ts'
import { isDue, keepArtifacts, keepEvidence, keyOf, outputsOf, reportsOf } from './results.ts'
import { RunFiles } from './run-files.ts'
import type { ServicePorts } from './services/ports.ts'
import { removeServices, type Services, startServices } from './services/services.ts'
import { type JobSignals, runSteps, type StepsEnd } from './steps.ts'
import type { Workspace } from './workspace/workspace.ts'

/** What a job is run with. */
export type JobWork = {
  readonly request: JobRequest
  readonly plan: JobPlan
  readonly stateDir: string
  /** The job's folder. */
  readonly folder: string
  readonly workspace: Workspace
  readonly processes: Processes
  readonly log: JobLog
  /** What every process gets. */
  readonly env: Texts
  readonly network: Network
  readonly ports: ServicePorts
  /** Null: artifacts are not kept here. */
  readonly store: Pick<ArtifactStore, 'put'> | null
  /** Null: reports are not read. */
  readonly evidence: Pick<EvidenceStore, 'put' | 'keepFile'> | null
  readonly caches: FolderCache | null
  /** Watches a job whose result is to be kept; null for others. */
  readonly capture: Capture | null
  readonly dialect: JobDialect | null
  /** Null: steps that come with Sluice cannot be run here. */
  readonly builtins: BuiltinSteps | null
  readonly earlier: readonly StepRecord[]
  /** Whether each step gets a layer of its own. */
  readonly hasCheckpoints: boolean
  readonly graceMs: number
  readonly now: () => number
}

/** What became of it, but for the log's last lines. */
export type JobEnd = Omit<JobOutcome, 'tail'>

/** Runs it. When this resolves or rejects, nothing runs any more. */
export const runJob = async (work: JobWork, signals: JobSignals): Promise<JobEnd> => {
  const { plan, workspace, processes, log, graceMs } = work
  let services: Services | null = null
  try {
    services = await startServices(plan.services, servicesOptions(work), signals.stop)
    await nameHosts(work, services)
    return await withServices(work, services, signals)
  } catch (error) {
    if (!(error instanceof SluiceError) || services !== null) throw error
    log.note(error.detail)
    // As one text: a secret may have several lines.
    for (const line of log.masked(error.evidence.join('\n')).split('\n')) log.note(`  ${line}`)
    return withoutSteps(work, error, signals)
  } finally {
    const escaped = await processes.end(graceMs)
    if (escaped > 0) log.note(`ended ${escaped} processes that had left the job's groups`)
    await workspace.end()
    await processes.release()
    await services?.end()
    // Where starting them failed, too: `end` is not there then.
    if (services === null) await removeServices(work.folder, work.env)
  }
}

/** Host names of services are known to this job only, where it has mounts of its own. */
const nameHosts = async ({ workspace, folder, log }: JobWork, { hosts }: Services): Promise<void> => {
  const names = hosts.filter((name) => /^[\w.-]+$/.test(name))
  if (workspace.namespace === null || names.length === 0) return
  const known = await readFile('/etc/hosts', 'utf8').catch(() => '127.0.0.1 localhost\n')
  await writeFile(join(folder, 'hosts'), `127.0.0.1 ${names.join(' ')}\n${known}`)
  const status = await workspace.namespace.tell('own mount -n --bind hosts /etc/hosts')
  if (status !== 0) log.note(`services have no host names here: ${workspace.namespace.complaints()}`)
}

const servicesOptions = (work: JobWork): Parameters<typeof startServices>[1] => {
  const { processes, log, ports, folder, workspace, env, plan, network } = work
  return {
    processes,
    log,
    ports,
    folder,
    directory: workspace.directory,
    env,
    exportsUrls: plan.dialect !== 'github',
    network,
  }
}

/** A service or a tool that is missing decides before the first step. */
const withoutSteps = ({ plan, workspace }: JobWork, error: SluiceError, signals: JobSignals): JobEnd => {
  const outcome = signals.stop.aborted ? signals.because() : 'failed'
  const { code, detail, hint } = error
  return {
    ...nothingRan(plan),
    outcome,
    reason: outcome === 'failed' ? { kind: 'service_failure' } : outcome === 'timed_out' ? { kind: 'timeout' } : null,
    problem: outcome === 'failed' ? { code, detail, hint } : null,
    isolation: workspace.label,
  }
}

const withServices = async (work: JobWork, services: Services, signals: JobSignals): Promise<JobEnd> => {
  const { plan, workspace, log, request, stateDir, processes, caches, capture } = work
  const secrets = request.secrets
  const machine = new LocalJobShell({
    workspace,
    processes,
    log,
    // GitHub's steps get those secrets that they name, and no others.
    env: { ...work.env, ...services.env, ...(plan.dialect === 'github' ? {} : secrets) },
    secrets,
    runFiles: new RunFiles(stateDir, request.run, request.follows ?? []),
    caches,
    ...(capture === null ? {} : { wrap: capture.wrap }),
  })
  const found = await restoreCaches(work, machine, signals)
  await capture?.begin(workspace)
  const steps =
    plan.dialect === 'sluice' ? await ownSteps(work, machine, signals) : await dialectSteps(work, machine, signals)
  const { end: ended, attachments } = await results(work, { machine, steps }, signals)
  const left = { reports: machine.said().reports, attachments }
  const end = (await capture?.end(ended, left, signals.kill)) ?? ended
  await saveCaches(work, { machine, found, hasSucceeded: end.outcome === 'succeeded' }, signals)
  return end
}

const ownSteps = async (work: JobWork, machine: LocalJobShell, signals: JobSignals): Promise<StepsEnd> => {
  const { plan, request, log, earlier, workspace, folder, hasCheckpoints, now } = work
  const taken = (request.needs ?? []).filter(({ name }) => !plan.needsWithoutArtifacts.includes(name))
  const needs = plan.envOfNeeds ? taken.map(({ outputs }) => outputs) : []
  const all: Texts = { ...plan.env, ...Object.assign({}, ...needs) }
  // A secret is never hidden behind a variable of the same name, nor the address of a service.
  const addresses = new Set(plan.services.flatMap(({ exports }) => Object.keys(exports)))
  const env: Texts = Object.fromEntries(
    Object.entries(all).filter(([name]) => !(name in request.secrets) && !addresses.has(name)),
  )
  const coverage = plan.coveragePattern === undefined ? null : logCoverage(plan.coveragePattern)
  const end = await runSteps(
    {
      steps: plan.steps,
      shell: plan.shell,
      workingDirectory: plan.workingDirectory,
      env,
      machine,
      log,
      now,
      ...(coverage === null ? {} : { onLine: coverage.see }),
      earlier,
      checkpoint: hasCheckpoints ? workspace.checkpoint : () => Promise.resolve(null),
      onRecord: (steps) => writeRecord(folder, steps),
      builtin: ({ index, ...turn }, signal) => {
        const outputDirectory = join(folder, 'evidence', String(index))
        return runBuiltin({ builtins: work.builtins, request, machine, outputDirectory }, turn, signal)
      },
    },
    signals,
  )
  const found = coverage?.found() ?? null
  const spot = { file: null, line: null, column: null }
  if (found !== null) machine.annotate({ level: 'notice', title: 'coverage', message: `${found} %`, ...spot })
  return end
}

/** A dialect runs its steps itself. One that does not end in time once its processes have been ended is given up: nobody knows how it ended. */
const dialectSteps = async (work: JobWork, machine: LocalJobShell, signals: JobSignals): Promise<StepsEnd> => {
  const { plan, request, dialect, workspace, processes } = work
  if (dialect === null)
    throw new SluiceError('unexpected', {
      detail: `job ${plan.name} follows the rules of ${plan.dialect}, and nobody here knows them`,
    })
  const { id, subject, author } = request.commit
  const running = dialect.run(
    {
      job: plan,
      needs: request.needs ?? [],
      run: { id: request.run, number: request.number ?? 1, attempt: request.attempt ?? 1 },
      commit: { id, subject, author },
    },
    machine,
    signals.stop,
  )
  const over = new AbortController()
  const isLate = lateness(signals).then(async () => {
    // Another attempt under the same key may run by now.
    if (over.signal.aborted) return running
    await processes.end(0)
    await workspace.end()
    await sleep(limits.lastStepsMs, undefined, { ref: false })
    throw new SluiceError('outcome_unknown', { detail: `job ${plan.name} did not end after its processes had ended` })
  })
  const { outcome, exitCode, failedStep, outputs } = await Promise.race([running, isLate]).finally(() => over.abort())
  const because = outcome === 'cancelled' && signals.stop.aborted ? signals.because() : outcome
  const reason =
    because === 'timed_out'
      ? ({ kind: 'timeout' } as const)
      : because !== 'failed'
        ? null
        : exitCode === null
          ? ({ kind: 'script_failure' } as const)
          : ({ kind: 'exit_code', code: exitCode } as const)
  return { outcome: because, exitCode, failedStep, reason, outputs, steps: [] }
}

/** Resolves some time after the job was stopped, or at once when it is to be killed; never when neither happens. */
const lateness = ({ stop, kill }: JobSignals): Promise<void> =>
  new Promise((resolve) => {
    const begin = (): void => void setTimeout(resolve, limits.lastStepsMs).unref()
    if (stop.aborted) begin()
    else stop.addEventListener('abort', begin, { once: true })
    if (kill.aborted) resolve()
    else kill.addEventListener('abort', () => resolve(), { once: true })
  })

const results = async (
  work: JobWork,
  { machine, steps }: { readonly machine: LocalJobShell; readonly steps: StepsEnd },
  signals: JobSignals,
): Promise<{ readonly end: JobEnd; readonly attachments: readonly string[] }> => {
  const { plan, workspace, folder, log } = work
  const { directory } = workspace
  const hasSucceeded = steps.outcome === 'succeeded'
  const own = plan.dialect === 'sluice' ? await outputsOf(plan, directory, log) : {}
  const outputs = outputsToTell({ ...own, ...steps.outputs }, { masks: log.masks, machine })
  const said = machine.said()
  const wanted = reportsOf(plan, said.reports)
  const reports = join(folder, 'reports')
  const kept =
    work.evidence === null
      ? { digest: null, attachments: [] }
      : await keepEvidence(
          { reports: wanted, provided: said.provided, folder, directory, staging: reports, store: work.evidence, log },
          signals.kill,
        )
  const common = {
    ...steps,
    problem: null,
    outputs,
    artifacts: [],
    annotations: said.annotations,
    summary: said.summary,
    evidence: kept.digest,
    isolation: workspace.label,
  }
  const end = await withArtifacts(work, { machine, end: common, hasSucceeded }, signals)
  return { end, attachments: kept.attachments }
}

const withArtifacts = async (
  { plan, request, workspace, folder, log, store }: JobWork,
  {
    machine,
    end,
    hasSucceeded,
  }: { readonly machine: LocalJobShell; readonly end: JobEnd; readonly hasSucceeded: boolean },
  signals: JobSignals,
): Promise<JobEnd> => {
  if (store === null) return end
  const { directory } = workspace
  const { commit, version, inputs = [] } = request
  const untracked = (): Promise<readonly string[]> => untrackedFiles(machine, signals.kill)
  const staging = join(folder, 'a')
  const keeping = { plan, directory, staging, store, commit, version, inputs, log, hasSucceeded, untracked }
  try {
    return { ...end, artifacts: await keepArtifacts(keeping, signals.kill) }
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'artifact_missing') throw error
    log.note(error.detail)
    const { code, detail, hint } = error
    // First cause wins.
    if (!hasSucceeded) return end
    return { ...end, outcome: 'failed', reason: { kind: 'script_failure' }, problem: { code, detail, hint } }
  }
}

/** Asked where the job runs: what git is told to do in a checkout is up to the job. */
const untrackedFiles = async (machine: LocalJobShell, signal: AbortSignal): Promise<readonly string[]> => {
  const names: string[] = []
  const argv = ['git', '-c', 'core.quotePath=off', 'ls-files', '--others']
  const order = { argv, env: {}, directory: machine.directory, timeoutMs: limits.configLoadMs }
  await machine.exec(order, signal, (line, stream) => {
    if (stream === 'stdout') names.push(line)
    return null
  })
  return names
}

type Found = { readonly cache: KeyedCachePlan; readonly key: string; readonly found: string | null }

const restoreCaches = async (
  { plan, log, caches }: JobWork,
  machine: LocalJobShell,
  { stop }: JobSignals,
): Promise<readonly Found[]> => {
  if (caches === null) return []
  const all: Found[] = []
  for (const cache of plan.keyedCaches) {
    const key = await keyOf(cache, machine.directory)
    const { restoreKeys, paths, isExact = false } = cache
    const wanted = { key, restoreKeys, paths, isExact }
    const found = cache.policy === 'push' ? null : await machine.restoreCache(wanted, stop)
    if (cache.policy !== 'push')
      log.note(found === null ? `cache ${key}: nothing found` : `cache ${key}: restored from ${found}`)
    all.push({ cache, key, found })
  }
  return all
}

/** What was found under exactly its key is not saved again, but by GitLab's rules. */
const saveCaches = async (
  { log, caches }: JobWork,
  {
    machine,
    found,
    hasSucceeded,
  }: { readonly machine: LocalJobShell; readonly found: readonly Found[]; readonly hasSucceeded: boolean },
  { stop }: JobSignals,
): Promise<void> => {
  if (caches === null || stop.aborted) return
  for (const { cache, key, found: restored } of found) {
    const isKept = restored === key && cache.isExact !== true
    if (cache.policy === 'pull' || isKept || !isDue(cache.when, hasSucceeded)) continue
    await machine.saveCache({ key, paths: cache.paths }, stop)
    log.note(`cache ${key}: saved`)
  }
}
