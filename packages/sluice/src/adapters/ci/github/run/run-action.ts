/** A step with `uses`: an action of the repository, of the given directory of actions, or a built-in one. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { limits } from '../../../../core/limits.ts'
import type { Texts } from '../../../../core/pipeline/job-plan.ts'
import { actionReference, type ActionReference } from '../action-reference.ts'
import { builtIns } from '../builtin/table.ts'
import { evaluateValue, isMapping, textOf } from '../expressions.ts'
import { readActionFile, type ActionFile } from './action-file.ts'
import { runJavascript } from './javascript.ts'
import { tellWarning, type JobState, type StepFrame, type StepOutcome } from './job-state.ts'
import type { StepCall } from './run-step.ts'
import { stepScope, textsOf } from './step-scope.ts'

/** Runs the action of a step. Throws an `Error` or `SluiceError` where there is none, or where a built-in one fails. */
export const runAction = async (call: StepCall, signal: AbortSignal): Promise<StepOutcome> => {
  const { state, step, unit } = call
  const uses = textOf(step['uses'] ?? null)
  const reference = actionReference(uses)
  if (reference === null) throw new Error(`'${uses}' is no action`)
  if (isSkipped(state, reference)) {
    state.shell.note(`Skipped, as asked for: ${reference.name}`)
    return 'skipped'
  }
  const directory = directoryOf(state, reference)
  if (directory !== null)
    return runFound(call, { action: state.loaded.get(step) ?? readActionFile(directory), reference }, signal)
  const builtIn = builtIns[reference.name]
  if (builtIn === undefined) {
    const ways = `give a directory that has it with --actions, or leave the step out with --skip-action ${reference.name}`
    throw new Error(`${reference.name} ${reference.kind === 'docker' ? 'needs Docker' : 'is not built in'}: ${ways}`)
  }
  const inputs = builtInInputs(call, builtIn.inputs)
  await builtIn.run({ ...call, inputs, signal })
  return unit.hasBrokenCommand ? 'failure' : 'success'
}

/** Whether the steps of an action are left out. */
export const isSkipped = ({ options }: JobState, { name }: ActionReference): boolean =>
  options.skippedActions.some((one) => one.toLowerCase() === name.toLowerCase())

/** The folder of an action that is no built-in one; null for none. */
export const directoryOf = ({ shell, options }: JobState, reference: ActionReference): string | null => {
  if (reference.kind === 'local') return resolve(shell.directory, reference.name)
  if (reference.kind === 'docker' || options.actionsDirectory === null) return null
  const { repository, ref, path } = reference
  const folders = [`${repository}@${ref}`, repository].map((name) => join(options.actionsDirectory ?? '', name, path))
  return folders.find((folder) => ['action.yml', 'action.yaml'].some((name) => existsSync(join(folder, name)))) ?? null
}

type Found = { readonly action: ActionFile; readonly reference: ActionReference }

const runFound = async (call: StepCall, { action, reference }: Found, signal: AbortSignal): Promise<StepOutcome> => {
  const inputs = actionInputs(call, action)
  if (action.runs.kind === 'javascript') {
    if (reference.kind === 'local' && action.runs.pre !== null)
      tellWarning(call.state, `\`pre\` execution is not supported for local action from '${reference.name}'`)
    return runJavascript({ ...call, action: { ...action, runs: action.runs }, reference, inputs }, signal)
  }
  return runComposite(call, { action, reference, inputs }, signal)
}

const runComposite = async (
  { state, frame, step, unit, runInner }: StepCall,
  { action, reference, inputs }: Found & { readonly inputs: Texts },
  signal: AbortSignal,
): Promise<StepOutcome> => {
  if (frame.depth >= limits.compositeDepthMax)
    throw new Error(`actions nest deeper than ${limits.compositeDepthMax} levels`)
  if (action.runs.kind !== 'composite') return 'success'
  const inner = compositeFrame({ frame, step, env: unit.env }, { action, reference, inputs })
  // What limits the step limits all of its own.
  const failed = await runInner({ ...state, signal }, inner, action.runs.steps)
  unit.exitCode = failed?.exitCode ?? null
  const scope = stepScope(state, inner, {})
  for (const [name, output] of Object.entries(action.outputs))
    unit.outputs[name] = textOf(evaluateValue(isMapping(output) ? (output['value'] ?? '') : '', scope))
  return inner.hasFailed ? 'failure' : 'success'
}

/** The frame of the steps of a composite action that a step uses; `env` is that step's. */
export const compositeFrame = (
  { frame, step, env }: Pick<StepCall, 'frame' | 'step'> & { readonly env: Texts },
  { action, reference, inputs }: Found & { readonly inputs: Texts },
): StepFrame => ({
  steps: {},
  inputs,
  outer: { frame, step },
  unit: null,
  action: {
    path: action.directory,
    ref: reference.kind === 'repository' ? reference.ref : '',
    repository: reference.kind === 'repository' ? reference.repository : '',
  },
  env: { ...frame.env, ...env },
  hasFailed: false,
  depth: frame.depth + 1,
  taken: new Map(),
})

/** Inputs of an action: what is given, and the defaults of the rest. Names have no case. */
export const actionInputs = (
  { state, step, scope }: Pick<StepCall, 'state' | 'step' | 'scope'>,
  action: ActionFile,
): Texts => {
  const given = textsOf(evaluateValue(step['with'] ?? {}, scope))
  const names = new Map(Object.keys(given).map((name) => [name.toLowerCase(), name]))
  const inputs: Record<string, string> = {}
  for (const [name, body] of Object.entries(action.inputs)) {
    const written = names.get(name.toLowerCase())
    names.delete(name.toLowerCase())
    const definition = isMapping(body) ? body : {}
    const message = textOf(definition['deprecationMessage'] ?? null)
    if (written !== undefined && message !== '')
      tellWarning(state, `Input '${name}' has been deprecated with message: ${message}`)
    inputs[name] =
      written === undefined ? textOf(evaluateValue(definition['default'] ?? '', scope)) : (given[written] ?? '')
  }
  const unexpected = [...names.values()].filter((name) => !['args', 'entrypoint'].includes(name.toLowerCase()))
  for (const name of names.values()) inputs[name] = given[name] ?? ''
  if (unexpected.length > 0)
    tellWarning(
      state,
      `Unexpected input(s) ${quoted(unexpected)}, valid inputs are [${quoted(Object.keys(action.inputs))}]`,
    )
  return inputs
}

const builtInInputs = ({ state, step, scope }: StepCall, known: Texts): Texts => {
  const given = textsOf(evaluateValue(step['with'] ?? {}, scope))
  const inputs: Record<string, string> = { ...known }
  for (const [name, value] of Object.entries(given)) {
    const lower = name.toLowerCase()
    if (!Object.hasOwn(known, lower))
      tellWarning(state, `Unexpected input(s) '${name}', valid inputs are [${quoted(Object.keys(known))}]`)
    inputs[lower] = value
  }
  return inputs
}

const quoted = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ')
