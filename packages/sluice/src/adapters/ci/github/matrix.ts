/** The algebra of `strategy.matrix`: product, exclude, include. Source: docs.github.com, "Running variations of jobs in a workflow", read 2026-08. */
import { equals } from '@actions/expressions/result'
import type { JsonValue } from '../../../core/pipeline/job-plan.ts'
import { limits } from '../../../core/limits.ts'
import type { Fields, Leg } from './definition.ts'
import { dataOf, isMapping, textOf } from './expressions.ts'

/** The combinations, or why there are none. */
export type Expansion =
  | { readonly kind: 'legs'; readonly legs: readonly Leg[] }
  | { readonly kind: 'invalid'; readonly message: string }

/**
 * Expands an evaluated matrix. The first vector varies slowest. Excludes take away what has all of their values; then each include goes into every combination of the
 * product whose own values it does not change (values of earlier includes it may), and becomes a combination by itself where there is none. At most 256.
 */
export const expandMatrix = (matrix: JsonValue): Expansion => {
  if (!isMapping(matrix)) return invalid(`a matrix must be a mapping, and is ${textOf(matrix) || 'empty'}`)
  const { include = [], exclude = [], ...vectors } = matrix
  if (!Array.isArray(include)) return invalid('include of a matrix must be a sequence')
  if (!Array.isArray(exclude)) return invalid('exclude of a matrix must be a sequence')
  const problem = vectorProblem(vectors) ?? filterProblem('include', include) ?? filterProblem('exclude', exclude)
  if (problem !== null) return invalid(problem)
  for (const filter of exclude)
    for (const key of Object.keys(isMapping(filter) ? filter : {}))
      if (!Object.hasOwn(vectors, key))
        return invalid(`Matrix exclude key '${key}' does not match any key within the matrix`)
  const base = product(vectors)
  if (base === null) return invalid(tooMany)
  const kept = base.filter((combination) => !exclude.some((filter) => matches(combination, filter)))
  const combinations = withIncludes(kept, include.filter(isMapping))
  if (combinations.length > limits.matrixLegsMax) return invalid(tooMany)
  if (combinations.length === 0) return invalid('the matrix has no combination left')
  const total = combinations.length
  return { kind: 'legs', legs: combinations.map((one, index) => ({ matrix: one, index, total, limits: {} })) }
}

/** What GitHub puts into the brackets behind a leg's name: its values in order, nested ones too, cut at 100 characters. */
export const legLabel = (matrix: Fields): string => {
  const label = leavesOf(matrix)
    .map(textOf)
    .filter((text) => text !== '')
    .join(', ')
  return label.length <= labelLengthMax ? label : `${label.slice(0, labelLengthMax - 3)}...`
}

/** As many characters as GitHub shows. */
const labelLengthMax = 100

const tooMany = `Strategy expansion exceeded ${limits.matrixLegsMax} results`

const invalid = (message: string): Expansion => ({ kind: 'invalid', message })

const vectorProblem = (vectors: Fields): string | null => {
  for (const [key, values] of Object.entries(vectors)) {
    if (!Array.isArray(values)) return `Matrix vector '${key}' must be a sequence, and is ${textOf(values) || 'empty'}`
    if (values.length === 0) return `Matrix vector '${key}' does not contain any values`
  }
  return null
}

const filterProblem = (name: string, filters: readonly JsonValue[]): string | null =>
  filters.every(isMapping) ? null : `${name} of a matrix must hold mappings`

/** All combinations; null where they are more than allowed many times over, before anything is taken away. */
const product = (vectors: Fields): readonly Fields[] | null => {
  const lists = Object.entries(vectors).map(([key, values]) => ({ key, values: Array.isArray(values) ? values : [] }))
  if (lists.length === 0) return []
  const count = lists.reduce((size, { values }) => size * values.length, 1)
  if (count > limits.matrixProductMax) return null
  let combinations: readonly Fields[] = [{}]
  for (const { key, values } of lists)
    combinations = combinations.flatMap((one) => values.map((value: JsonValue) => ({ ...one, [key]: value })))
  return combinations
}

const withIncludes = (originals: readonly Fields[], includes: readonly Fields[]): readonly Fields[] => {
  const extended = originals.map((original): { original: Fields; extra: Record<string, JsonValue> } => ({
    original,
    extra: {},
  }))
  const added: Fields[] = []
  for (const include of includes) {
    const fitting = extended.filter(({ original }) =>
      Object.entries(include).every(([key, value]) => !Object.hasOwn(original, key) || matches(original[key], value)),
    )
    if (fitting.length === 0) added.push(include)
    for (const { original, extra } of fitting)
      for (const [key, value] of Object.entries(include)) if (!Object.hasOwn(original, key)) extra[key] = value
  }
  return [...extended.map(({ original, extra }) => ({ ...original, ...extra })), ...added]
}

/** Whether a value has everything that a filter asks for; mappings by their keys, sequences item by item, the rest as `==` of expressions has it. */
const matches = (value: JsonValue | undefined, filter: JsonValue): boolean => {
  if (value === undefined) return false
  if (isMapping(filter))
    return isMapping(value) && Object.entries(filter).every(([key, wanted]) => matches(value[key], wanted))
  if (Array.isArray(filter))
    return (
      Array.isArray(value) &&
      value.length === filter.length &&
      filter.every((wanted: JsonValue, index) => matches(value[index], wanted))
    )
  return typeof value !== 'object' || value === null ? equals(dataOf(value), dataOf(filter)) : false
}

const leavesOf = (value: JsonValue): readonly JsonValue[] => {
  if (Array.isArray(value)) return value.flatMap(leavesOf)
  return isMapping(value) ? Object.values(value).flatMap(leavesOf) : [value]
}
