/** `hashFiles(…)`. Source: docs.github.com, "Expressions", *hashFiles*; actions/runner, `hashFiles`; actions/toolkit, `glob`. */
import { createHash } from 'node:crypto'
import { lstatSync, type Stats, readdirSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, relative, resolve, sep } from 'node:path'
import picomatch from 'picomatch'

/**
 * The SHA-256 over the SHA-256 digests of all files under `workspace` that the patterns match, in the order in which a walk meets them; empty where there is none.
 * Patterns are gone through in order, one with `!` takes away; a pattern that matches a folder matches everything in it. Folders of git itself are not looked into.
 */
export const hashFiles = (workspace: string, patterns: readonly string[]): string => {
  const given = patterns.filter((pattern) => pattern !== '--follow-symbolic-links')
  const files = matchFiles(workspace, given, given.length < patterns.length)
  if (files.length === 0) return ''
  const whole = createHash('sha256')
  for (const file of files) whole.update(createHash('sha256').update(readFileSync(file)).digest())
  return whole.digest('hex')
}

/** Absolute paths of the files that the patterns (several in one text: one a line) match, as `@actions/glob` finds them: hidden ones too. */
export const matchFiles = (
  workspace: string,
  patterns: readonly string[],
  followsLinks: boolean,
): readonly string[] => {
  const rules = patterns
    .flatMap((pattern) => pattern.split('\n'))
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== '' && !pattern.startsWith('#'))
    .map((pattern) => ruleOf(workspace, pattern))
  const roots = rules.filter(({ isNegative }) => !isNegative).map(({ root }) => root)
  const starts = [...new Set(roots)].filter((root) => !roots.some((other) => other !== root && isInside(other, root)))
  const isWanted = (path: string): boolean =>
    rules.reduce((isIn, rule) => (rule.matches(path) ? !rule.isNegative : isIn), false)
  return starts
    .flatMap((start) => (start === workspace ? walkInto(start, followsLinks) : walk(start, followsLinks)))
    .filter((path) => isInside(workspace, path) && isWanted(path) && isFile(path))
}

type Rule = { readonly isNegative: boolean; readonly root: string; readonly matches: (path: string) => boolean }

const ruleOf = (workspace: string, written: string): Rule => {
  const isNegative = written.startsWith('!')
  const pattern = isNegative ? written.slice(1).trim() : written
  const home = pattern === '~' || pattern.startsWith('~/') ? join(homedir(), pattern.slice(1)) : pattern
  const absolute = home.startsWith('/') ? home : `${workspace.replace(/\/$/, '')}/${home.replace(/^(?:\.\/)+/, '')}`
  const whole = resolveGlob(absolute)
  const options = { dot: true, nobrace: true, noextglob: true, nonegate: true, strictBrackets: false }
  const exact = picomatch(whole, options)
  const below = picomatch(`${whole.replace(/\/$/, '')}/**`, options)
  return { isNegative, root: rootOf(whole), matches: (path) => exact(path) || below(path) }
}

/** Takes `.` and `..` out of a pattern's literal beginning. */
const resolveGlob = (pattern: string): string => {
  const root = rootOf(pattern)
  const rest = pattern.slice(root.length)
  return `${resolve(root)}${rest}`
}

/** The folder (or file) before the first part with a wildcard. */
export const rootOf = (pattern: string): string => {
  const parts = pattern.split('/')
  const first = parts.findIndex((part) => /[*?[]/.test(part))
  return first < 0 ? pattern : parts.slice(0, first).join('/') || '/'
}

/** Everything below a path that is no folder, each folder in the order of its names. */
const walk = (start: string, followsLinks: boolean): readonly string[] => {
  const stats = followsLinks ? statOf(start, statSync) : statOf(start, lstatSync)
  if (stats === null) return []
  return stats.isDirectory() ? walkInto(start, followsLinks) : [start]
}

/** The workspace itself may be a link. */
const walkInto = (folder: string, followsLinks: boolean): readonly string[] => {
  const names = readdirSync(folder).toSorted((a, b) => (a < b ? -1 : 1))
  return names.filter((name) => name !== '.git').flatMap((name) => walk(join(folder, name), followsLinks))
}

const statOf = (path: string, stat: typeof statSync): Stats | null => {
  try {
    return stat(path) ?? null
  } catch {
    // Gone, or a link to nothing.
    return null
  }
}

const isFile = (path: string): boolean => {
  const stats = statOf(path, statSync)
  return stats !== null && !stats.isDirectory()
}

const isInside = (folder: string, path: string): boolean => {
  const way = relative(folder, path)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`))
}
