/** The version that a commit is released as: the last release, and what the commits since then do to it. */
import { matchesPattern } from './branch.ts'
import { type BumpPolicy, bumpOf, type ConventionalCommit, withoutReverted } from './commit.ts'
import {
  type Bump,
  bumpVersion,
  compareCores,
  compareVersions,
  formatVersion,
  parseVersion,
  type Version,
} from './semver.ts'

/** A tag of the repository. */
export type Tag = {
  readonly name: string
  /** Id of the commit that it names. */
  readonly commit: string
  /** Whether the commit to be released has it in its history. */
  readonly isReachable: boolean
}

/** A tag that names a version. */
export type VersionTag = Tag & { readonly version: Version }

/** What a version is planned from. */
export type VersionRequest = {
  /** All tags of the repository, also those of other branches: their versions are taken. */
  readonly tags: readonly Tag[]
  /** What stands before the version in a tag: `v`, or `api-v` in a repository of several packages. */
  readonly tagPrefix: string
  /** Id of the commit to be released. */
  readonly head: string
  /** Since the last release (not pre-release), newest first. */
  readonly commits: readonly ConventionalCommit[]
  /** Ids of those of them that the last pre-release of the channel has not; null when there is none. */
  readonly sincePrerelease: readonly string[] | null
  /** `beta` for `1.3.0-beta.2`; null for releases. */
  readonly channel: string | null
  readonly bumps: BumpPolicy
  /** The version of a repository without a release: `0.1.0`. */
  readonly initialVersion: string
  /** Overrides what the commits say, for instance to leave 0.x; null otherwise. */
  readonly forcedBump: Exclude<Bump, 'none'> | null
}

/** What came of it. */
export type VersionPlan =
  | {
      readonly kind: 'release'
      readonly version: string
      readonly tag: string
      /** Null for the first release. */
      readonly previousTag: string | null
      readonly bump: Bump
      readonly channel: string | null
      /** Those that changelog and version come from, newest first. */
      readonly commits: readonly ConventionalCommit[]
    }
  /** The commit has its tag already: releasing it again changes nothing. */
  | { readonly kind: 'released'; readonly version: string; readonly tag: string }
  | { readonly kind: 'none'; readonly reason: string; readonly previousTag: string | null }
  /** Another commit, on no way to this one, has the version. */
  | { readonly kind: 'conflict'; readonly tag: string; readonly commit: string; readonly reason: string }

/** Plans the version of a commit. */
export const planVersion = (request: VersionRequest): VersionPlan => {
  const tags = versionTags(request.tags, request.tagPrefix)
  const here = newest(
    tags.filter(({ commit, version }) => commit === request.head && channelOf(version) === request.channel),
  )
  if (here !== null) return { kind: 'released', version: formatVersion(here.version), tag: here.name }
  const base = lastRelease(request.tags, request.tagPrefix)
  const previous =
    request.channel === null ? base : (lastPrerelease(request.tags, request.tagPrefix, request.channel) ?? base)
  const commits = withoutReverted(request.commits)
  const fresh = request.sincePrerelease
  const news = fresh === null ? commits : commits.filter(({ id }) => fresh.includes(id))
  const bump = request.forcedBump ?? bumpOf(commits, request.bumps, base === null || base.version.major > 0)
  const previousTag = previous?.name ?? null
  const isQuiet = request.forcedBump === null && bumpOf(news, request.bumps, true) === 'none'
  if (previous !== null && isQuiet) return { kind: 'none', reason: nothingNew(news.length, previousTag), previousTag }
  const core = coreOf(base, bump, request)
  const version = request.channel === null ? core : nextPrerelease(core, request.channel, tags)
  const tag = `${request.tagPrefix}${formatVersion(version)}`
  const taken = tags.find(({ name }) => name === tag)
  if (taken !== undefined) {
    const where = taken.isReachable ? 'in the history of this one' : 'on another branch'
    const reason = `The next version is ${formatVersion(version)}, and ${tag} already names ${taken.commit}, ${where}.`
    return { kind: 'conflict', tag, commit: taken.commit, reason }
  }
  return {
    kind: 'release',
    version: formatVersion(version),
    tag,
    previousTag,
    bump,
    channel: request.channel,
    commits: news,
  }
}

/** Tags that are the prefix and a version, and nothing else. */
const versionTags = (tags: readonly Tag[], prefix: string): readonly VersionTag[] =>
  tags.flatMap((tag) => {
    const version = tag.name.startsWith(prefix) ? parseVersion(tag.name.slice(prefix.length)) : null
    return version === null ? [] : [{ ...tag, version }]
  })

/** The newest release in the history of the commit; null when there is none. */
export const lastRelease = (tags: readonly Tag[], prefix: string): VersionTag | null =>
  newest(versionTags(tags, prefix).filter((tag) => tag.isReachable && tag.version.prerelease.length === 0))

/** The newest pre-release of a channel in the history of the commit that no release has overtaken; null when there is none. */
export const lastPrerelease = (tags: readonly Tag[], prefix: string, channel: string): VersionTag | null => {
  const base = lastRelease(tags, prefix)
  const found = newest(versionTags(tags, prefix).filter((tag) => tag.isReachable && channelOf(tag.version) === channel))
  if (found === null || base === null) return found
  return compareVersions(found.version, base.version) > 0 ? found : null
}

/** The channel of a version: `beta` of `1.3.0-beta.2`; null for a release. */
const channelOf = ({ prerelease }: Version): string | null => {
  const [first] = prerelease
  return typeof first === 'string' ? first : first === undefined ? null : String(first)
}

/** Branches that fit the pattern (a glob) release into the channel; null for releases. */
export type ChannelRule = { readonly branch: string; readonly channel: string | null }

/** The rule of a branch, the first that fits; null for a branch that releases nothing. */
export const channelRuleOf = (branch: string, rules: readonly ChannelRule[]): ChannelRule | null =>
  rules.find((rule) => matchesPattern(branch, rule.branch)) ?? null

const newest = (tags: readonly VersionTag[]): VersionTag | null =>
  tags.reduce<VersionTag | null>(
    (best, tag) => (best === null || compareVersions(tag.version, best.version) > 0 ? tag : best),
    null,
  )

/** Never below a pre-release that is out already, so that whoever has it is not taken back. */
const coreOf = (base: VersionTag | null, bump: Bump, request: VersionRequest): Version => {
  const initial = parseVersion(request.initialVersion) ?? { major: 0, minor: 1, patch: 0, prerelease: [] }
  const planned = base === null ? bumpVersion(initial, 'none') : bumpVersion(base.version, bump)
  const out = versionTags(request.tags, request.tagPrefix)
    .filter((tag) => tag.isReachable)
    .map(({ version }) => bumpVersion(version, 'none'))
  return out.reduce((best, version) => (compareCores(version, best) > 0 ? version : best), planned)
}

/** Pre-releases of a channel are counted from 1 for each version, over all branches. */
const nextPrerelease = (core: Version, channel: string, tags: readonly VersionTag[]): Version => {
  const numbers = tags
    .filter(({ version }) => compareCores(version, core) === 0 && channelOf(version) === channel)
    .map(({ version }) => version.prerelease[1])
    .filter((number) => typeof number === 'number')
  return { ...core, prerelease: [channel, Math.max(0, ...numbers) + 1] }
}

const nothingNew = (count: number, previousTag: string | null): string =>
  count === 0
    ? `There is no commit since ${previousTag}.`
    : `None of the ${count} commits since ${previousTag} changes what users see (feat, fix, perf, revert or a breaking change).`
