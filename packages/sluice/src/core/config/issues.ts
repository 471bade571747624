/** What is wrong with a config, as data; made from zod's issues and rendered as sentences with positions. */
import type { z } from 'zod'
import type { KeyPath } from './locate.ts'
import { type Distance, nearest } from './nearest.ts'
import { keysAt, type Shape, valuesAt } from './shape.ts'

/** One mistake. */
export type ConfigIssue = {
  readonly path: KeyPath
  /** What is wrong and why, without the place; continues `<path>: `. */
  readonly message: string
  /** What to write instead; null when the message says it all. */
  readonly fix: string | null
}

type ZodIssue = z.core.$ZodIssue
/** `meant` is the path of the key that an unknown one was probably meant to be. */
type Described = ConfigIssue & { readonly kind: string; readonly meant: KeyPath | null }

/** What is looked up for a mistake: how far words are apart, and what may stand where. */
export type Lookup = { readonly distance: Distance; readonly shape: Shape }

/** Turns zod's issues about `input` into ours. */
export const issuesOf = (issues: readonly ZodIssue[], input: unknown, lookup: Lookup): readonly ConfigIssue[] => {
  const all = issues.flatMap((issue) => unfold(issue, [], input)).flatMap((issue) => describe(issue, input, lookup))
  // A mistyped key explains the missing one beside it, and a wrong part or form explains the wrong whole.
  const isExplained = (one: Described): boolean =>
    all.some((other) => other.meant !== null && isSame(other.meant, one.path)) ||
    (one.kind === 'custom' &&
      all.some(
        (other) =>
          (other.path.length > one.path.length || other.kind !== 'custom') &&
          isSame(other.path.slice(0, one.path.length), one.path),
      ))
  const left = all.filter((one) => !isExplained(one))
  const rank = (one: Described): number => (one.kind === 'unknown' ? 0 : 1)
  return left.toSorted((a, b) => rank(a) - rank(b)).map(({ path, message, fix }) => ({ path, message, fix }))
}

/** Lays a nested issue (a union's, a record key's) open: the ones of the branch that was meant, with full paths. */
const unfold = (issue: ZodIssue, prefix: KeyPath, input: unknown): readonly ZodIssue[] => {
  const path = [...prefix, ...issue.path.filter((part) => typeof part !== 'symbol')]
  if (issue.code === 'invalid_union') {
    const meant = nearestBranches(
      issue.errors.filter((branch) => !branch.some(isOtherType)),
      valueAt(input, path),
    )
    const [branch] = meant
    if (meant.length === 1 && branch !== undefined) return branch.flatMap((inner) => unfold(inner, path, input))
  }
  return [{ ...issue, path: [...path] }]
}

/** Of branches for objects, those that know most of what was written; one whose telling key is not there was not meant. */
const nearestBranches = (branches: readonly (readonly ZodIssue[])[], value: unknown): typeof branches => {
  const strange = (branch: readonly ZodIssue[]): number =>
    branch.reduce((count, issue) => {
      if (issue.code === 'unrecognized_keys' && issue.path.length === 0) return count + issue.keys.length
      const isUntold = issue.code === 'invalid_union' && issue.errors.length === 0 && issue.path.length === 1
      return isUntold && valueAt(value, issue.path.map(String)) === undefined ? Infinity : count
    }, 0)
  const least = Math.min(...branches.map(strange))
  return branches.filter((branch) => strange(branch) === least)
}

const isOtherType = (issue: ZodIssue): boolean =>
  issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value')

const describe = (issue: ZodIssue, input: unknown, { distance, shape }: Lookup): readonly Described[] => {
  const written = issue.path.filter((part) => typeof part !== 'symbol')
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(shape, written, valueAt(input, [...written, 'kind']))
    return issue.keys.map((key) => unknownKey([...written, key], known, distance))
  }
  if (issue.code === 'invalid_key') {
    const [inner] = issue.issues
    return [
      {
        kind: 'key',
        path: written,
        message: `${inner?.message ?? issue.message}, got ${show(written.at(-1))}`,
        fix: null,
        meant: null,
      },
    ]
  }
  // A shorthand is read as if it were the long form; what is wrong with it is wrong with what was written.
  const path = typeof valueAt(input, written.slice(0, -1)) === 'object' ? written : written.slice(0, -1)
  const value = valueAt(input, path)
  if (value === undefined && path.length > 0) {
    return [{ kind: 'missing', path, message: `this key is missing: ${issue.message}`, fix: null, meant: null }]
  }
  const near = typeof value === 'string' ? nearest(value, valuesAt(shape, path), distance) : null
  const fix = near === null ? null : `Did you mean '${near}'?`
  return [{ kind: issue.code, path, message: `${issue.message}, got ${showAt(path, value)}`, fix, meant: null }]
}

const unknownKey = (path: KeyPath, known: readonly string[], distance: Distance): Described => {
  const near = nearest(String(path.at(-1)), known, distance)
  return {
    kind: 'unknown',
    path,
    message: 'this key is not known here',
    fix: near === null ? `Known keys: ${known.join(', ')}.` : `Did you mean "${near}"?`,
    meant: near === null ? null : [...path.slice(0, -1), near],
  }
}

const isSame = (a: KeyPath, b: KeyPath): boolean => a.length === b.length && a.every((part, index) => part === b[index])

const valueAt = (input: unknown, path: KeyPath): unknown =>
  path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).find(([key]) => key === String(part))?.[1]
        : undefined,
    input,
  )

/** Values of variables may be secrets in spite of all advice, so they are never repeated. */
const showAt = (path: KeyPath, value: unknown): string =>
  path.some((part) => part === 'config' || part === 'env') && typeof value === 'string' ? 'some text' : show(value)

const show = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
