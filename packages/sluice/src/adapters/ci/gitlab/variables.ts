/**
 * Variables of a pipeline and how they are filled in. Precedence, from low to high: predefined, `variables:` of the file, of `workflow:rules`, of the job, of its
 * matched rule, dotenv reports of needs (at run time), the project's settings, those typed for the run. Source: docs.gitlab.com/ci/variables, 2026-08.
 */
import { booleanOf, type MapTree, type Tree, textOf, valueOf } from './tree.ts'
import type { GivenVariable } from './context.ts'
import { runtimeVariables } from './predefined.ts'

/** A variable before it is filled in. */
export type Variable = {
  readonly value: string
  /** `$` in it means itself. */
  readonly isRaw: boolean
  readonly isFile: boolean
  readonly isMasked: boolean
  /** `given`: stronger than what dotenv reports say. */
  readonly layer: 'predefined' | 'file' | 'given'
}

/** Variables by name, the later of two winning. */
export type Variables = ReadonlyMap<string, Variable>

/** Some variables of one layer. */
export const layerOf = (values: Iterable<readonly [string, string]>, layer: Variable['layer']): Variables =>
  new Map(
    [...values].map(([name, value]) => [
      name,
      { value, isRaw: layer === 'predefined', isFile: false, isMasked: false, layer },
    ]),
  )

/** What `variables:` says: texts, numbers and truth values, or mappings with `value` and `expand`. */
export const variablesOf = (tree: Tree | null): Variables => {
  if (tree?.kind !== 'map') return new Map()
  return new Map(
    [...tree.entries].map(([name, { value }]) => [
      name,
      {
        value: textOf(value.kind === 'map' ? valueOf(value, 'value') : value) ?? '',
        isRaw: booleanOf(valueOf(value, 'expand')) === false,
        isFile: false,
        isMasked: false,
        layer: 'file',
      },
    ]),
  )
}

/** Variables given from outside, in the order of their strength. */
export const givenVariables = (given: readonly GivenVariable[]): Variables =>
  new Map(
    given
      .toSorted((a, b) => (a.from === b.from ? 0 : a.from === 'project' ? -1 : 1))
      .map(({ name, value, isRaw, isFile, isMasked }) => [name, { value, isRaw, isFile, isMasked, layer: 'given' }]),
  )

/** Layers one over the other; the last one wins. */
export const layered = (...layers: readonly Variables[]): Variables => new Map(layers.flatMap((layer) => [...layer]))

/** Keys of a mapping of variables that may be taken over, by `inherit:variables`. */
export const inheritedVariables = (variables: Variables, inherit: MapTree | null): Variables => {
  const rule = valueOf(inherit, 'variables')
  if (booleanOf(rule) === false) return new Map()
  if (rule?.kind !== 'list') return variables
  const names = new Set(rule.items.map(textOf))
  return new Map([...variables].filter(([name]) => names.has(name)))
}

/**
 * GitLab fills in names, and its runner what then looks like one: with Go's `os.Expand`, to which `${NAME:-text}` and `$1` are names that nothing defines.
 * Source: GitLab's `lib/expand_variables.rb`, the runner's `common/variables.go`, 2026-08.
 */
