/** Contexts and functions of expressions inside of a job. */
import { data } from '@actions/expressions'
import type { FunctionDefinition } from '@actions/expressions/funcs/info'
import type { JsonValue, Texts } from '../../../../core/pipeline/job-plan.ts'
import type { Fields } from '../definition.ts'
import { evaluateCondition, isMapping, textOf, type Scope } from '../expressions.ts'
import { portVariable } from '../services.ts'
import { hashFiles } from './hash-files.ts'
import { jobFrame, statusOf, stepsContext, type JobState, type StepFrame } from './job-state.ts'

/** Everything that an expression of a step may use. `env` is that of the step on top of the job's. */
export const stepScope = (state: JobState, frame: StepFrame, env: Texts): Scope => ({
  contexts: {
    ...state.contexts,
    github: githubFor(state, frame),
    inputs: frame.inputs,
    env: { ...state.env, ...frame.env, ...env },
    // A composite action sees neither secrets nor needs of the job that uses it.
    ...(frame.action === null ? { secrets: state.secrets } : {}),
    steps: stepsContext(frame),
    job: jobContext(state, frame),
    runner: runnerContext(state),
  },
  functions: stepFunctions(state, frame),
})

/** Status functions over the steps of `frame`, and `hashFiles`. */
export const stepFunctions = (state: JobState, frame: StepFrame): readonly FunctionDefinition[] => [
  ...statusFunctions(statusOf(state, frame)),
  hashFunction(state),
]

/** Whether a condition of a step holds when the job has been called off. */
export const holdsWhenCancelled = (state: JobState, condition: JsonValue | undefined, scope: Scope): boolean => {
  const functions = [...statusFunctions('cancelled'), hashFunction(state)]
  return evaluateCondition(condition, { contexts: scope.contexts, functions })
}

/** The `github` context of a step. */
export const githubFor = (state: JobState, frame: StepFrame): Fields => ({
  ...state.github,
  workspace: state.shell.directory,
  event_path: state.eventFile,
  action: frame.unit?.id ?? '',
  ...frame.unit?.files,
  action_path: frame.action?.path ?? '',
  action_ref: frame.action?.ref ?? '',
  action_repository: frame.action?.repository ?? '',
  action_status: frame.action === null ? '' : frame.hasFailed ? 'failure' : 'success',
})

/** The `runner` context. */
export const runnerContext = ({ isDebug, folders, shell }: JobState): Fields => ({
  os: systems[process.platform] ?? 'Linux',
  arch: architectures[process.arch] ?? 'X64',
  name: 'sluice',
  environment: 'self-hosted',
  tool_cache: folders.tools,
  temp: folders.temporary,
  workspace: shell.directory,
  ...(isDebug ? { debug: '1' } : {}),
})

const systems: Readonly<Record<string, string>> = { linux: 'Linux', darwin: 'macOS', win32: 'Windows' }

const architectures: Readonly<Record<string, string>> = { x64: 'X64', arm64: 'ARM64', ia32: 'X86', arm: 'ARM' }

const jobContext = (state: JobState, frame: StepFrame): JsonValue => {
  const { services } = state.request.job
  return {
    status: statusOf(state, jobFrame(frame)),
    services: Object.fromEntries(
      services.map(({ name, ports }) => {
        const variable = portVariable(name)
        const { env } = state.shell
        const portOf = (inside: number): string => env[`${variable}_${inside}`] ?? env[variable] ?? ''
        return [
          name,
          { id: name, network: '', ports: Object.fromEntries(ports.map((inside) => [String(inside), portOf(inside)])) },
        ]
      }),
    ),
  }
}

/** Inside of a composite action the status is that of the action, outside that of the job. Source: actions/runner, `Expressions/SuccessFunction.cs`. */
const statusFunctions = (status: ReturnType<typeof statusOf>): readonly FunctionDefinition[] => {
  const none = { minArgs: 0, maxArgs: 0 }
  const yes = (value: boolean): data.BooleanData => new data.BooleanData(value)
  return [
    { name: 'always', ...none, call: () => yes(true) },
    { name: 'cancelled', ...none, call: () => yes(status === 'cancelled') },
    { name: 'success', ...none, call: () => yes(status === 'success') },
    { name: 'failure', ...none, call: () => yes(status === 'failure') },
  ]
}

const hashFunction = ({ shell }: JobState): FunctionDefinition => ({
  name: 'hashFiles',
  minArgs: 1,
  maxArgs: 255,
  call: (...patterns) =>
    new data.StringData(
      hashFiles(
        shell.directory,
        patterns.map((pattern) => pattern.coerceString()),
      ),
    ),
})

/** Values of a mapping as texts. */
export const textsOf = (value: JsonValue | undefined): Texts =>
  Object.fromEntries(Object.entries(isMapping(value) ? value : {}).map(([name, one]) => [name, textOf(one)]))
