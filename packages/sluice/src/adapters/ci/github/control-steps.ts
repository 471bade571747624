/** Steps without work of their own: `wait`, `wait-all`, `cancel` and `parallel`. They run whatever came before, and have no condition. */
import type { JsonValue } from '../../../core/pipeline/job-plan.ts'
import type { Fields } from './definition.ts'
import { isMapping, textOf } from './expressions.ts'

/** A step of this kind, read; null for one that works. */
export type Control =
  | { readonly kind: 'wait'; readonly title: string; readonly ids: readonly string[] | null }
  | { readonly kind: 'cancel'; readonly title: string; readonly id: string }
  | { readonly kind: 'parallel'; readonly steps: readonly Fields[] }

/** Reads a step; null for one that works. */
export const controlOf = (step: Fields): Control | null => {
  const title = (usual: string): string => textOf(step['name'] ?? usual)
  const { wait, cancel, parallel } = step
  if (wait !== undefined) return { kind: 'wait', title: title('Wait'), ids: textsIn(wait) }
  if (Object.hasOwn(step, 'wait-all'))
    return { kind: 'wait', title: title('Wait for all'), ids: step['wait-all'] === false ? [] : null }
  if (cancel !== undefined) return { kind: 'cancel', title: title('Cancel'), id: textOf(cancel) }
  return parallel === undefined
    ? null
    : { kind: 'parallel', steps: (Array.isArray(parallel) ? parallel : []).filter(isMapping) }
}

/** Steps with those of groups in their places. */
export const flatSteps = (steps: readonly Fields[]): readonly Fields[] =>
  steps.flatMap((step) => {
    const control = controlOf(step)
    return control?.kind === 'parallel' ? flatSteps(control.steps) : [step]
  })

const textsIn = (value: JsonValue): readonly string[] => (Array.isArray(value) ? value : [value]).map(textOf)
