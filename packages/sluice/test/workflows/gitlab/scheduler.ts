/**
 * The smallest engine that runs lowered jobs for real: one after another, each in a fresh copy of a checkout, with bash. It says what the fields of a job
 * plan mean, so that the corpus checks the lowering to the last line of output without the real engine.
 */
import { spawn } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { JobPlan, PlannedStep, RetryReason } from '../../../src/core/pipeline/job-plan.ts'

/** `warning`: it failed and may. `manual`: nobody started it. `waiting`: something before it never ran. */
export type JobResult = 'success' | 'failed' | 'warning' | 'skipped' | 'manual' | 'waiting'

/** What became of a job. */
export type JobRecord = {
  readonly result: JobResult
  /** Lines of all attempts, without those that only show a command. */
  readonly log: readonly string[]
  /** With them. */
  readonly transcript: readonly string[]
  readonly outputs: Readonly<Record<string, string>>
  /** Files kept, relative to the checkout. */
  readonly artifacts: readonly string[]
  readonly attempts: number
}

/** A world for jobs: a checkout, and what a person starts and keeps secret. */
export type World = {
  readonly checkout: string
  readonly scratch: string
  readonly play: readonly string[]
  readonly secrets: Readonly<Record<string, string>>
}

/** Runs all jobs in the order of their needs. */
export const runJobs = async (jobs: readonly JobPlan[], world: World): Promise<ReadonlyMap<string, JobRecord>> => {
  const plans = new Map(jobs.map((job) => [job.name, job]))
  const done = new Map<string, JobRecord>()
  const open = new Set(plans.keys())
  while (open.size > 0) {
    const ready = [...open].filter((name) => plans.get(name)?.needs.every((need) => done.has(need)))
    if (ready.length === 0) throw new Error(`nothing can start of ${[...open].join(', ')}`)
    for (const name of ready) {
      const job = plans.get(name)
      if (job === undefined) continue
      open.delete(name)
      done.set(name, await settle(job, { plans, done, world }))
    }
  }
  return done
}

type Running = {
  readonly plans: ReadonlyMap<string, JobPlan>
  readonly done: ReadonlyMap<string, JobRecord>
  readonly world: World
}

const nothing = { log: [], transcript: [], outputs: {}, artifacts: [], attempts: 0 } as const

const settle = async (job: JobPlan, running: Running): Promise<JobRecord> => {
  const results = ancestorsOf(job, running).map((name) => running.done.get(name)?.result)
  const isWaiting = job.needs.some((name) => ['manual', 'waiting'].includes(running.done.get(name)?.result ?? ''))
  if (isWaiting) return { ...nothing, result: 'waiting' }
  const hasFailed = results.includes('failed')
  const isMet = job.condition === 'success' ? !hasFailed : job.condition === 'failure' ? hasFailed : true
  if (!isMet) return { ...nothing, result: 'skipped' }
  if (job.manual !== null && !running.world.play.includes(job.name)) return { ...nothing, result: 'manual' }
  return job.steps.length === 0 ? { ...nothing, result: 'success' } : attemptAll(job, running)
}

const ancestorsOf = (job: JobPlan, { plans }: Running): readonly string[] => {
  const found = new Set<string>()
  const open = [...job.needs]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue
    found.add(name)
    open.push(...(plans.get(name)?.needs ?? []))
  }
  return [...found]
}

/** Jobs whose artifacts and outputs a job takes: its needs, looking past those that gather. */
const sourcesOf = (job: JobPlan, { plans }: Running): readonly string[] => {
  const found = new Set<string>()
  const add = ({ needs, needsWithoutArtifacts }: JobPlan): void => {
    for (const name of needs) {
      const plan = plans.get(name)
      if (plan === undefined || needsWithoutArtifacts.includes(name) || found.has(name)) continue
      if (plan.gathers === true) add(plan)
      else found.add(name)
    }
  }
  add(job)
  // In the order of the plan, so that a later job's file or variable wins.
  return [...plans.keys()].filter((name) => found.has(name))
}

type Attempt = {
  readonly failure: RetryReason | null
  readonly exitCode: number | null
  readonly lines: readonly string[]
  readonly directory: string
}

const attemptAll = async (job: JobPlan, running: Running): Promise<JobRecord> => {
  const lines: string[] = []
  for (let attempt = 1; ; attempt += 1) {
    const end = await attemptOne(job, running)
    lines.push(...end.lines)
    if (end.failure !== null && attempt < job.retry.attemptsMax && isRetried(job, end)) continue
    const isAllowed =
      job.mayFail !== null && (job.mayFail.exitCodes.length === 0 || job.mayFail.exitCodes.includes(end.exitCode ?? -1))
    const result = end.failure === null ? 'success' : isAllowed ? 'warning' : 'failed'
    const kept = keep(job, end, running.world)
    const log = lines.filter((line) => !line.startsWith('$ '))
    return { result, log, transcript: lines, outputs: outputsOf(job, end), artifacts: kept, attempts: attempt }
  }
}

const isRetried = ({ retry }: JobPlan, { failure, exitCode }: Attempt): boolean =>
  retry.on.length === 0 ||
  retry.on.some((reason) => (reason.kind === 'exit_code' ? reason.code === exitCode : reason.kind === failure?.kind))

