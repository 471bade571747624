/** Commits as conventional commits have them. Source: Conventional Commits 1.0.0. */
import { type Bump, largerBump } from './semver.ts'

/** A commit, read. `type` null: its message is no conventional commit. */
export type ConventionalCommit = {
  readonly id: string
  readonly header: string
  readonly type: string | null
  readonly scope: string | null
  /** What stands after the colon, or the whole header. */
  readonly description: string
  /** Text of each breaking note; one that only has `!` gives its description. */
  readonly breaking: readonly string[]
  /** Issues that it names: `#12`, `acme/x#4`. */
  readonly references: readonly string[]
  /** Id of the commit that it takes back, as far as it is written; null for none. */
  readonly reverts: string | null
  /** Whether it has several parents. */
  readonly isMerge: boolean
}

/** What the types of commits do to a version. Types that are not named do nothing. */
export type BumpPolicy = {
  readonly types: Readonly<Record<string, Bump>>
  /** What a breaking change does below 1.0.0, where the API is not yet stable (SemVer, section 4). */
  readonly breakingBeforeOne: Exclude<Bump, 'none'>
}

/** As the Angular convention has it: features are minor, fixes are patches. */
export const defaultBumps: BumpPolicy = {
  types: { feat: 'minor', fix: 'patch', perf: 'patch', revert: 'patch' },
  breakingBeforeOne: 'minor',
}

/** What commits come to together. `isStable` is false below 1.0.0. */
export const bumpOf = (commits: readonly ConventionalCommit[], policy: BumpPolicy, isStable: boolean): Bump =>
  commits.map((commit) => bumpOfOne(commit, policy, isStable)).reduce<Bump>(largerBump, 'none')

const bumpOfOne = (commit: ConventionalCommit, policy: BumpPolicy, isStable: boolean): Bump => {
  if (commit.breaking.length > 0) return isStable ? 'major' : policy.breakingBeforeOne
  if (commit.reverts !== null) return policy.types['revert'] ?? 'patch'
  return commit.type === null ? 'none' : (policy.types[commit.type] ?? 'none')
}

/** The commits without those that others of the list take back, and without what takes them back: nobody who upgrades sees either. */
export const withoutReverted = (commits: readonly ConventionalCommit[]): readonly ConventionalCommit[] => {
  const gone = new Set<string>()
  // Newest first, so that a revert that was reverted itself takes nothing back.
  for (const commit of commits) {
    if (commit.reverts === null || gone.has(commit.id)) continue
    const { reverts } = commit
    const target = commits.find(({ id }) => reverts.length >= 7 && id.startsWith(reverts))
    if (target === undefined) continue
    gone.add(commit.id)
    gone.add(target.id)
  }
  return commits.filter(({ id }) => !gone.has(id))
}
