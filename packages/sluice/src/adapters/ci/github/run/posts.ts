/** What actions do before the first step of a job, and after its last one. */
import { actionReference } from '../action-reference.ts'
import type { Fields } from '../definition.ts'
import { evaluate, evaluateValue, textOf, truthy } from '../expressions.ts'
import { readActionFile } from './action-file.ts'
import { runPart } from './javascript.ts'
import { createUnit, tellError, type JobState, type StepFrame } from './job-state.ts'
import { actionInputs, directoryOf, isSkipped } from './run-action.ts'
import { mayStepFail, plainTitle, type Failed } from './run-step.ts'
import { holdsWhenCancelled, stepFunctions, stepScope, textsOf } from './step-scope.ts'
import { stepSignal } from './step-signal.ts'

/** Runs the first parts of JavaScript actions. Actions of the repository have none: it is checked out by a step. Gives the first that failed. */
export const runPres = async (state: JobState, frame: StepFrame, steps: readonly Fields[]): Promise<Failed | null> => {
  let first: Failed | null = null
  for (const step of steps) {
    const reference = actionReference(textOf(step['uses'] ?? null))
    if (reference?.kind !== 'repository' || isSkipped(state, reference)) continue
    const directory = directoryOf(state, reference)
    const action = directory === null ? null : readActionFile(directory)
    if (action?.runs.kind !== 'javascript' || action.runs.pre === null) continue
    const scope = stepScope(state, frame, {})
    if (!truthy(evaluate(action.runs.preIf, scope))) continue
    const env = textsOf(evaluateValue(step['env'] ?? {}, scope))
    const title = `Pre ${plainTitle(step)}`
    const unit = createUnit(state, { id: textOf(step['id'] ?? null), title, env, saved: {} })
    frame.unit = unit
    state.shell.group(title)
    const inputs = actionInputs({ state, step, scope }, action)
    const { pre } = action.runs
    const outcome = await runPart(
      { state, frame, unit, action: { ...action, runs: action.runs }, reference, inputs, script: pre },
      stepSignal(state, () => false),
    )
    state.shell.endGroup()
    frame.unit = null
    state.saved.set(step, unit.saved)
    if (outcome === 'success' || mayStepFail(step, scope)) continue
    frame.hasFailed = true
    first ??= { name: title, exitCode: unit.exitCode }
  }
  return first
}

/** Runs what actions put aside, the last first. Gives the first of them that failed. */
export const runPosts = async (state: JobState, frame: StepFrame): Promise<Failed | null> => {
  let first: Failed | null = null
  for (let post = state.posts.pop(); post !== undefined; post = state.posts.pop()) {
    const { name, condition, unit } = post
    state.shell.group(name)
    // Whatever action it belongs to, it looks at what has become of the job.
    const scope = { ...stepScope(state, post.frame, unit.env), functions: stepFunctions(state, frame) }
    try {
      unit.hasBrokenCommand = false
      post.frame.unit = unit
      if (truthy(evaluate(condition, scope)))
        await post.run(stepSignal(state, () => holdsWhenCancelled(state, condition, scope)))
    } catch (error) {
      tellError(state, error instanceof Error ? error.message : String(error))
      if (isTolerated(state, post.frame, post.step)) continue
      frame.hasFailed = true
      first ??= { name, exitCode: null }
    } finally {
      state.shell.endGroup()
    }
  }
  return first
}

/** Whether a step may fail, or one that uses the action which it is part of. */
const isTolerated = (state: JobState, frame: StepFrame, step: Fields): boolean =>
  mayStepFail(step, stepScope(state, frame, {})) ||
  (frame.outer !== null && isTolerated(state, frame.outer.frame, frame.outer.step))
