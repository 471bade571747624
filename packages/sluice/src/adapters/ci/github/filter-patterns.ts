/** Patterns of `branches`, `tags` and `paths`. Source: docs.github.com, "Workflow syntax", *Filter pattern cheat sheet*, read 2026-08. */
import { SluiceError } from '../../../core/errors.ts'
import { limits } from '../../../core/limits.ts'
import { matchesInTime } from '../../../lib/match-in-time.ts'

/**
 * Whether a list of patterns lets `value` pass. They are gone through in order: one with `!` in front takes away again what those before it let in. `*` is any characters but `/`,
 * `**` any at all, `?` and `+` make the character before them optional or repeated, `[a-z]` is one of several, `\` takes the next character literally.
 */
export const passes = (patterns: readonly string[], value: string): boolean => {
  let isIn = false
  for (const pattern of patterns) {
    const isNegative = pattern.startsWith('!')
    if (isMatch(isNegative ? pattern.slice(1) : pattern, value)) isIn = !isNegative
  }
  return isIn
}

/** Repetitions of a pattern that is matched without a look at the time: each multiplies what a hostile text may take by its length. */
const directMax = 2

/** `config_invalid` for a pattern of many repetitions that takes too long: who wrote it may be anybody with a branch. */
const isMatch = (pattern: string, value: string): boolean => {
  const expression = patternExpression(pattern)
  if ((pattern.match(/\*+|[?+]/g) ?? []).length <= directMax) return expression.test(value)
  const found = matchesInTime(expression, [value], limits.matchMs)
  if (found !== null) return found[0] !== null
  throw new SluiceError('config_invalid', {
    detail: `the pattern '${pattern}' takes longer than ${limits.matchMs} ms`,
    hint: 'write it with fewer of * ? +',
  })
}

/** Why a pattern cannot be read, or null. */
export const patternProblem = (pattern: string): string | null => {
  try {
    patternExpression(pattern.replace(/^!/, ''))
    return pattern === '' || pattern === '!' ? 'a pattern must not be empty' : null
  } catch {
    return `'${pattern}' is not a pattern of branches, tags or paths`
  }
}

const patternExpression = (pattern: string): RegExp => {
  let source = ''
  for (let at = 0; at < pattern.length; at += 1) {
    const rest = pattern.slice(at)
    const character = pattern[at] ?? ''
    if (rest.startsWith('**/') && (at === 0 || pattern[at - 1] === '/')) {
      source += '(?:.*/)?'
      at += 2
    } else if (rest.startsWith('**')) {
      source += '.*'
      at += 1
    } else if (character === '*') source += '[^/]*'
    else if (character === '?' || character === '+') source += character
    else if (character === '[') {
      const end = pattern.indexOf(']', at + 1)
      if (end < 0) throw new SyntaxError('a bracket is not closed')
      source += `[${pattern
        .slice(at + 1, end)
        .replaceAll('\\', '\\\\')
        .replace(/^\^/, '\\^')}]`
      at = end
    } else if (character === '\\' && at + 1 < pattern.length) {
      at += 1
      source += RegExp.escape(pattern[at] ?? '')
    } else source += RegExp.escape(character)
  }
  return new RegExp(`^(?:${source})$`, 's')
}
