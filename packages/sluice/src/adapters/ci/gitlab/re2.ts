/** Patterns of RE2, which GitLab takes, as those of JavaScript. Source: github.com/google/re2/wiki/Syntax, 2026-08. */

import { SluiceError } from '../../../core/errors.ts'
import { limits } from '../../../core/limits.ts'
import { matchesInTime } from '../../../lib/match-in-time.ts'

/** Whether a pattern is found in a text; see `isFoundInAny`. */
export const isFoundIn = (pattern: RegExp, text: string): boolean => isFoundInAny(pattern, [text])

/**
 * Whether a pattern is found in any of some texts. What GitLab matches with always answers soon, and JavaScript may take for ever: `config_invalid` then, because who wrote the pattern may be anybody
 * with a branch.
 */
export const isFoundInAny = (pattern: RegExp, texts: readonly string[]): boolean => {
  if (texts.length === 0) return false
  const found = matchesInTime(pattern, texts, limits.matchMs)
  if (found !== null) return found.some((match) => match !== null)
  throw new SluiceError('config_invalid', {
    detail: `the pattern ${String(pattern)} takes longer than ${limits.matchMs} ms`,
    hint: 'write it with fewer repetitions, and none inside of another',
  })
}

/** A pattern without its slashes; null for what RE2 has not (look-around, back references) and for what is no pattern. */
export const re2Pattern = (written: string, flags: string): RegExp | null => {
  if (/(?<!\\)\(\?(?:[=!]|<[=!])|(?<!\\)\\[1-9]/.test(written)) return null
  const leading = /^\(\?([ismU]+)\)/.exec(written)
  const isUnicode = /\\[pP]/.test(written)
  const wanted = new Set(`${flags}${leading?.[1] ?? ''}${isUnicode ? 'u' : ''}`.replaceAll('U', ''))
  try {
    return new RegExp(translated(written.slice(leading?.[0].length ?? 0), isUnicode), [...wanted].join(''))
  } catch {
    return null
  }
}

/** Flags that count until the end of their group stand around all that follows in it: `a(?i)b|c` is `a(?i:b)|(?i:c)`. */
const translated = (written: string, isUnicode: boolean): string => {
  const groups: string[][] = [[]]
  let isClass = false
  const pieces = [...written.matchAll(piece)].map(([whole]): string => {
    const open = groups.at(-1) ?? []
    if (whole.startsWith('\\')) return escaped(whole, isUnicode)
    if (isClass) {
      isClass = whole !== ']'
      return whole.startsWith('[:') ? posixClass(whole) : whole
    }
    if (whole.startsWith('[')) {
      isClass = true
      return whole
    }
    if (whole.startsWith('(?') && whole.endsWith(')')) {
      const flags = modifiers(whole)
      open.push(flags)
      return flags
    }
    if (whole.startsWith('(')) {
      groups.push([])
      return whole.replace('(?P<', '(?<')
    }
    if (whole === '|') return `${')'.repeat(open.length)}|${open.join('')}`
    if (whole !== ')') return whole
    if (groups.length > 1) groups.pop()
    return ')'.repeat(open.length + 1)
  })
  return `${pieces.join('')}${')'.repeat(groups[0]?.length ?? 0)}`
}

/** What is looked at as one: an escape, a class of POSIX, the beginning of a class with what may stand first in it, flags, the beginning of a group, a character. */
const piece =
  /\\Q[^]*?(?:\\E|$)|\\[pPx]\{[^}]*\}|\\[pP]\w|\\[^]|\[:\^?\w+:\](?=.*\])|\[\^?\]?|\(\?[ismU-]+\)|\(\?[ismU-]+:|\(\?P?<\w+>|\(|[^]/g

const modifiers = (written: string): string => `(?${written.slice(2, -1).replaceAll('U', '')}:`

const escaped = (written: string, isUnicode: boolean): string => {
  const kind = written[1] ?? ''
  if (kind === 'Q')
    return written
      .slice(2)
      .replace(/\\E$/, '')
      .replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)
  if (kind === 'A') return '(?<![^])'
  if (kind === 'z' || kind === 'Z') return '(?![^])'
  if (kind === 'x' && written.length > 2) {
    const code = written.slice(3, -1)
    return isUnicode ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`
  }
  if (!isUnicode) return written
  if (/^\\[pP]\w$/.test(written)) return `\\${kind}{${written.slice(2)}}`
  // With Unicode only what means something may be escaped.
  return /^\\[\w^$\\.*+?()[\]{}|/-]/.test(written) && kind !== '_' ? written : kind
}

const posixClass = (written: string): string => {
  const [, not = '', name = ''] = /^\[:(\^?)(\w+):\]$/.exec(written) ?? []
  const is = posixClasses[name]
  if (is === undefined) return written
  return not === '' ? is[0] : is[1]
}

/** What is in a class, and what is not. */
const posixClasses: Readonly<Record<string, readonly [string, string]>> = {
  alpha: ['A-Za-z', String.raw`\x00-@\[-\x60{-\uffff`],
  digit: ['0-9', String.raw`\D`],
  alnum: ['A-Za-z0-9', String.raw`\x00-\/:-@\[-\x60{-\uffff`],
  upper: ['A-Z', String.raw`\x00-@\[-\uffff`],
  lower: ['a-z', String.raw`\x00-\x60{-\uffff`],
  space: [String.raw`\s`, String.raw`\S`],
  word: [String.raw`\w`, String.raw`\W`],
  punct: [String.raw`!-\/:-@\[-\x60{-~`, String.raw`\x00- 0-9A-Za-z\x7f-\uffff`],
  xdigit: ['0-9A-Fa-f', String.raw`\x00-\/:-@G-\x60g-\uffff`],
}