const attemptOne = async (job: JobPlan, running: Running): Promise<Attempt> => {
  const { world } = running
  const directory = join(mkdtempSync(join(world.scratch, 'job-')), 'checkout')
  cpSync(world.checkout, directory, { recursive: true })
  for (const source of sourcesOf(job, running)) {
    const store = join(world.scratch, 'artifacts', encodeURIComponent(source))
    if (existsSync(store)) cpSync(store, directory, { recursive: true })
  }
  restore(job, directory, world)
  const lines: string[] = []
  let failure: RetryReason | null = null
  let exitCode: number | null = null
  for (const step of job.steps) {
    const isWanted = step.when === 'always' || (step.when === 'failure') === (failure !== null)
    if (!isWanted) continue
    const status = step.when === 'always' ? (failure === null ? 'success' : 'failed') : 'running'
    const end = await runStep({ job, step, directory, status }, running)
    lines.push(...end.lines)
    if (end.code === 0 || step.continueOnError) continue
    failure ??= end.code === null ? { kind: 'timeout' } : { kind: 'script_failure' }
    exitCode ??= end.code
  }
  save(job, { directory, isGood: failure === null }, world)
  return { failure, exitCode, lines, directory }
}

type StepOrder = {
  readonly job: JobPlan
  readonly step: PlannedStep
  readonly directory: string
  readonly status: string
}

const runStep = async (
  { job, step, directory, status }: StepOrder,
  running: Running,
): Promise<{ readonly code: number | null; readonly lines: readonly string[] }> => {
  const script = join(dirname(directory), `${step.name}.sh`)
  writeFileSync(script, step.run)
  const words = (step.shell ?? job.shell ?? ['sh', '-e', '{0}']).map((word) => word.replace('{0}', script))
  const outputs = job.envOfNeeds ? sourcesOf(job, running).map((name) => running.done.get(name)?.outputs ?? {}) : []
  const secrets = job.secrets.map((name) => [name, running.world.secrets[name] ?? ''] as const)
  const env = {
    PATH: process.env['PATH'],
    HOME: running.world.scratch,
    TMPDIR: dirname(directory),
    SLUICE_WORKSPACE: directory,
    SLUICE_JOB_STATUS: status,
    ...job.env,
    ...Object.assign({}, ...outputs),
    ...Object.fromEntries(secrets),
    ...step.env,
  }
  const [program = '', ...rest] = words
  const timeoutMs = Math.min(step.timeoutMs ?? job.timeoutMs, job.timeoutMs)
  const child = spawn(program, rest, { cwd: directory, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += String(chunk)))
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }, timeoutMs)
  const code = await new Promise<number | null>((resolve) => void child.once('close', resolve))
  clearTimeout(timer)
  const lines = text.replaceAll(directory, '<checkout>').split('\n').slice(0, -1)
  return { code: isLate ? null : code, lines }
}

const filesOf = (directory: string, patterns: readonly string[], exclude: readonly string[]): readonly string[] => {
  const found = (list: readonly string[]): readonly string[] =>
    globSync(
      list.flatMap((one) => [one, `${one}/**`]),
      { cwd: directory },
    ).filter((path) => statSync(join(directory, path)).isFile())
  const left = new Set(exclude.length === 0 ? [] : found(exclude))
  return [...new Set(found(patterns))].filter((path) => !left.has(path)).toSorted()
}

const copyInto = (files: readonly string[], from: string, to: string): void => {
  for (const file of files) {
    mkdirSync(dirname(join(to, file)), { recursive: true })
    cpSync(join(from, file), join(to, file))
  }
}

const keep = (job: JobPlan, { failure, directory }: Attempt, { scratch }: World): readonly string[] =>
  job.artifacts.flatMap(({ paths, exclude, when }) => {
    if (when !== 'always' && (when === 'failure') !== (failure !== null)) return []
    const files = filesOf(directory, paths, exclude)
    copyInto(files, directory, join(scratch, 'artifacts', encodeURIComponent(job.name)))
    return files
  })

const outputsOf = (job: JobPlan, { directory }: Attempt): Readonly<Record<string, string>> =>
  Object.fromEntries(
    filesOf(directory, job.outputFiles, []).flatMap((file) =>
      readFileSync(join(directory, file), 'utf8')
        .split('\n')
        .flatMap((line) => {
          const [, name, value = ''] = /^(\w+)=(.*)$/.exec(line) ?? []
          return name === undefined ? [] : [[name, value.replace(/^(["'])(.*)\1$/, '$2')] as const]
        }),
    ),
  )

/** A key with the content of its files; `default` where none of them is there, as GitLab has it. */
const cacheFolder = (world: World, key: string, contents: readonly string[] | null): string => {
  const whole = contents === null ? key : `${key}-${contents.length === 0 ? 'default' : contents.join('|')}`
  return join(world.scratch, 'cache', encodeURIComponent(whole).slice(0, 200))
}

const cacheFolders = (job: JobPlan, directory: string, world: World): readonly (readonly string[])[] =>
  job.keyedCaches.map(({ key, keyFiles, restoreKeys }) => {
    const contents = keyFiles
      .filter((file) => existsSync(join(directory, file)))
      .map((file) => readFileSync(join(directory, file), 'utf8'))
    return [
      cacheFolder(world, key, keyFiles.length === 0 ? null : contents),
      ...restoreKeys.map((one) => cacheFolder(world, one, null)),
    ]
  })

const restore = (job: JobPlan, directory: string, world: World): void => {
  for (const [index, folders] of cacheFolders(job, directory, world).entries()) {
    const found = folders.find((folder) => existsSync(folder))
    if (found !== undefined && job.keyedCaches[index]?.policy !== 'push') cpSync(found, directory, { recursive: true })
  }
}

const save = (
  job: JobPlan,
  { directory, isGood }: { readonly directory: string; readonly isGood: boolean },
  world: World,
): void => {
  for (const [index, [folder = '']] of cacheFolders(job, directory, world).entries()) {
    const cache = job.keyedCaches[index]
    if (cache === undefined || cache.policy === 'pull') continue
    if (cache.when !== 'always' && (cache.when === 'success') !== isGood) continue
    copyInto(filesOf(directory, cache.paths, []), directory, folder)
  }
}
