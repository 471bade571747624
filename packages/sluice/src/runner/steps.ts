/** The steps of a job by Sluice's own rules: one shell process each, in order, with what each says to those after it. */
import { join, resolve } from 'node:path'
import { limits } from '../core/limits.ts'
import type { PlannedStep, RetryReason, Texts } from '../core/pipeline/job-plan.ts'
import type { ExecutionEnd } from '../ports/dialect.ts'
import type { StepOutcome, StepResult } from '../ports/runner.ts'
import type { BuiltinEnd } from './builtin-step.ts'
import type { JobLog } from './log/job-log.ts'
import type { LocalJobShell } from './job-shell.ts'
import type { StepRecord } from './record.ts'
import { makeStepFolder, readStepFiles, stepFileVariables } from './step-files.ts'

/** What is to be run. */
export type StepsWork = {
  readonly steps: readonly PlannedStep[]
  /** Words with `{0}` for the script's file; null for `sh -e {0}`. */
  readonly shell: readonly string[] | null
  readonly workingDirectory: string | null
  readonly env: Texts
  readonly machine: LocalJobShell
  readonly log: JobLog
  readonly now: () => number
  /** Sees each line that a step prints; nobody does when absent. */
  readonly onLine?: (line: string) => void
  /** Steps at the beginning that an earlier attempt did. */
  readonly earlier: readonly StepRecord[]
  /** See `Workspace.checkpoint`; called between two steps. */
  readonly checkpoint: () => Promise<readonly string[] | null>
  readonly onRecord: (steps: readonly StepRecord[]) => Promise<void>
  /** Runs a step that comes with Sluice; `folder` is the step's own. */
  readonly builtin: (
    turn: { readonly step: PlannedStep; readonly folder: string; readonly index: number },
    signal: AbortSignal,
  ) => Promise<BuiltinEnd>
}

/** What ends a job before its last step. */
export type JobSignals = {
  /** Called off or out of time: what runs ends, and only steps that run in any case still run, within `limits.lastStepsMs`. */
  readonly stop: AbortSignal
  /** Ends those as well. */
  readonly kill: AbortSignal
  /** Which it was. */
  readonly because: () => 'cancelled' | 'timed_out'
}

/** How the steps ended. */
export type StepsEnd = {
  readonly outcome: 'succeeded' | 'failed' | 'timed_out' | 'cancelled'
  readonly exitCode: number | null
  readonly failedStep: string | null
  readonly reason: RetryReason | null
  readonly outputs: Texts
  readonly steps: readonly StepResult[]
}

/** The first thing that went wrong; null so far. */
type Failure = Pick<StepsEnd, 'exitCode' | 'failedStep' | 'reason'> & {
  readonly outcome: 'failed' | 'timed_out' | 'cancelled'
}

/** What the steps so far said. */
type Sofar = { readonly env: Texts; readonly path: readonly string[]; readonly outputs: Texts }

/** Runs them. What a step starts in the background lives on. */
export const runSteps = async (work: StepsWork, signals: JobSignals): Promise<StepsEnd> => {
  const { steps, earlier, log } = work
  const records = [...earlier]
  const results: StepResult[] = earlier.map(({ name, layers }) => notRun(name, layers !== null))
  let failure: Failure | null = null
  let last: AbortSignal | null = null
  for (const [index, step] of steps.entries()) {
    if (index < earlier.length) continue
    const { stop } = signals
    if (stop.aborted && failure === null) failure = stopped(signals, null)
    const isTooLate = step.endsWithTime === true && stop.aborted && signals.because() === 'timed_out'
    if (isTooLate || !isWanted(step, failure)) {
      results.push(notRun(step.name, false))
      continue
    }
    if (stop.aborted) last ??= AbortSignal.any([AbortSignal.timeout(limits.lastStepsMs), signals.kill])
    const startedAt = work.now()
    log.beginStep(index, step.name)
    const { end, words } = await runStep(
      work,
      { index, step, sofar: sofarOf(records), status: statusOf(step, failure) },
      last ?? stop,
    )
    const isLast = index === steps.length - 1
    const found = failureOf(step, end, { signals, isLast })
    if (words.faults.length > 0 && found === null) failure ??= faultOf(step)
    failure ??= step.continueOnError && !stop.aborted ? null : found
    const outcome = found?.outcome ?? (words.faults.length > 0 ? 'failed' : 'succeeded')
    log.endStep(outcome)
    const layers = isLast || failure !== null ? null : await work.checkpoint()
    records.push({ name: step.name, outputs: words.outputs, env: words.env, path: words.path, layers })
    if (!isLast && failure === null) await work.onRecord(records)
    const exitCode = end.kind === 'exited' ? end.code : null
    results.push({
      name: step.name,
      outcome,
      exitCode,
      startedAt,
      finishedAt: work.now(),
      isCheckpoint: layers !== null,
    })
  }
  const { outputs } = sofarOf(records)
  if (failure === null)
    return { outcome: 'succeeded', exitCode: null, failedStep: null, reason: null, outputs, steps: results }
  return { ...failure, outputs, steps: results }
}

type Turn = {
  readonly index: number
  readonly step: PlannedStep
  readonly sofar: Sofar
  /** How the job stands, in the words of `SLUICE_JOB_STATUS`. */
  readonly status: string
}

