/** What actions do after the last step of a job. */
import type { Fields } from '../definition.ts'
import { evaluate, truthy } from '../expressions.ts'
import { tellError, type JobState, type StepFrame } from './job-state.ts'
import { mayStepFail, type Failed } from './run-step.ts'
import { holdsWhenCancelled, stepFunctions, stepScope } from './step-scope.ts'
import { stepSignal } from './step-signal.ts'

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
