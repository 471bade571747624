/** The coverage that a pattern finds in a job's log. Source: GitLab's `Gitlab::Ci::Trace::Stream#extract_coverage`, 2026-08. */
import { limits } from '../core/limits.ts'
import { matchesInTime, type PatternText } from '../lib/match-in-time.ts'

/** Looks at lines as they come. */
export type LogCoverage = {
  readonly see: (line: string) => void
  /** The first number of the last match, of its last group where it has one; null so far, and where the pattern takes too long for its lines. */
  readonly found: () => string | null
}

/** Lines are looked at together, so many characters and more: to be able to stop a pattern takes longer than most of them. */
const togetherCharacters = 16_384

/** For a pattern, without slashes; one that is none finds nothing. */
export const logCoverage = (pattern: string): LogCoverage => {
  let matcher = matcherOf(pattern)
  let found: string | null = null
  let lines: string[] = []
  let characters = 0
  const look = (): void => {
    const matches = matcher === null ? [] : matchesInTime(matcher, lines, limits.matchMs)
    lines = []
    characters = 0
    if (matches === null) [matcher, found] = [null, null]
    for (const match of matches ?? []) {
      const number = /\d+(?:\.\d+)?/.exec(match?.findLast((group) => group !== undefined) ?? '')
      found = number?.[0] ?? found
    }
  }
  return {
    see: (line) => {
      if (matcher === null) return
      lines.push(line)
      characters += line.length
      if (characters >= togetherCharacters || lines.length >= togetherCharacters) look()
    },
    found: () => {
      if (lines.length > 0) look()
      return found
    },
  }
}

const matcherOf = (pattern: string): PatternText | null => {
  try {
    const { source, flags } = new RegExp(pattern, 'g')
    return { source, flags }
  } catch {
    return null
  }
}
