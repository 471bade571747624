/** Where a commit stands among branches, tags and the commits before it. */
import { type CommitId, commitId } from '../../core/model.ts'
import { git, must } from '../../lib/git.ts'
import type { CommitPlace } from '../../ports/source.ts'

/** What is asked about. */
export type PlaceRequest = {
  /** A folder in the repository. */
  readonly directory: string
  readonly ref: string
  readonly commit: CommitId
  /** Commits that were looked at, newest first. */
  readonly seen: readonly CommitId[]
}

/** See `Source.place`. */
export const placeOf = async (request: PlaceRequest, signal: AbortSignal): Promise<CommitPlace> => {
  const ask = asking(request.directory, signal)
  const { commit } = request
  const [branch, tags] = await Promise.all([
    branchAt(ask, request),
    ask('for-each-ref', '--points-at', commit, '--sort=-version:refname', '--format=%(refname:strip=2)', 'refs/tags'),
  ])
  const base = await baseOf(ask, request)
  return { branch, tag: tags?.split('\n')[0] || null, base, changed: await changedSince(request, base, signal) }
}

/** One answer of git's; null when it has none. */
type Ask = (...words: readonly string[]) => Promise<string | null>

const asking =
  (directory: string, signal: AbortSignal): Ask =>
  async (...words) => {
    const { code, out } = await git(directory, words, signal)
    return code === 0 && out !== '' ? out.trimEnd() : null
  }

const branchAt = async (ask: Ask, { ref, commit }: PlaceRequest): Promise<string | null> => {
  const name = ref.replace(/^refs\/heads\//, '')
  if ((await ask('rev-parse', '--verify', '--quiet', `refs/heads/${name}^{commit}`)) === commit) return name
  const here = await ask('symbolic-ref', '--quiet', '--short', 'HEAD')
  // The working tree's commit is no branch's, and still made on one.
  if (ref === 'HEAD') return here
  if (here !== null && (await ask('rev-parse', '--verify', '--quiet', 'HEAD^{commit}')) === commit) return here
  const there = await ask('for-each-ref', '--points-at', commit, '--format=%(refname:strip=2)', 'refs/heads')
  return there?.split('\n')[0] ?? null
}

/** The remote's default branch, or the one that is called so here. */
const mainline = async (ask: Ask): Promise<string | null> => {
  const remote = await ask('symbolic-ref', '--quiet', 'refs/remotes/origin/HEAD')
  if (remote !== null) return remote
  for (const name of ['refs/heads/main', 'refs/heads/master'])
    if ((await ask('rev-parse', '--verify', '--quiet', name)) !== null) return name
  return null
}

const baseOf = async (ask: Ask, { commit, seen }: PlaceRequest): Promise<CommitId | null> => {
  const main = await mainline(ask)
  const fork = main === null ? null : await ask('merge-base', main, commit)
  if (fork !== null && fork !== commit) return commitId(fork)
  for (const earlier of seen) {
    if (earlier === commit) continue
    if ((await ask('merge-base', earlier, commit)) === earlier) return earlier
  }
  const parent = await ask('rev-parse', '--verify', '--quiet', `${commit}^1^{commit}`)
  return parent === null ? null : commitId(parent)
}

const changedSince = async (
  { directory, commit }: PlaceRequest,
  base: CommitId | null,
  signal: AbortSignal,
): Promise<readonly string[] | null> => {
  if (base === null) return null
  const words = ['diff', '--name-only', '--no-renames', '-z', '--end-of-options', base, commit]
  return must(await git(directory, words, signal), `comparing ${base} and ${commit}`)
    .out.split('\0')
    .filter(Boolean)
}
