/** Runs steps without work of their own: `wait`, `wait-all`, `cancel` and `parallel`. */
import type { Control } from '../control-steps.ts'
import type { Fields } from '../definition.ts'
import { textOf } from '../expressions.ts'
import type { Beside, Started } from './beside.ts'
import type { JobState, StepFrame } from './job-state.ts'
import { mayStepFail, type Failed } from './run-step.ts'
import { stepScope } from './step-scope.ts'

type Doing = { readonly state: JobState; readonly frame: StepFrame; readonly beside: Beside; readonly step: Fields }

/** Does it. Gives what failed for good by it; null for nothing. */
export const runControl = async (doing: Doing, control: Control): Promise<Failed | null> => {
  const { state, frame, beside } = doing
  if (control.kind === 'parallel') {
    const failed = await beside.settle(control.steps.map((step) => beside.start(step)))
    if (failed !== null) frame.hasFailed = true
    return failed
  }
  const started = beside.find(control.kind === 'wait' ? control.ids : [control.id])
  state.shell.group(control.title)
  try {
    if (control.kind === 'wait') return await wait(doing, started)
    for (const one of started) one.cancel()
    await beside.settle(started)
    keepResult(doing, 'success', 'success')
    return null
  } finally {
    state.shell.endGroup()
  }
}

const wait = async ({ state, frame, beside, step }: Doing, started: readonly Started[]): Promise<Failed | null> => {
  state.shell.note(
    started.length === 0
      ? 'Nothing runs in the background that could be waited for.'
      : `Waiting for ${started.map(({ title }) => title).join(', ')}`,
  )
  const failed = await beside.settle(started)
  const isTolerated = failed !== null && mayStepFail(step, stepScope(state, frame, {}))
  const outcome = failed === null ? 'success' : 'failure'
  keepResult({ frame, step }, outcome, isTolerated ? 'success' : outcome)
  if (failed === null || isTolerated) return null
  frame.hasFailed = true
  return failed
}

const keepResult = (
  { frame, step }: Pick<Doing, 'frame' | 'step'>,
  outcome: 'success' | 'failure',
  conclusion: 'success' | 'failure',
): void => {
  const id = textOf(step['id'] ?? null)
  if (id !== '') frame.steps[id] = { outcome, conclusion, outputs: {} }
}
