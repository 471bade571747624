/** Releases of a repository: the next version, its changelog, its tag. */
import { branchOf } from './branch.ts'
import { SluiceError } from '../../core/errors.ts'
import { type ChangelogGroups, renderChangelog } from '../../core/conventions/changelog.ts'
import type { BumpPolicy } from '../../core/conventions/commit.ts'
import {
  type ChannelRule,
  channelRuleOf,
  lastPrerelease,
  lastRelease,
  planVersion,
  type Tag,
  type VersionPlan,
} from '../../core/conventions/next-version.ts'
import { linksOf } from '../../core/conventions/repository-url.ts'
import type { Bump } from '../../core/conventions/semver.ts'
import { git, must } from '../../lib/git.ts'
import { parseCommits, readCommits } from './commits.ts'

/** What a release is planned from. */
export type ReleaseRequest = {
  readonly directory: string
  /** The commit to be released, any name of it. */
  readonly commit: string
  /** Null: the branch of the checkout. */
  readonly branch: string | null
  readonly channels: readonly ChannelRule[]
  readonly tagPrefix: string
  /** Only commits that touch this folder count; null for all. */
  readonly folder: string | null
  readonly bumps: BumpPolicy
  readonly initialVersion: string
  readonly forcedBump: Exclude<Bump, 'none'> | null
}

/** Plans the version of a commit from the repository's tags and history. Changes nothing. Throws `not_found` for a commit or history that is not here. */
export const nextVersion = async (request: ReleaseRequest, signal: AbortSignal): Promise<VersionPlan> => {
  const branch = request.branch ?? (await branchOf(request.directory, signal))
  const rule = channelRuleOf(branch ?? 'HEAD', request.channels)
  if (rule === null) {
    const wanted = request.channels.map(({ branch: pattern }) => pattern).join(', ')
    return {
      kind: 'none',
      reason: `Nothing is released from ${branch ?? 'a detached HEAD'}, only from ${wanted}.`,
      previousTag: null,
    }
  }
  await refuseShallow(request.directory, signal)
  const head = await commitOf(request.directory, request.commit, signal)
  const tags = await readTags(request.directory, head, signal)
  const base = lastRelease(tags, request.tagPrefix)
  const raw = await readCommits(
    { directory: request.directory, range: { from: base?.commit ?? null, to: head }, folder: request.folder },
    signal,
  )
  const before = rule.channel === null ? null : lastPrerelease(tags, request.tagPrefix, rule.channel)
  const since =
    before === null
      ? null
      : await readCommits(
          { directory: request.directory, range: { from: before.commit, to: head }, folder: request.folder },
          signal,
        )
  return planVersion({
    tags,
    tagPrefix: request.tagPrefix,
    head,
    commits: await parseCommits(raw),
    sincePrerelease: since?.map(({ id }) => id) ?? null,
    channel: rule.channel,
    bumps: request.bumps,
    initialVersion: request.initialVersion,
    forcedBump: request.forcedBump,
  })
}

/** The section of a planned release, with links where the remote `origin` has pages. `day` is that of the release, `2026-09-01`. */
export const changelogFor = async (
  request: {
    readonly directory: string
    readonly plan: Extract<VersionPlan, { kind: 'release' }>
    readonly day: string
    readonly groups: ChangelogGroups
  },
  signal: AbortSignal,
): Promise<string> => {
  const { plan, day, groups } = request
  const remote = await git(request.directory, ['remote', 'get-url', 'origin'], signal)
  const links = remote.code === 0 ? linksOf(remote.out.trim()) : null
  const { version, tag, previousTag, commits } = plan
  return renderChangelog({ version, day, tag, previousTag, commits, links, groups })
}

/** What a tag says and how. */
export type TagRequest = {
  readonly directory: string
  readonly tag: string
  /** Full id of the commit. */
  readonly commit: string
  /** The annotation; lines that begin with # stay. */
  readonly message: string
  /** `git tag -s`, with the key and format that git is set up with (OpenPGP, SSH, X.509). */
  readonly signing: 'none' | 'required'
  /** Who tags; null for git's own setting. */
  readonly tagger: { readonly name: string; readonly email: string } | null
  /** A remote that gets the tag; null for none. */
  readonly pushTo: string | null
}

/**
 * Makes the annotated tag of a release. Safe to repeat: a tag of that name on that commit is fine. Throws `command_conflict` when it names another commit
 * (a tag that people have is never moved), `config_invalid` when git cannot sign or knows no tagger, `server_unreachable` when the remote does not take it.
 */
