/** What actions do before the first step of a job, and after its last one. */
import { limits } from '../../../../core/limits.ts'
import { actionReference } from '../action-reference.ts'
import type { Fields } from '../definition.ts'
import { evaluate, evaluateValue, textOf, truthy } from '../expressions.ts'
import { readActionFile } from './action-file.ts'
import { runPart } from './javascript.ts'
import { tellError, type JobState, type StepFrame, type StepUnit } from './job-state.ts'
import { actionInputs, directoryOf, isSkipped } from './run-action.ts'
import { plainTitle, type Failed } from './run-step.ts'
import { stepScope, textsOf } from './step-scope.ts'

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
    const unit: StepUnit = {
      id: textOf(step['id'] ?? null),
      title,
      env,
      outputs: {},
      saved: {},
      hasBrokenCommand: false,
      exitCode: null,
    }
    state.shell.group(title)
    const inputs = actionInputs({ state, step, scope }, action)
    const { pre } = action.runs
    const outcome = await runPart(
      { state, frame, unit, action: { ...action, runs: action.runs }, inputs, script: pre },
      signalNow(state),
    )
    state.shell.endGroup()
    state.saved.set(step, unit.saved)
    if (outcome === 'success') continue
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
    try {
      unit.hasBrokenCommand = false
      if (truthy(evaluate(condition, stepScope(state, frame, unit.env)))) await post.run(signalNow(state))
    } catch (error) {
      tellError(state, error instanceof Error ? error.message : String(error))
      frame.hasFailed = true
      first ??= { name, exitCode: null }
    } finally {
      state.shell.endGroup()
    }
  }
  return first
}

const signalNow = (state: JobState): AbortSignal =>
  state.signal.aborted ? AbortSignal.timeout(limits.cancelledStepsMs) : state.signal
