/** Inputs of `workflow_dispatch` and `workflow_call`: their types, defaults, and what is wrong with what was given. */
import type { JsonValue } from '../../../core/pipeline/job-plan.ts'
import type { Fields } from './definition.ts'
import { isMapping, textOf } from './expressions.ts'

/** Values by name, typed; or what is wrong, by name of the input. */
export type TypedInputs = {
  readonly values: Fields
  readonly problems: readonly { readonly name: string; readonly message: string }[]
}

/**
 * Types what was given by what was declared. Names are found whatever their case. A missing optional input gets its default, or the empty value of its type (`''`,
 * `false`, `0`); a missing required one, an unknown one, a value of another type or beside its choices is a problem.
 */
export const typedInputs = (declared: JsonValue | undefined, given: Fields): TypedInputs => {
  const definitions = isMapping(declared) ? declared : {}
  const problems: { name: string; message: string }[] = []
  const values: Record<string, JsonValue> = {}
  const names = new Map(Object.keys(given).map((name) => [name.toLowerCase(), name]))
  for (const [name, body] of Object.entries(definitions)) {
    const definition = isMapping(body) ? body : {}
    const written = names.get(name.toLowerCase())
    names.delete(name.toLowerCase())
    const value = written === undefined ? undefined : given[written]
    if (value === undefined) {
      if (definition['required'] === true && definition['default'] === undefined)
        problems.push({ name, message: `Input ${name} is required, but not provided.` })
      values[name] = typed(definition['default'] ?? null, definition) ?? emptyOf(definition)
      continue
    }
    const made = typed(value, definition)
    if (made === null)
      problems.push({
        name,
        message: `Unexpected value '${textOf(value)}' for the input ${name}: expected ${expected(definition)}`,
      })
    values[name] = made ?? emptyOf(definition)
  }
  for (const name of names.values())
    problems.push({ name, message: `Invalid input, ${name} is not defined${knownNames(definitions)}` })
  return { values, problems }
}

const knownNames = (definitions: Fields): string => {
  const names = Object.keys(definitions)
  return names.length === 0 ? '; there are no inputs.' : `; the inputs are ${names.join(', ')}.`
}

const expected = (definition: Fields): string => {
  if (definition['type'] === 'boolean') return 'true or false'
  if (definition['type'] === 'number') return 'a number'
  const { options } = definition
  return Array.isArray(options) ? `one of ${options.map(textOf).join(', ')}` : 'a text'
}

const emptyOf = (definition: Fields): JsonValue => {
  if (definition['type'] === 'boolean') return false
  return definition['type'] === 'number' ? 0 : ''
}

/** The value in the type of its input; null where it does not fit. */
const typed = (value: JsonValue, definition: Fields): JsonValue => {
  if (value === null) return null
  const { type, options } = definition
  if (type === 'boolean') {
    if (typeof value === 'boolean') return value
    return value === 'true' ? true : value === 'false' ? false : null
  }
  if (type === 'number') {
    const number = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value)
    return Number.isFinite(number) && typeof value !== 'boolean' ? number : null
  }
  const text = textOf(value)
  if (type === 'choice' && Array.isArray(options) && !options.map(textOf).includes(text)) return null
  return text
}
