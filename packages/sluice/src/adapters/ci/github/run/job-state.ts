/** What a running job remembers from step to step. */
import { join } from 'node:path'
import type { JsonValue, Texts } from '../../../../core/pipeline/job-plan.ts'
import type { Annotation, DialectRequest, JobShell } from '../../../../ports/dialect.ts'
import type { Fields, GithubDefinition } from '../definition.ts'
import type { ActionFile } from './action-file.ts'
import type { Matchers } from './matchers.ts'

/** What the dialect was made with; see `githubDialect`. */
export type RunOptions = {
  /** Folder with actions as `owner/name` or `owner/name@ref`; null for none. */
  readonly actionsDirectory: string | null
  /** Names of actions whose steps are left out. */
  readonly skippedActions: readonly string[]
  /** The repository of the project on this machine, from which other commits are checked out; null where there is none. */
  readonly repository: string | null
  /** Where tools are kept from run to run (`RUNNER_TOOL_CACHE`); null: with the job. */
  readonly toolCache: string | null
  /** What `secrets.GITHUB_TOKEN` and `github.token` are; empty where nothing may reach GitHub. */
  readonly token: string
}

/** How a step ended. `outcome` is what it came to, `conclusion` what counts, which `continue-on-error` makes a success. */
export type StepResult = {
  readonly outcome: StepOutcome
  readonly conclusion: StepOutcome
  readonly outputs: Texts
}

/** What a step came to. */
export type StepOutcome = 'success' | 'failure' | 'cancelled' | 'skipped'

/** The steps that know each other: those of the job, or of one composite action. */
export type StepFrame = {
  /** Results by id. */
  readonly steps: Record<string, StepResult>
  readonly inputs: Fields
  /** The composite action that the steps belong to; null for the job's own. */
  readonly action: { readonly path: string; readonly ref: string; readonly repository: string } | null
  /** The steps around these, and which of them uses the action; null for the job's own. */
  readonly outer: { readonly frame: StepFrame; readonly step: Fields } | null
  /** The step that runs; null between them. */
  unit: StepUnit | null
  /** Environment of the steps around these. */
  readonly env: Texts
  /** Whether one of the steps has failed. */
  hasFailed: boolean
  readonly depth: number
  /** Names that steps without an id have had (`__run`), for `GITHUB_ACTION`. */
  readonly taken: Map<string, number>
}

/** Something to be done once all steps have ended. The last that was put here comes first. */
export type PostStep = {
  readonly name: string
  /** Its condition; it is not wrapped. */
  readonly condition: string
  readonly frame: StepFrame
  readonly step: Fields
  readonly unit: StepUnit
  /** Rejects where it fails. */
  readonly run: (signal: AbortSignal) => Promise<void>
}

/** Paths of the files behind `GITHUB_ENV`, `GITHUB_OUTPUT` and their like. */
export type CommandFiles = Readonly<Record<'env' | 'output' | 'path' | 'state' | 'step_summary', string>>

/** One step while it runs. */
export type StepUnit = {
  /** Its id, or the one that GitHub would make up. */
  readonly id: string
  /** Files through which it talks to its runner. */
  readonly files: CommandFiles
  title: string
  /** Environment of the step, evaluated. */
  env: Texts
  readonly outputs: Record<string, string>
  /** What an action keeps for its last part. */
  readonly saved: Record<string, string>
  /** Whether a command or a file of the step was broken, which fails it. */
  hasBrokenCommand: boolean
  exitCode: number | null
}

/** The exit code that a step failed by; null where its process ended well, and a command or a file of it was broken. */
export const failingCode = ({ exitCode }: Pick<StepUnit, 'exitCode'>): number | null =>
  exitCode === 0 ? null : exitCode

