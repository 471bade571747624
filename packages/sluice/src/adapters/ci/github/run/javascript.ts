/** JavaScript actions: before, main and after, each a process of Node with the inputs in its environment. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Texts } from '../../../../core/pipeline/job-plan.ts'
import type { ActionReference } from '../action-reference.ts'
import type { ActionFile } from './action-file.ts'
import { tellError, type JobState, type StepFrame, type StepOutcome, type StepUnit } from './job-state.ts'
import { runProcess } from './process.ts'
import type { StepCall } from './run-step.ts'

/** An action that runs in Node. */
export type JavascriptAction = ActionFile & { readonly runs: Extract<ActionFile['runs'], { kind: 'javascript' }> }

/** Runs the main part of an action, and puts its last part aside for the end of the job. */
export const runJavascript = async (
  call: StepCall & Pick<PartCall, 'action' | 'reference' | 'inputs'>,
  signal: AbortSignal,
): Promise<StepOutcome> => {
  const { state, frame, step, unit, action, reference, inputs } = call
  const part = { state, frame, unit, action, reference, inputs }
  const { main, post, postIf } = action.runs
  if (post !== null)
    state.posts.push({
      name: `Post ${unit.title}`,
      condition: postIf,
      frame,
      step,
      unit,
      run: async (postSignal) => {
        const ended = await runPart({ ...part, script: post }, postSignal)
        if (ended !== 'success') throw new Error(`${post} of ${action.name} failed`)
      },
    })
  return runPart({ ...part, script: main }, signal)
}

/** What one part of an action is run with. */
export type PartCall = {
  readonly state: JobState
  readonly frame: StepFrame
  readonly unit: StepUnit
  readonly action: JavascriptAction
  readonly reference: ActionReference
  readonly inputs: Texts
  readonly script: string
}

/** Runs one script of an action. */
export const runPart = async (
  { state, frame, unit, action, reference, inputs, script }: PartCall,
  signal: AbortSignal,
): Promise<StepOutcome> => {
  const path = join(action.directory, script)
  if (!existsSync(path)) throw new Error(`File not found: '${path}'`)
  const env = {
    ...Object.fromEntries(Object.entries(inputs).map(([name, value]) => [inputVariable(name), value])),
    ...Object.fromEntries(Object.entries(unit.saved).map(([name, value]) => [`STATE_${name}`, value])),
    GITHUB_ACTION_PATH: action.directory,
    GITHUB_ACTION_REPOSITORY: reference.kind === 'repository' ? reference.repository : '',
    GITHUB_ACTION_REF: reference.kind === 'repository' ? reference.ref : '',
  }
  const request = { argv: [process.execPath, path], directory: state.shell.directory, env, onLine: null }
  const end = await runProcess({ state, frame, unit }, request, signal)
  if (end.kind === 'exited') unit.exitCode = end.code
  if (end.kind === 'exited' && end.code === 0) return unit.hasBrokenCommand ? 'failure' : 'success'
  if (end.kind === 'unstartable') tellError(state, `${script} cannot be started: ${end.detail}`)
  return 'failure'
}

/** `INPUT_NODE-VERSION` of `node-version`: upper case, underscores for spaces, nothing else. */
const inputVariable = (name: string): string => `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`
