/** The coverage that a pattern finds in a job's log. Source: GitLab's `Gitlab::Ci::Trace::Stream#extract_coverage`, 2026-08. */

/** Looks at lines as they come. */
export type LogCoverage = {
  readonly see: (line: string) => void
  /** The first number of the last match, of its last group where it has one; null so far. */
  readonly found: () => string | null
}

/** For a pattern, without slashes; one that is none finds nothing. */
export const logCoverage = (pattern: string): LogCoverage => {
  const matcher = matcherOf(pattern)
  let found: string | null = null
  return {
    see: (line) => {
      const last = matcher === null ? undefined : [...line.matchAll(matcher)].at(-1)
      const number = /\d+(?:\.\d+)?/.exec(last?.findLast((group) => group !== undefined) ?? '')
      found = number?.[0] ?? found
    },
    found: () => found,
  }
}

const matcherOf = (pattern: string): RegExp | null => {
  try {
    return new RegExp(pattern, 'g')
  } catch {
    return null
  }
}
