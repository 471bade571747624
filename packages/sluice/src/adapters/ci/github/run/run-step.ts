/** One step: its environment, its condition, its limits, and how it ended. */
import { limits } from '../../../../core/limits.ts'
import type { JsonValue } from '../../../../core/pipeline/job-plan.ts'
import type { Fields } from '../definition.ts'
import { evaluateCondition, evaluateText, evaluateValue, textOf, type Scope } from '../expressions.ts'
import { firstLine } from '../job-fields.ts'
import { actionReference } from '../action-reference.ts'
import {
  createUnit,
  failingCode,
  tellError,
  type JobState,
  type StepFrame,
  type StepOutcome,
  type StepUnit,
} from './job-state.ts'
import { runAction } from './run-action.ts'
import { runScript } from './run-script.ts'
import { holdsWhenCancelled, stepScope, textsOf } from './step-scope.ts'
import { stepSignal } from './step-signal.ts'

/** A step that failed: what it is called, and its exit code where it has one. */
export type Failed = { readonly name: string | null; readonly exitCode: number | null }

/** What a step is carried out with. */
export type StepCall = {
  readonly state: JobState
  readonly frame: StepFrame
  readonly step: Fields
  readonly unit: StepUnit
  readonly scope: Scope
  /** Runs the steps of a composite action. */
  readonly runInner: typeof runSteps
}

/** Runs steps in order, each by its condition, and keeps their results in the frame. Gives the first that failed for good; null for none. */
export const runSteps = async (state: JobState, frame: StepFrame, steps: readonly Fields[]): Promise<Failed | null> => {
  let first: Failed | null = null
  for (const step of steps) {
    const failed = keep(frame, await attemptStep(state, frame, step))
    first ??= failed
  }
  return first
}

/** A step that has been tried: how it ended, what it gave, and its id where it has one. */
export type Attempted = { readonly id: string; readonly unit: StepUnit; readonly ended: Ended }

/** Tries a step, and keeps nothing of it yet. Never rejects for what a document says. */
export const attemptStep = async (state: JobState, frame: StepFrame, step: Fields): Promise<Attempted> => {
  const id = textOf(step['id'] ?? null)
  const unit = createUnit(state, {
    id: stepId(frame, step),
    title: plainTitle(step),
    env: {},
    saved: state.saved.get(step) ?? {},
  })
  frame.unit = unit
  const ended = await attempt(state, frame, { step, unit })
  frame.unit = null
  return { id, unit, ended }
}

/** Keeps the results of a step. Gives how it failed for good; null where it did not. */
export const keep = (frame: StepFrame, { id, unit, ended }: Attempted): Failed | null => {
  const { outcome, conclusion, title } = ended
  if (id !== '') frame.steps[id] = { outcome, conclusion, outputs: outcome === 'skipped' ? {} : unit.outputs }
  if (conclusion !== 'failure') return null
  frame.hasFailed = true
  return { name: title, exitCode: failingCode(unit) }
}

type Ended = { readonly outcome: StepOutcome; readonly conclusion: StepOutcome; readonly title: string }

const attempt = async (
  state: JobState,
  frame: StepFrame,
  { step, unit: early }: { readonly step: Fields; readonly unit: StepUnit },
): Promise<Ended> => {
  let title = early.title
  try {
    const env = textsOf(evaluateValue(step['env'] ?? {}, stepScope(state, frame, {})))
    const scope = stepScope(state, frame, env)
    if (!evaluateCondition(step['if'], scope)) {
      state.shell.note(`Skipped: ${title}`)
      return { outcome: 'skipped', conclusion: 'skipped', title }
    }
    if (step['name'] !== undefined) title = evaluateText(textOf(step['name']), scope)
    const unit = early
    unit.env = env
    unit.title = title
    const outcome = await carryOut({ state, frame, step, unit, scope, runInner: runSteps })
    const mayFail = outcome === 'failure' && mayStepFail(step, scope)
    return { outcome, conclusion: mayFail ? 'success' : outcome, title }
  } catch (error) {
    tellError(state, error instanceof Error ? error.message : String(error))
    return { outcome: 'failure', conclusion: 'failure', title }
  }
}

/** `continue-on-error` of a step. */
export const mayStepFail = (step: Fields, scope: Scope): boolean =>
  textOf(evaluateValue(step['continue-on-error'] ?? false, scope)) === 'true'

const carryOut = async (call: StepCall): Promise<StepOutcome> => {
  const { state, step, unit, scope } = call
  const minutes = Number(evaluateValue(step['timeout-minutes'] ?? 0, scope))
  const limitMs = minutes > 0 ? Math.min(minutes * 60_000, limits.durationMsMax) : null
  const wasCancelled = state.signal.aborted
  const { calledOff } = state
  const onward = stepSignal(state, () => holdsWhenCancelled(state, step['if'], scope))
  const outer = calledOff === null ? onward : AbortSignal.any([onward, calledOff])
  const limit = limitMs === null ? null : AbortSignal.timeout(Math.ceil(limitMs))
  const signal = limit === null ? outer : AbortSignal.any([outer, limit])
  state.shell.group(unit.title === plainTitle(step) && step['name'] === undefined ? `Run ${unit.title}` : unit.title)
  try {
    const outcome = step['uses'] === undefined ? await runScript(call, signal) : await runAction(call, signal)
    if (limit?.aborted === true && !outer.aborted) {
      tellError(state, `The action '${unit.title}' has timed out after ${minutes} minutes.`)
      return 'failure'
    }
    if (outer.aborted) {
      if (!wasCancelled && calledOff?.aborted !== true) tellError(state, 'The operation was canceled.')
      return 'cancelled'
    }
    return unit.hasBrokenCommand && outcome === 'success' ? 'failure' : outcome
  } catch (error) {
    tellError(state, error instanceof Error ? error.message : String(error))
    return limit?.aborted !== true && outer.aborted ? 'cancelled' : 'failure'
  } finally {
    state.shell.endGroup()
  }
}

/** What a step is called before its expressions are evaluated: the same that the plan shows. */
export const plainTitle = (step: Fields): string => textOf(step['name'] ?? step['uses'] ?? firstLine(step['run']))

/** `GITHUB_ACTION`: the id of a step, or `__run`, `__run_2`, `__actions_checkout`. Source: docs.github.com, "Variables reference", *GITHUB_ACTION*. */
export const stepId = ({ taken }: Pick<StepFrame, 'taken'>, step: Fields): string => {
  const written = textOf(step['id'] ?? null)
  if (written !== '') return written
  const base = `__${idOf(step['uses'])}`.replaceAll(/[^\w-]/g, '_')
  const count = (taken.get(base) ?? 0) + 1
  taken.set(base, count)
  return count === 1 ? base : `${base}_${count}`
}

const idOf = (uses: JsonValue | undefined): string => {
  if (uses === undefined) return 'run'
  const reference = actionReference(textOf(uses))
  if (reference?.kind === 'repository') return reference.repository
  return reference?.kind === 'docker' ? reference.name.slice('docker://'.length) : 'self'
}