const reference = /\$\$|%%|\$([a-zA-Z_]\w*)|\$\{([a-zA-Z_]\w*)\}|%([a-zA-Z_]\w*)%|(\$\{[^}$]*\}|\$[*#@!?\d-])/g

/** `${URL_${STAGE}}`: GitLab fills in the inner name, the runner then the outer one. */
const nested = /\$\{\w*\$[\w{]/

/** A filled-in value: texts that are known, and names that only the run knows. `written`: as it was, where that is no name. */
export type Filled = readonly (string | { readonly name: string; readonly written?: string })[]

/** Fills in values, each variable once. */
export type Filler = {
  /** `unknown`: what a name becomes that nothing defines: nothing, or itself. Folders and secrets, which the machine knows, stay as they are (`$CI_PROJECT_DIR`). */
  readonly text: (text: string, unknown?: 'empty' | 'kept') => string
  /** With the names of the run apart. */
  readonly parts: (text: string) => Filled
  /** A variable filled in; null for none. */
  readonly variable: (name: string) => Filled | null
  /** What a condition sees of a variable: its text, that of masked ones too; null for one that is not set. */
  readonly known: (name: string) => string | null
}

/** What a filler may leave to the run: names that only then have a value. */
export type FillerOptions = { readonly isLate: (name: string) => boolean }

/** Makes a filler. A variable that leads to itself stays as it is written, as GitLab leaves it. */
export const createFiller = (variables: Variables, options: FillerOptions): Filler => {
  const done = new Map<string, Filled>()
  const fill = (text: string, path: ReadonlySet<string>): Filled => {
    const filled = fillOnce(text, path)
    const [only, ...more] = filled
    return nested.test(text) && typeof only === 'string' && more.length === 0 ? fillOnce(only, path) : filled
  }
  const fillOnce = (text: string, path: ReadonlySet<string>): Filled => {
    const parts: Filled[number][] = []
    let end = 0
    for (const match of text.matchAll(reference)) {
      parts.push(text.slice(end, match.index))
      end = match.index + match[0].length
      parts.push(...replaced(match, path))
    }
    return compact([...parts, text.slice(end)])
  }
  const replaced = (match: RegExpExecArray, path: ReadonlySet<string>): Filled => {
    const [whole, plain, braced, percent, nameless] = match
    if (whole === '$$') return ['$']
    if (nameless !== undefined) return [{ name: '', written: nameless }]
    const name = plain ?? braced ?? percent
    if (name === undefined || path.has(name)) return [whole]
    const value = variableOf(name, path)
    if (value !== null) return value
    // `%NAME%` is only a variable when there is one: texts are full of percent signs.
    return percent === undefined ? [{ name }] : [whole]
  }
  const variableOf = (name: string, path: ReadonlySet<string>): Filled | null => {
    const known = done.get(name)
    if (known !== undefined) return known
    const variable = variables.get(name)
    if (variable === undefined) return runtimeVariables.has(name) ? [{ name }] : null
    if (variable.isMasked || variable.isFile) return [{ name }]
    const filled = variable.isRaw ? [variable.value] : fill(variable.value, new Set([...path, name]))
    if (path.size === 0) done.set(name, filled)
    return filled
  }
  const none: ReadonlySet<string> = new Set()
  const parts = (text: string): Filled =>
    fill(text, none).flatMap((part) =>
      typeof part === 'string' || isOfRun(part.name, variables, options) ? [part] : [],
    )
  const text = (written: string, unknown: 'empty' | 'kept' = 'empty'): string =>
    fill(written, none)
      .map((part) => {
        if (typeof part === 'string') return part
        if (part.written !== undefined) return unknown === 'kept' ? part.written : ''
        return unknown === 'kept' || isOfRun(part.name, variables, { isLate: () => false }) ? `$${part.name}` : ''
      })
      .join('')
  const variable = (name: string): Filled | null => {
    const filled = variableOf(name, none)
    return filled?.filter((part) => typeof part === 'string' || isOfRun(part.name, variables, options)) ?? null
  }
  const known = (name: string): string | null => {
    const found = variables.get(name)
    if (found === undefined) return null
    const isPlain = found.isRaw || found.isMasked || found.isFile || !/[$%]/.test(found.value)
    return isPlain ? found.value : text(`$${name}`)
  }
  return { text, parts, variable, known }
}

const isOfRun = (name: string, variables: Variables, { isLate }: FillerOptions): boolean => {
  const variable = variables.get(name)
  return variable === undefined ? runtimeVariables.has(name) || isLate(name) : variable.isMasked || variable.isFile
}

const compact = (parts: Filled): Filled => {
  const result: Filled[number][] = []
  for (const part of parts) {
    const last = result.at(-1)
    if (typeof part === 'string' && typeof last === 'string') result[result.length - 1] = last + part
    else if (part !== '') result.push(part)
  }
  return result
}

/** A value as shell text between double quotes; names of the run stay variables. */
export const shellText = (filled: Filled): string =>
  filled
    .map((part) => (typeof part === 'string' ? part.replaceAll(/[\\"$`]/g, String.raw`\$&`) : `\${${part.name}-}`))
    .join('')
