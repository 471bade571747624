/** JavaScript actions: before, main and after, each a process of Node with the inputs in its environment. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Texts } from '../../../../core/pipeline/job-plan.ts'
import type { ActionReference } from '../action-reference.ts'
import type { Fields } from '../definition.ts'
import type { ActionFile } from './action-file.ts'
import {
  tellError,
  type JobState,
  type PostStep,
  type StepFrame,
  type StepOutcome,
  type StepUnit,
} from './job-state.ts'
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
  putAside({ ...part, step, title: unit.title })
  return runPart({ ...part, script: action.runs.main }, signal)
}

/** Puts the last part of an action aside for the end of the job; where its first part has done so, in the same place. */
export const putAside = (part: Omit<PartCall, 'script'> & { readonly step: Fields; readonly title: string }): void => {
  const { state, frame, step, unit, action, title } = part
  const { post, postIf } = action.runs
  if (post === null) return
  const put: PostStep = {
    name: `Post ${title}`,
    condition: postIf,
    frame,
    step,
    unit,
    run: async (signal) => {
      const ended = await runPart({ ...part, script: post }, signal)
      if (ended !== 'success') throw new Error(`${post} of ${action.name} failed`)
    },
  }
  const before = state.posts.findIndex((one) => one.step === step)
  if (before >= 0) state.posts[before] = put
  else state.posts.push(put)
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
export const inputVariable = (name: string): string => `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`