export const createTag = async (
  request: TagRequest,
  signal: AbortSignal,
): Promise<{ readonly kind: 'created' | 'exists'; readonly tag: string; readonly commit: string }> => {
  const { directory, tag, commit } = request
  const found = await taggedCommit(directory, tag, signal)
  if (found !== null && found !== commit) throw conflict(tag, found, commit)
  const kind = found === null ? await tagCommit(request, signal) : 'exists'
  if (request.pushTo !== null) await push(directory, request.pushTo, { tag, signal })
  return { kind, tag, commit }
}

/** Whether the signature of a tag is good, by the keys that git trusts; `detail` is what git says. */
export const verifyTag = async (
  directory: string,
  tag: string,
  signal: AbortSignal,
): Promise<{ readonly isGood: boolean; readonly detail: string }> => {
  const { code, out, err } = await git(directory, ['verify-tag', `refs/tags/${tag}`], signal)
  return { isGood: code === 0, detail: `${out}\n${err}`.trim() }
}

const tagCommit = async (request: TagRequest, signal: AbortSignal): Promise<'created' | 'exists'> => {
  const { directory, tag, commit, message, signing, tagger } = request
  const who = tagger === null ? [] : ['-c', `user.name=${tagger.name}`, '-c', `user.email=${tagger.email}`]
  // Without a newline at its end the signature would begin on the last line of the text, where git does not find it.
  const text = `${message.trimEnd()}\n`
  const sign = signing === 'required' ? ['--sign'] : ['--no-sign']
  const words = [
    ...who,
    'tag',
    '--annotate',
    ...sign,
    '--cleanup=verbatim',
    `--message=${text}`,
    '--end-of-options',
    tag,
    commit,
  ]
  const made = await git(directory, words, signal)
  if (made.code === 0) return 'created'
  // Somebody else may have been quicker.
  const found = await taggedCommit(directory, tag, signal)
  if (found === commit) return 'exists'
  if (found !== null) throw conflict(tag, found, commit)
  throw new SluiceError('config_invalid', {
    detail: `git could not make the tag ${tag}`,
    hint:
      signing === 'required'
        ? 'check user.signingkey and gpg.format of git'
        : 'check user.name and user.email of git, and the name of the tag',
    evidence: made.err.trim().split('\n').slice(-5),
  })
}

const push = async (
  directory: string,
  remote: string,
  { tag, signal }: { readonly tag: string; readonly signal: AbortSignal },
): Promise<void> => {
  const ref = `refs/tags/${tag}`
  const pushed = await git(directory, ['push', '--porcelain', '--end-of-options', remote, `${ref}:${ref}`], signal)
  if (pushed.code === 0) return
  throw new SluiceError('server_unreachable', {
    detail: `${remote} did not take the tag ${tag}; it is here, and pushing again is safe`,
    evidence: `${pushed.out}\n${pushed.err}`.trim().split('\n').slice(-5),
  })
}

const conflict = (tag: string, found: string, commit: string): SluiceError =>
  new SluiceError('command_conflict', {
    detail: `The tag ${tag} names ${found}, not ${commit}.`,
    hint: 'A tag that others may have is not moved: release the next version instead.',
  })

const taggedCommit = async (directory: string, tag: string, signal: AbortSignal): Promise<string | null> => {
  const { code, out } = await git(
    directory,
    ['rev-parse', '--verify', '--quiet', '--end-of-options', `refs/tags/${tag}^{commit}`],
    signal,
  )
  return code === 0 ? out.trim() : null
}

const commitOf = async (directory: string, name: string, signal: AbortSignal): Promise<string> => {
  const { code, out } = await git(
    directory,
    ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`],
    signal,
  )
  if (code !== 0)
    throw new SluiceError('not_found', { detail: `there is no commit called ${JSON.stringify(name)} in ${directory}` })
  return out.trim()
}

const refuseShallow = async (directory: string, signal: AbortSignal): Promise<void> => {
  const { out } = await git(directory, ['rev-parse', '--is-shallow-repository'], signal)
  if (out.trim() !== 'true') return
  throw new SluiceError('not_found', {
    detail: 'the clone is shallow: the commits since the last release are not all here',
    hint: 'git fetch --unshallow --tags (fetch-depth: 0)',
  })
}

const readTags = async (directory: string, head: string, signal: AbortSignal): Promise<readonly Tag[]> => {
  const list = async (...more: readonly string[]): Promise<readonly string[]> =>
    must(
      await git(
        directory,
        ['for-each-ref', '--format=%(refname:strip=2)%1f%(objectname)%1f%(*objectname)', ...more, 'refs/tags'],
        signal,
      ),
      'listing tags',
    )
      .out.split('\n')
      .filter(Boolean)
  const reachable = new Set(await list(`--merged=${head}`))
  return (await list()).map((line) => {
    const [name = '', object = '', peeled = ''] = line.split('\u001f')
    return { name, commit: peeled === '' ? object : peeled, isReachable: reachable.has(line) }
  })
}
