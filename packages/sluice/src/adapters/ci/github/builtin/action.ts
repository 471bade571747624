/** What a built-in action is. */
import type { Texts } from '../../../../core/pipeline/job-plan.ts'
import type { StepCall } from '../run/run-step.ts'

/** A use of a built-in action: the step, its inputs (names in lower case, all there), and the signal of the step. */
export type BuiltInCall = StepCall & { readonly inputs: Texts; readonly signal: AbortSignal }

/** An action that Sluice runs by itself. */
export type BuiltIn = {
  /** Inputs with their defaults; others are told as unexpected. */
  readonly inputs: Texts
  /** Outputs go into the unit; rejects where it fails. */
  readonly run: (call: BuiltInCall) => Promise<void>
}

/** Whether an input says yes. */
export const isYes = (value: string | undefined): boolean =>
  ['true', '1', 'yes'].includes((value ?? '').trim().toLowerCase())

/** Lines of an input that say something. */
export const linesOf = (value: string | undefined): readonly string[] =>
  (value ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')

/** Inputs that have no meaning here, with nothing to tell: tokens, addresses of GitHub. */
export const moot = (...names: readonly string[]): Texts => Object.fromEntries(names.map((name) => [name, '']))