const runStep = async (
  work: StepsWork,
  { index, step, sofar, status }: Turn,
  signal: AbortSignal,
): Promise<BuiltinEnd> => {
  const { machine, log } = work
  const folder = join(machine.temporary, String(index))
  const script = makeStepFolder(folder, step.run)
  if (step.builtin !== null) return builtinStep(work, { step, folder, index }, signal)
  if (step.showsItself !== true) for (const line of shown(step.run)) log.note(line)
  const words = step.shell ?? work.shell ?? ['sh', '-e', '{0}']
  const argv = words.map((word) => word.replaceAll('{0}', script))
  const path = [...sofar.path, machine.env['PATH'] ?? ''].filter((one) => one !== '').join(':')
  const env = {
    ...work.env,
    ...sofar.env,
    PATH: path,
    SLUICE_JOB_STATUS: status,
    ...step.env,
    ...stepFileVariables(folder),
  }
  const directory = resolve(machine.directory, step.workingDirectory ?? work.workingDirectory ?? '.')
  const { onLine } = work
  const tap =
    onLine === undefined
      ? undefined
      : (line: string): string => {
          onLine(line)
          return line
        }
  const end = await machine.exec({ argv, env, directory, timeoutMs: step.timeoutMs }, signal, tap)
  const said = await readStepFiles(folder)
  for (const fault of said.faults) log.noteShort(fault)
  if (said.summary !== '') machine.summarize(said.summary)
  const how = spoken(end, step.timeoutMs)
  if (how !== null) log.note(how)
  return { end, words: said }
}

/** Steps that run in any case are told how the others ended. Source: docs.gitlab.com, `CI_JOB_STATUS`, 2026-08. */
const statusOf = ({ when }: PlannedStep, failure: Failure | null): string => {
  if (when !== 'always') return 'running'
  if (failure === null) return 'success'
  return failure.outcome === 'cancelled' ? 'canceled' : 'failed'
}

const builtinStep = async (
  work: StepsWork,
  turn: Parameters<StepsWork['builtin']>[0],
  signal: AbortSignal,
): Promise<BuiltinEnd> => {
  const { log } = work
  log.note(`uses ${turn.step.run}`)
  const { end, words } = await work.builtin(turn, signal)
  for (const fault of words.faults) log.note(fault)
  const how = spoken(end, turn.step.timeoutMs)
  if (how !== null) log.note(how)
  return { end, words }
}

const isWanted = (step: PlannedStep, failure: Failure | null): boolean => {
  if (step.when === 'always') return true
  if (step.when === 'success') return failure === null
  return failure !== null && failure.outcome !== 'cancelled'
}

const failureOf = (
  step: PlannedStep,
  end: ExecutionEnd,
  { signals, isLast }: { readonly signals: JobSignals; readonly isLast: boolean },
): Failure | null => {
  const isGood = end.kind === 'exited' && end.code === 0
  // What was asked for has happened, even if the time ran out just then.
  if (isGood && (!signals.stop.aborted || isLast)) return null
  if (isGood || end.kind === 'cancelled') return stopped(signals, step.name)
  const failedStep = step.name
  switch (end.kind) {
    case 'exited':
      return { outcome: 'failed', exitCode: end.code, failedStep, reason: { kind: 'exit_code', code: end.code } }
    case 'timed_out':
      return { outcome: 'timed_out', exitCode: null, failedStep, reason: { kind: 'timeout' } }
    case 'signalled':
      return { outcome: 'failed', exitCode: null, failedStep, reason: { kind: 'script_failure' } }
    case 'unstartable':
      return { outcome: 'failed', exitCode: null, failedStep, reason: { kind: 'system_failure' } }
  }
}

const stopped = ({ because }: JobSignals, failedStep: string | null): Failure => {
  const outcome = because()
  return { outcome, exitCode: null, failedStep, reason: outcome === 'timed_out' ? { kind: 'timeout' } : null }
}

const faultOf = (step: PlannedStep): Failure => ({
  outcome: 'failed',
  exitCode: null,
  failedStep: step.name,
  reason: { kind: 'script_failure' },
})

/** Later words win; a folder that was added later comes before. */
const sofarOf = (records: readonly StepRecord[]): Sofar => ({
  env: Object.assign({}, ...records.map(({ env }) => env)),
  path: records.toReversed().flatMap(({ path }) => path),
  outputs: Object.assign({}, ...records.map(({ outputs }) => outputs)),
})

const notRun = (name: string, isCheckpoint: boolean): StepResult => {
  const outcome: StepOutcome = 'skipped'
  return { name, outcome, exitCode: null, startedAt: null, finishedAt: null, isCheckpoint }
}

/** The script as the log shows it. */
const shown = (script: string): readonly string[] => {
  const lines = script.trimEnd().split('\n')
  const first = lines.slice(0, limits.evidenceLinesMax).map((line, index) => `${index === 0 ? '$' : ' '} ${line}`)
  return lines.length > first.length ? [...first, `  … ${lines.length - first.length} more lines`] : first
}

const spoken = (end: ExecutionEnd, timeoutMs: number | null): string | null => {
  switch (end.kind) {
    case 'exited':
      return end.code === 0 ? null : `ended with exit code ${end.code}`
    case 'signalled':
      return `ended by ${end.signal}`
    case 'unstartable':
      return `could not be started: ${end.detail}`
    case 'timed_out':
      return `took longer than ${timeoutMs ?? 0} ms`
    case 'cancelled':
      return 'ended before it was done'
  }
}