/** A running job. */
export type JobState = {
  readonly definition: GithubDefinition
  readonly request: DialectRequest
  readonly shell: JobShell
  readonly options: RunOptions
  readonly matchers: Matchers
  /** The `github` context without what changes from step to step. */
  readonly github: Fields
  readonly contexts: Fields
  readonly secrets: Texts
  readonly isDebug: boolean
  /** Folders: temporary files of the steps, kept tools, files for commands. */
  readonly folders: { readonly temporary: string; readonly tools: string; readonly commands: string }
  readonly eventFile: string
  /** Environment that the job's container would have, where it asks for one and its steps run here instead; null for a job without. */
  readonly container: Texts | null
  /** Environment of the job, with what `GITHUB_ENV` added. */
  readonly env: Record<string, string>
  /** Folders before `PATH`, in the order in which they stand there. */
  readonly prepended: string[]
  /** Every value that is masked. */
  readonly masked: Set<string>
  readonly posts: PostStep[]
  /** What the first part of a step's action kept for its main part. */
  readonly saved: Map<Fields, Record<string, string>>
  /** Files of actions that were read before the first step, by the step that uses them. */
  readonly loaded: Map<Fields, ActionFile>
  /** Falls when the job is called off. */
  readonly signal: AbortSignal
  /** Falls when a step that runs beside others is ended by one of them; null for the others. */
  readonly calledOff: AbortSignal | null
  /** Files made so far, so that each gets a name of its own; and names of artifacts. */
  readonly made: { files: number; readonly artifacts: Set<string> }
}

/** Puts a folder before all others of `PATH`. */
export const prependPath = ({ prepended }: JobState, folder: string): void => {
  const before = prepended.indexOf(folder)
  if (before >= 0) prepended.splice(before, 1)
  prepended.unshift(folder)
}

/** Masks a value, and each line of it. */
export const mask = (state: JobState, value: string): void => {
  for (const part of [value, ...value.split(/\r?\n/)]) {
    if (part.trim() === '') continue
    state.masked.add(part)
    state.shell.mask(part)
  }
}

/** Tells an error of a step: in the log and as an annotation. */
export const tellError = ({ shell }: JobState, message: string): void => {
  shell.note(`Error: ${message}`)
  shell.annotate(plainAnnotation('failure', message))
}

/** Tells a warning of a step. */
export const tellWarning = ({ shell }: JobState, message: string): void => {
  shell.note(`Warning: ${message}`)
  shell.annotate(plainAnnotation('warning', message))
}

/** An annotation that stands at no place. */
export const plainAnnotation = (level: Annotation['level'], message: string): Annotation => ({
  level,
  title: null,
  message,
  file: null,
  line: null,
  column: null,
})

/** A step at its beginning, with files of its own. */
export const createUnit = (
  { folders, made }: Pick<JobState, 'folders' | 'made'>,
  start: Pick<StepUnit, 'id' | 'title' | 'env' | 'saved'>,
): StepUnit => {
  made.files += 1
  const path = (name: string): string => join(folders.commands, `${name}_${made.files}`)
  return {
    ...start,
    files: {
      env: path('set_env'),
      output: path('set_output'),
      path: path('add_path'),
      state: path('save_state'),
      step_summary: path('step_summary'),
    },
    outputs: {},
    hasBrokenCommand: false,
    exitCode: null,
  }
}

/** The steps of the job itself, however deep in actions a step is. */
export const jobFrame = (frame: StepFrame): StepFrame => (frame.outer === null ? frame : jobFrame(frame.outer.frame))

/** What steps have come to so far: those of the job (`job.status`), or of an action. */
export const statusOf = (state: JobState, frame: StepFrame): 'success' | 'failure' | 'cancelled' => {
  if (state.signal.aborted) return 'cancelled'
  return frame.hasFailed ? 'failure' : 'success'
}

/** Results of steps as the `steps` context has them. */
export const stepsContext = (frame: StepFrame): JsonValue =>
  Object.fromEntries(
    Object.entries(frame.steps).map(([id, { outputs, outcome, conclusion }]) => [id, { outputs, outcome, conclusion }]),
  )
