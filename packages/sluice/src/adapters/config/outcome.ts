/** What evaluating a config gave, and of which files; the one message from the child process. */
import { pathToFileURL } from 'node:url'

/** The message. `madeOf`: every file that was read for it; null where that cannot be told, because the config may have looked at more than it imports. */
export type Answer = { readonly outcome: Outcome; readonly madeOf: readonly string[] | null }

/** A value, or why there is none. `line` and `column` count from 1; 0 when unknown. */
export type Outcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'no_default' }
  /** Something that is not data (a function, a date …) at a path. */
  | { readonly kind: 'not_data'; readonly path: readonly (string | number)[]; readonly what: string }
  | {
      readonly kind: 'threw'
      readonly name: string
      readonly message: string
      readonly line: number
      readonly column: number
    }

/** The value, if it is plain data. */
export const valueOutcome = (value: unknown): Outcome => findOther(value, [], new Set()) ?? { kind: 'value', value }

/** What was thrown, and where in `file`. */
export const errorOutcome = (error: unknown, file: string): Outcome => {
  const name = error instanceof Error ? error.name : 'a thrown value'
  const message = error instanceof Error ? error.message : String(error)
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const [line, column] = placeIn(stack, [pathToFileURL(file).href, file])
  return { kind: 'threw', name, message, line, column }
}

/** Syntax errors begin their stack with `file:line`; others have frames `file:line:column`. */
const placeIn = (stack: string, names: readonly string[]): readonly [number, number] => {
  for (const name of names) {
    const at = stack.indexOf(`${name}:`)
    const found = at < 0 ? null : /^(\d+)(?::(\d+))?/.exec(stack.slice(at + name.length + 1))
    if (found !== null) return [Number(found[1]), Number(found[2] ?? 0)]
  }
  return [0, 0]
}

const findOther = (value: unknown, path: readonly (string | number)[], above: ReadonlySet<unknown>): Outcome | null => {
  if (value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean') return null
  if (typeof value === 'number') return Number.isFinite(value) ? null : { kind: 'not_data', path, what: String(value) }
  if (typeof value !== 'object') return { kind: 'not_data', path, what: `a ${typeof value}` }
  if (above.has(value)) return { kind: 'not_data', path, what: 'an object that contains itself' }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) {
    return { kind: 'not_data', path, what: `a ${value.constructor.name}` }
  }
  const within = new Set(above).add(value)
  const entries: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value)
  for (const [key, inner] of entries) {
    const other = findOther(inner, [...path, key], within)
    if (other !== null) return other
  }
  return null
}
