/** A step with `run`. */
import { existsSync, writeFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import type { JsonValue } from '../../../../core/pipeline/job-plan.ts'
import type { Fields } from '../definition.ts'
import { evaluateText, evaluateValue, isMapping, textOf, type Scope } from '../expressions.ts'
import { tellError, type JobState, type StepOutcome } from './job-state.ts'
import { processEnv, runProcess } from './process.ts'
import type { StepCall } from './run-step.ts'
import { shellCommand } from './shells.ts'

/** Writes the script into a file and runs that with the step's shell. Throws an `Error` where the shell or the folder is none. */
export const runScript = async (call: StepCall, signal: AbortSignal): Promise<StepOutcome> => {
  const { state, frame, step, unit, scope } = call
  const defaults = frame.action === null ? runDefaults(state, scope) : {}
  const written = textOf(evaluateValue(step['shell'] ?? defaults['shell'] ?? null, scope))
  // What stands in a container is run by sh there, unless somebody says otherwise.
  const shell = written === '' && frame.action === null && state.container !== null ? 'sh' : written
  if (frame.action !== null && shell === '') throw new Error('Required property is missing: shell')
  const script = evaluateText(textOf(step['run'] ?? null), scope)
  const path = processEnv(state, frame, unit)['PATH'] ?? ''
  const command = shellCommand(shell === '' ? null : shell, script, (program) => isOnPath(program, path))
  const inside = textOf(evaluateValue(step['working-directory'] ?? defaults['working-directory'] ?? '', scope))
  const directory = resolve(state.shell.directory, inside)
  if (!existsSync(directory)) throw new Error(`the working directory ${inside} does not exist`)
  state.made.files += 1
  const file = join(state.folders.temporary, `step_${state.made.files}${command.ending}`)
  writeFileSync(file, command.script)
  const argv = command.words.map((word) => word.replaceAll('{0}', file))
  const end = await runProcess({ state, frame, unit }, { argv, directory, env: {}, onLine: null }, signal)
  if (end.kind === 'exited') {
    unit.exitCode = end.code
    if (end.code === 0) return 'success'
    tellError(state, `Process completed with exit code ${end.code}.`)
  } else if (end.kind === 'signalled') tellError(state, `Process was ended by ${end.signal}.`)
  else if (end.kind === 'unstartable') tellError(state, `${command.words[0] ?? ''} cannot be started: ${end.detail}`)
  return 'failure'
}

/** `defaults.run` of the workflow, and of the job on top. */
const runDefaults = ({ definition }: JobState, scope: Scope): Fields => {
  const written: JsonValue | undefined = definition.job['defaults']
  const own = isMapping(written) ? written['run'] : undefined
  const merged = { ...definition.part.defaults, ...(isMapping(own) ? own : {}) }
  const evaluated = evaluateValue(merged, scope)
  return isMapping(evaluated) ? evaluated : {}
}

const isOnPath = (program: string, path: string): boolean =>
  program.includes('/')
    ? existsSync(program)
    : path.split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, program)))
