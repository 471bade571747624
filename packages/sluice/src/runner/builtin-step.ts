/** A step that comes with Sluice: its program runs among the job's other processes; what it found becomes remarks, outputs and evidence. */
import type { BuiltinAnswer } from '../core/security/builtin-answer.ts'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../core/errors.ts'
import type { PlannedStep } from '../core/pipeline/job-plan.ts'
import type { BuiltinCall, BuiltinSteps } from '../ports/builtins.ts'
import type { ExecutionEnd } from '../ports/dialect.ts'
import type { JobRequest } from '../ports/runner.ts'
import type { LocalJobShell } from './job-shell.ts'
import type { StepWords } from './step-files.ts'

/** What a built-in step is run with. */
export type BuiltinWork = {
  readonly builtins: BuiltinSteps | null
  readonly request: JobRequest
  readonly machine: LocalJobShell
  /** Where its evidence is kept, absolute; its own. */
  readonly outputDirectory: string
}

/** How it ended. */
export type BuiltinEnd = { readonly end: ExecutionEnd; readonly words: StepWords }

/** Runs it. It succeeds only when its program says that it passed; one that says nothing has failed. */
export const runBuiltin = async (
  work: BuiltinWork,
  { step, folder }: { readonly step: PlannedStep; readonly folder: string },
  signal: AbortSignal,
): Promise<BuiltinEnd> => {
  const { builtins, machine, outputDirectory } = work
  const { builtin } = step
  if (builtins === null || builtin === null)
    throw new SluiceError('unexpected', { detail: `nobody here knows the step ${step.name}` })
  const { argv, told } = await builtins.prepare(callOf(work, builtin), signal)
  const [call, answer] = [join(folder, 'call.json'), join(folder, 'answer.json')]
  await mkdir(outputDirectory, { recursive: true })
  await writeFile(call, JSON.stringify(told))
  const { directory } = machine
  const end = await machine.exec(
    { argv: [...argv, call, answer], env: withoutOptions, directory, timeoutMs: step.timeoutMs },
    signal,
  )
  return { end, words: await tell(machine, { name: builtin.name, end, answer }) }
}

/** An option of Node's that came from the job would run in the program, too. */
const withoutOptions = { NODE_OPTIONS: '' }

const callOf = (
  { request, machine, outputDirectory }: BuiltinWork,
  { name, options }: NonNullable<PlannedStep['builtin']>,
): BuiltinCall => {
  const { version, commit, run, inputs = [], origin } = request
  return {
    name,
    options,
    outputDirectory,
    version,
    directory: machine.directory,
    service: origin?.service ?? '',
    commit: commit.id,
    origin: {
      branch: origin?.branch ?? null,
      tag: origin?.tag ?? null,
      base: origin?.base ?? null,
    },
    run: {
      id: run,
      startedAt: origin?.startedAt ?? commit.committedAt,
      inputs: origin?.inputs ?? {},
    },
    artifacts: inputs.map(({ name: artifact, digest }) => ({
      name: artifact,
      sha256: digest.slice('sha256:'.length),
    })),
  }
}

type Ended = { readonly name: string; readonly end: ExecutionEnd; readonly answer: string }

const tell = async (machine: LocalJobShell, { name, end, answer: path }: Ended): Promise<StepWords> => {
  const answer = await readAnswer(path)
  const nothing: StepWords = { outputs: {}, env: {}, path: [], summary: '', faults: [] }
  const isGood = end.kind === 'exited' && end.code === 0
  if (answer === null) return isGood ? { ...nothing, faults: [`${name} left no answer`] } : nothing
  const { verdict, findings, outputs, reports, summary } = answer
  for (const { rule, message, file, line } of findings)
    machine.annotate({
      level: verdict === 'passed' ? 'warning' : 'failure',
      title: `${name}: ${rule}`,
      message,
      file,
      line,
      column: null,
    })
  if (answer.reason !== null)
    machine.annotate({
      level: 'failure',
      title: `${name} is broken`,
      message: answer.reason,
      file: null,
      line: null,
      column: null,
    })
  machine.summarize(`${summary}\n`)
  for (const { format, path: report } of reports) machine.provide(format, report)
  return { ...nothing, outputs, faults: isGood && verdict !== 'passed' ? [`${name} is ${verdict}`] : [] }
}

/** Null for one that is not there or not whole. */
const readAnswer = async (path: string): Promise<BuiltinAnswer | null> => {
  try {
    const { answerSchema } = await import('./builtin-answer.ts')
    return answerSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch {
    return null
  }
}
