/** Problem matchers: patterns that make annotations out of what tools print. Source: actions/toolkit, `docs/problem-matchers.md`; actions/runner, `IssueMatcher`. */
import { dirname, isAbsolute, join, relative } from 'node:path'
import type { JsonValue } from '../../../../core/pipeline/job-plan.ts'
import type { Annotation } from '../../../../ports/dialect.ts'
import type { Fields } from '../definition.ts'
import { isMapping, textOf } from '../expressions.ts'

/** The matchers of a job, which all of its steps share. */
export type Matchers = {
  /** Adds those of a matcher file's content; one of the same owner is replaced. Throws an `Error` where the content is none. */
  add(content: JsonValue): void
  /** Takes away those of an owner. */
  remove(owner: string): void
  /** What a line, with those before it, says; null for nothing. */
  match(line: string): Annotation | null
}

/** Matchers whose files are told relative to `workspace`. */
export const createMatchers = (workspace: string): Matchers => {
  let matchers: readonly Matcher[] = []
  return {
    add: (content) => {
      const added = readMatchers(content)
      const owners = new Set(added.map(({ owner }) => owner))
      matchers = [...added, ...matchers.filter(({ owner }) => !owners.has(owner))]
    },
    remove: (owner) => {
      matchers = matchers.filter((one) => one.owner !== owner.toLowerCase())
    },
    match: (line) => {
      const plain = line.replaceAll(colour, '')
      for (const matcher of matchers) {
        const found = step(matcher, plain)
        if (found === null) continue
        // What one has understood is not for the others any more.
        for (const other of matchers) if (other !== matcher) other.found.fill(null)
        return annotationOf(found, matcher, workspace)
      }
      return null
    },
  }
}

// eslint-disable-next-line no-control-regex
const colour = /\u001B\[[0-9;]*m/g

const fieldNames = ['file', 'fromPath', 'line', 'column', 'severity', 'code', 'message'] as const

type Found = Partial<Record<(typeof fieldNames)[number], string>>

type Pattern = {
  readonly expression: RegExp
  readonly groups: Readonly<Record<string, number>>
  readonly loop: boolean
}

type Matcher = {
  readonly owner: string
  readonly severity: string
  readonly patterns: readonly Pattern[]
  /** What each pattern but the last has found so far. */
  readonly found: (Found | null)[]
}

const readMatchers = (content: JsonValue): readonly Matcher[] => {
  const list = isMapping(content) ? content['problemMatcher'] : null
  if (!Array.isArray(list)) throw new Error('a matcher file has a list problemMatcher')
  return list.filter(isMapping).map((one: Fields) => {
    const owner = textOf(one['owner'] ?? null).toLowerCase()
    if (owner === '') throw new Error('Owner must not be empty')
    const written = one['pattern']
    const patterns = (Array.isArray(written) ? written : []).filter(isMapping).map(readPattern)
    if (patterns.length === 0) throw new Error(`Matcher '${owner}' does not contain any patterns`)
    if (!patterns.some(({ groups }) => groups['message'] !== undefined))
      throw new Error("At least one pattern must set 'message'")
    return { owner, severity: textOf(one['severity'] ?? null), patterns, found: patterns.slice(1).map(() => null) }
  })
}

const readPattern = (written: Fields): Pattern => {
  const groups = fieldNames.flatMap((name) => {
    const group = written[name]
    return typeof group === 'number' ? [[name, group] as const] : []
  })
  return {
    expression: new RegExp(textOf(written['regexp'] ?? null)),
    groups: Object.fromEntries(groups),
    loop: written['loop'] === true,
  }
}

/** Takes a line through the patterns of a matcher, the last one first, as the runner does. */
const step = ({ patterns, found }: Matcher, line: string): Found | null => {
  for (let index = patterns.length - 1; index >= 0; index -= 1) {
    const pattern = patterns[index]
    const before = index === 0 ? {} : (found[index - 1] ?? null)
    if (pattern === undefined || before === null) continue
    const groups = pattern.expression.exec(line)
    const isLast = index === patterns.length - 1
    if (groups === null) {
      if (isLast && index > 0) found[index - 1] = null
      else if (!isLast) found[index] = null
      continue
    }
    const here: Found = { ...before }
    for (const [name, group] of Object.entries(pattern.groups)) {
      const field = fieldNames.find((one) => one === name)
      const value = groups[group]
      if (field !== undefined && value !== undefined) here[field] = before[field] ?? value
    }
    if (!isLast) {
      found[index] = here
      continue
    }
    found.fill(null)
    if (pattern.loop && index > 0) found[index - 1] = before
    return here
  }
  return null
}

const annotationOf = (found: Found, matcher: Matcher, workspace: string): Annotation | null => {
  const severity = (found.severity ?? '') === '' ? matcher.severity : (found.severity ?? '')
  const level = levels[severity.toLowerCase()]
  if (level === undefined || (found.message ?? '') === '') return null
  return {
    level,
    title: found.code ?? null,
    message: found.message ?? '',
    file: fileOf(found, workspace),
    line: numberOf(found.line),
    column: numberOf(found.column),
  }
}

const levels: Readonly<Record<string, Annotation['level']>> = {
  '': 'failure',
  error: 'failure',
  warning: 'warning',
  notice: 'notice',
  info: 'notice',
}

const fileOf = ({ file, fromPath }: Found, workspace: string): string | null => {
  if (file === undefined || file === '') return null
  const base = fromPath === undefined || fromPath === '' ? workspace : join(workspace, dirname(fromPath))
  const inside = relative(workspace, isAbsolute(file) ? file : join(base, file))
  return inside.startsWith('..') ? file : inside
}

const numberOf = (text: string | undefined): number | null => {
  const number = Number(text)
  return text !== undefined && text !== '' && Number.isInteger(number) ? number : null
}
