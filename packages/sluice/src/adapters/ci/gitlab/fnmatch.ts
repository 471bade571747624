/**
 * Path patterns of `rules:changes`, `rules:exists` and `only:changes`. GitLab matches them with Ruby's `File.fnmatch?` under FNM_PATHNAME, FNM_DOTMATCH and
 * FNM_EXTGLOB, which differs from the globs of npm's libraries: `**` crosses folders only before a slash, braces expand, `+(…)` means itself.
 * Source: GitLab's `rules/rule/clause/changes.rb`, Ruby's documentation of `File.fnmatch`, 2026-08.
 */

import { isFoundInAny } from './re2.ts'

/** Whether any of the paths matches any of the patterns. `config_invalid` for a pattern of many stars that takes too long. */
export const matchesAny = (patterns: readonly string[], paths: readonly string[]): boolean =>
  patterns.flatMap(expandBraces).some((pattern) => isFoundInAny(regexOf(pattern), paths))

/** A pattern without braces for each way to choose in `{a,b}`; a bound keeps hostile ones small. */
export const expandBraces = (pattern: string): readonly string[] => {
  const done: string[] = []
  const open = [pattern]
  for (let next = open.pop(); next !== undefined && done.length < expansionsMax; next = open.pop()) {
    const braces = firstBraces(next)
    if (braces === null) done.push(next)
    else {
      const [head, tail] = [next.slice(0, braces.start), next.slice(braces.end)]
      open.push(...braces.choices.map((choice) => `${head}${choice}${tail}`).reverse())
    }
  }
  return done
}

const expansionsMax = 1_000

type Braces = { readonly start: number; readonly end: number; readonly choices: readonly string[] }

const firstBraces = (pattern: string): Braces | null => {
  let depth = 0
  let start = -1
  let from = 0
  const choices: string[] = []
  for (let at = 0; at < pattern.length; at += 1) {
    const letter = pattern[at]
    if (letter === '\\') at += 1
    else if (letter === '{') {
      if (depth === 0) [start, from] = [at, at + 1]
      depth += 1
    } else if (letter === ',' && depth === 1) {
      choices.push(pattern.slice(from, at))
      from = at + 1
    } else if (letter === '}' && depth > 0) {
      depth -= 1
      if (depth === 0) return { start, end: at + 1, choices: [...choices, pattern.slice(from, at)] }
    }
  }
  return null
}

const regexOf = (pattern: string): RegExp => {
  let text = ''
  for (let at = 0; at < pattern.length;) {
    const isSegmentStart = at === 0 || pattern[at - 1] === '/'
    if (isSegmentStart && pattern.startsWith('**/', at)) {
      text += '(?:[^/]+/)*'
      at += 3
      continue
    }
    const piece = pieceAt(pattern, at)
    text += piece.text
    at = piece.next
  }
  return new RegExp(`^${text}$`, 's')
}

const pieceAt = (pattern: string, at: number): { readonly text: string; readonly next: number } => {
  const letter = pattern[at] ?? ''
  if (letter === '*') {
    let next = at
    while (pattern[next] === '*') next += 1
    return { text: '[^/]*', next }
  }
  if (letter === '?') return { text: '[^/]', next: at + 1 }
  if (letter === '\\' && at + 1 < pattern.length) return { text: escapeRegex(pattern[at + 1] ?? ''), next: at + 2 }
  const set = letter === '[' ? /^\[([!^]?)((?:\\.|[^\]\\])+)\]/.exec(pattern.slice(at)) : null
  if (set === null) return { text: escapeRegex(letter), next: at + 1 }
  const [whole, negation, inside = ''] = set
  const members = inside.replaceAll(/[[^]/g, String.raw`\$&`)
  const text = negation === '' ? `(?!/)[${members}]` : `[^/${members}]`
  return { text: isRegex(text) ? text : escapeRegex(whole), next: at + whole.length }
}

/** A set such as `[z-a]` is none. */
const isRegex = (text: string): boolean => {
  try {
    return new RegExp(text) instanceof RegExp
  } catch {
    return false
  }
}

const escapeRegex = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)
