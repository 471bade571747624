/** A process of a step: its environment, its command files, and what it says through them. */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter } from 'node:path'
import { limits } from '../../../../core/limits.ts'
import type { Texts } from '../../../../core/pipeline/job-plan.ts'
import type { ExecutionEnd } from '../../../../ports/dialect.ts'
import { githubVariables } from '../github-context.ts'
import { parseKeyValues, parsePaths } from './file-commands.ts'
import { prependPath, tellError, type CommandFiles, type JobState, type StepFrame, type StepUnit } from './job-state.ts'
import { lineReader, type LineReader } from './line-reader.ts'
import { githubFor, runnerContext, textsOf } from './step-scope.ts'

/** What is started. */
export type ProcessRequest = {
  readonly argv: readonly string[]
  readonly directory: string
  /** On top of the step's. */
  readonly env: Texts
  /** Looks at lines that are no commands; what it gives is logged. Null: they are logged as they are. */
  readonly onLine: LineReader | null
}

/** Runs a process for a step, obeys its commands and reads its files. Gives how it ended; a broken command or file is noted in the unit. */
export const runProcess = async (
  { state, frame, unit }: { readonly state: JobState; readonly frame: StepFrame; readonly unit: StepUnit },
  request: ProcessRequest,
  signal: AbortSignal,
): Promise<ExecutionEnd> => {
  const { files } = unit
  createFiles(state, files)
  const read = lineReader(state, unit)
  const onLine = request.onLine
  const end = await state.shell.exec(
    {
      argv: request.argv,
      directory: request.directory,
      env: { ...processEnv(state, frame, unit), ...request.env, ...commandFiles(files) },
      timeoutMs: null,
    },
    signal,
    (line) => {
      const told = read(line)
      return told === null || onLine === null ? told : onLine(told)
    },
  )
  readFiles(state, unit, files)
  return end
}

/** Environment of a step's processes: the job's, the step's, and what is always there, which neither can change. */
export const processEnv = (state: JobState, frame: StepFrame, unit: StepUnit): Texts => {
  const github = githubFor(state, frame)
  const runner = textsOf(runnerContext(state))
  const own = { ...state.env, ...frame.env, ...unit.env }
  const path = [...state.prepended, own['PATH'] ?? state.shell.env['PATH'] ?? ''].filter((one) => one !== '')
  return {
    CI: 'true',
    ...state.container,
    ...own,
    ...githubVariables(github),
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTION: unit.id,
    GITHUB_WORKSPACE: state.shell.directory,
    GITHUB_EVENT_PATH: state.eventFile,
    ...(frame.action === null ? {} : actionVariables(frame.action)),
    ...Object.fromEntries(Object.entries(runner).map(([name, value]) => [`RUNNER_${name.toUpperCase()}`, value])),
    PATH: path.join(delimiter),
  }
}

const actionVariables = ({ path, ref, repository }: NonNullable<StepFrame['action']>): Texts => ({
  GITHUB_ACTION_PATH: path,
  GITHUB_ACTION_REF: ref,
  GITHUB_ACTION_REPOSITORY: repository,
})

const createFiles = ({ folders }: JobState, files: CommandFiles): void => {
  mkdirSync(folders.commands, { recursive: true })
  for (const path of Object.values(files)) writeFileSync(path, '')
}

const commandFiles = (files: CommandFiles): Texts =>
  Object.fromEntries(Object.entries(files).map(([name, path]) => [`GITHUB_${name.toUpperCase()}`, path]))

const readFiles = (state: JobState, unit: StepUnit, files: CommandFiles): void => {
  const attempt = (name: keyof CommandFiles, read: (text: string) => void): void => {
    const path = files[name]
    try {
      if (existsSync(path)) read(readFileSync(path, 'utf8'))
    } catch (error) {
      tellError(state, `Unable to process file command '${name}' successfully.`)
      tellError(state, error instanceof Error ? error.message : String(error))
      unit.hasBrokenCommand = true
    }
    rmSync(path, { force: true })
  }
  attempt('path', (text) => {
    for (const path of parsePaths(text)) prependPath(state, path)
  })
  attempt('env', (text) => {
    for (const [name, value] of parseKeyValues(text)) {
      if (name.toUpperCase() === 'NODE_OPTIONS')
        throw new Error(`Can't store ${name} output parameter using '$GITHUB_ENV' command.`)
      state.env[name] = value
    }
  })
  attempt('output', (text) => void Object.assign(unit.outputs, Object.fromEntries(parseKeyValues(text))))
  attempt('state', (text) => void Object.assign(unit.saved, Object.fromEntries(parseKeyValues(text))))
  summarize(state, files.step_summary)
}

const summarize = (state: JobState, path: string): void => {
  if (!existsSync(path)) return
  const { size } = statSync(path)
  if (size > limits.stepSummaryBytesMax)
    tellError(
      state,
      `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of ${limits.stepSummaryBytesMax / 1_024}k, got ${Math.ceil(size / 1_024)}k.`,
    )
  else if (size > 0) state.shell.summarize(readFileSync(path, 'utf8'))
  rmSync(path, { force: true })
}
