/** Versions and their precedence. Source: Semantic Versioning 2.0.0, sections 2, 9, 10 and 11. */

/** A version; build metadata has no precedence and is left out. */
export type Version = {
  readonly major: number
  readonly minor: number
  readonly patch: number
  /** Identifiers of a pre-release, numeric ones as numbers; empty for a release. */
  readonly prerelease: readonly (string | number)[]
}

/** What a change does to a version, from least to most. */
export const bumps: readonly ['none', 'patch', 'minor', 'major'] = ['none', 'patch', 'minor', 'major']

/** How much of a version changes. */
export type Bump = (typeof bumps)[number]

const form =
  /^(0|[1-9]\d{0,15})\.(0|[1-9]\d{0,15})\.(0|[1-9]\d{0,15})(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?$/

/** Reads a version; null for what is none. */
export const parseVersion = (text: string): Version | null => {
  const found = text.length <= 256 ? form.exec(text) : null
  if (found === null) return null
  const [, major = '', minor = '', patch = '', prerelease] = found
  const numbers = [major, minor, patch].map(Number)
  if (!numbers.every(Number.isSafeInteger)) return null
  return {
    major: Number(major),
    minor: Number(minor),
    patch: Number(patch),
    prerelease:
      prerelease === undefined ? [] : prerelease.split('.').map((one) => (/^\d+$/.test(one) ? Number(one) : one)),
  }
}

/** Text of a version: `1.3.0-beta.2`. */
export const formatVersion = ({ major, minor, patch, prerelease }: Version): string =>
  `${major}.${minor}.${patch}${prerelease.length === 0 ? '' : `-${prerelease.join('.')}`}`

/** Precedence: below 0 when `a` comes before `b`, 0 when they are equal. */
export const compareVersions = (a: Version, b: Version): number =>
  compareCores(a, b) || comparePrereleases(a.prerelease, b.prerelease)

/** Precedence of major, minor and patch alone. */
export const compareCores = (a: Version, b: Version): number =>
  a.major - b.major || a.minor - b.minor || a.patch - b.patch

/** The next release after a version's core; a pre-release part is dropped first. */
export const bumpVersion = ({ major, minor, patch }: Version, bump: Bump): Version => {
  switch (bump) {
    case 'major':
      return { major: major + 1, minor: 0, patch: 0, prerelease: [] }
    case 'minor':
      return { major, minor: minor + 1, patch: 0, prerelease: [] }
    case 'patch':
      return { major, minor, patch: patch + 1, prerelease: [] }
    case 'none':
      return { major, minor, patch, prerelease: [] }
  }
}

/** The larger of two changes. */
export const largerBump = (a: Bump, b: Bump): Bump => (bumps.indexOf(a) >= bumps.indexOf(b) ? a : b)

const comparePrereleases = (a: Version['prerelease'], b: Version['prerelease']): number => {
  if (a.length === 0 || b.length === 0) return b.length - a.length
  for (const [index, one] of a.entries()) {
    const other = b[index]
    if (other === undefined) return 1
    const order = compareIdentifiers(one, other)
    if (order !== 0) return order
  }
  return a.length - b.length
}

const compareIdentifiers = (a: string | number, b: string | number): number => {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'number') return -1
  if (typeof b === 'number') return 1
  return a < b ? -1 : a > b ? 1 : 0
}
