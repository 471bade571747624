/** What actions do before the first step of a job. Actions of the repository do nothing then: it is checked out by a step. */
import { actionReference, type ActionReference } from '../action-reference.ts'
import type { Fields } from '../definition.ts'
import { evaluate, evaluateValue, textOf, truthy } from '../expressions.ts'
import { readActionFile, type ActionFile } from './action-file.ts'
import { putAside, runPart } from './javascript.ts'
import { createUnit, failingCode, jobFrame, type JobState, type StepFrame } from './job-state.ts'
import { actionInputs, compositeFrame, directoryOf, isSkipped } from './run-action.ts'
import { mayStepFail, plainTitle, stepId, type Failed } from './run-step.ts'
import { stepScope, textsOf } from './step-scope.ts'
import { stepSignal } from './step-signal.ts'

/** Runs the first parts of JavaScript actions, also of those inside of composite ones. Their last parts are put aside with that, whatever becomes of the steps. Gives the first that failed. */
export const runPres = async (state: JobState, frame: StepFrame, steps: readonly Fields[]): Promise<Failed | null> => {
  let first: Failed | null = null
  const counting = { taken: new Map<string, number>() }
  for (const step of steps) {
    const id = stepId(counting, step)
    const reference = actionReference(textOf(step['uses'] ?? null))
    if (reference?.kind !== 'repository' || isSkipped(state, reference)) continue
    const directory = directoryOf(state, reference)
    if (directory === null) continue
    const action = readActionFile(directory)
    // Its steps are the same when they run.
    state.loaded.set(step, action)
    const failed = await runPre({ state, frame, step, id }, action, reference)
    first ??= failed
  }
  return first
}

type Pre = { readonly state: JobState; readonly frame: StepFrame; readonly step: Fields; readonly id: string }

const runPre = async (
  { state, frame, step, id }: Pre,
  action: ActionFile,
  reference: ActionReference,
): Promise<Failed | null> => {
  const { runs } = action
  const scope = stepScope(state, frame, {})
  const env = textsOf(evaluateValue(step['env'] ?? {}, scope))
  if (runs.kind === 'composite') {
    const inputs = actionInputs({ state, step, scope }, action)
    return runPres(state, compositeFrame({ frame, step, env }, { action, reference, inputs }), runs.steps)
  }
  if (runs.pre === null || !truthy(evaluate(runs.preIf, scope))) return null
  const title = `Pre ${plainTitle(step)}`
  const unit = createUnit(state, { id, title, env, saved: {} })
  state.saved.set(step, unit.saved)
  frame.unit = unit
  state.shell.group(title)
  const inputs = actionInputs({ state, step, scope }, action)
  const part = { state, frame, unit, action: { ...action, runs }, reference, inputs }
  putAside({ ...part, step, title: plainTitle(step) })
  try {
    const outcome = await runPart(
      { ...part, script: runs.pre },
      stepSignal(state, () => false),
    )
    if (outcome === 'success' || mayStepFail(step, scope)) return null
    jobFrame(frame).hasFailed = true
    return { name: title, exitCode: failingCode(unit) }
  } finally {
    state.shell.endGroup()
    frame.unit = null
  }
}
