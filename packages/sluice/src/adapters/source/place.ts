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
  /** The commit's first parent; null for a commit without one, absent where nobody knows. */
  readonly parent?: CommitId | null | undefined
  /** Where somebody has begun to list them. */
  readonly refs?: Promise<readonly Ref[]> | null
}

/** See `Source.place`. */
export const placeOf = async (request: PlaceRequest, signal: AbortSignal): Promise<CommitPlace> => {
  const ask = asking(request.directory, signal)
  const refs = (await request.refs?.catch(() => null)) ?? (await refsOf(ask))
  const base = await baseOf(ask, { ...request, refs })
  const tag = refs.find(({ name, commit }) => name.startsWith('refs/tags/') && commit === request.commit)
  return {
    branch: branchAt(refs, request),
    tag: tag === undefined ? null : shortOf(tag.name),
    base,
    changed: await changedSince(request, base, signal),
  }
}

/** One answer of git's; null when it has none. */
type Ask = (...words: readonly string[]) => Promise<string | null>

const asking =
  (directory: string, signal: AbortSignal): Ask =>
  async (...words) => {
    const { code, out } = await git(directory, words, signal)
    return code === 0 && out !== '' ? out.trimEnd() : null
  }

/** A branch, a tag, or what stands for one. */
export type Ref = {
  readonly name: string
  /** What an annotated tag points at, in the end. */
  readonly commit: string
  readonly isHere: boolean
  /** The ref that it stands for; empty for most. */
  readonly target: string
}

/** The refs of a repository, in a folder of it. */
export const listRefs = (directory: string, signal: AbortSignal): Promise<readonly Ref[]> =>
  refsOf(asking(directory, signal))

/** Branches, tags, and the remote's default branch in one question, the highest version first: each question costs a process. */
const refsOf = async (ask: Ask): Promise<readonly Ref[]> => {
  const fields = ['refname', 'objectname', '*objectname', 'HEAD', 'symref']
  const listed = await ask(
    'for-each-ref',
    '--sort=-version:refname',
    `--format=${fields.map((field) => `%(${field})`).join('%09')}`,
    'refs/heads',
    'refs/tags',
    'refs/remotes/origin/HEAD',
  )
  return (listed ?? '').split('\n').flatMap((line) => {
    const [name = '', object = '', peeled = '', here = '', target = ''] = line.split('\t')
    return name === '' ? [] : [{ name, commit: peeled === '' ? object : peeled, isHere: here === '*', target }]
  })
}

/** `refs/heads/feat/x` is `feat/x`. */
const shortOf = (name: string): string => name.split('/').slice(2).join('/')

const branchAt = (refs: readonly Ref[], { ref, commit }: PlaceRequest): string | null => {
  const branches = refs.filter(({ name }) => name.startsWith('refs/heads/'))
  const asked = `refs/heads/${ref.replace(/^refs\/heads\//, '')}`
  const here = branches.find(({ isHere }) => isHere)
  const there = branches.filter((one) => one.commit === commit).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const found = there.find(({ name }) => name === asked)
  if (found !== undefined) return shortOf(found.name)
  // The working tree's commit is no branch's, and still made on one.
  if (ref === 'HEAD') return here === undefined ? null : shortOf(here.name)
  const first = there.find(({ isHere }) => isHere) ?? there[0]
  return first === undefined ? null : shortOf(first.name)
}

/** The remote's default branch, or the one that is called so here. */
const mainline = (refs: readonly Ref[]): Ref | null => {
  const remote = refs.find(({ name, target }) => name === 'refs/remotes/origin/HEAD' && target !== '')
  const named = (wanted: string): Ref | undefined => refs.find(({ name }) => name === wanted)
  return remote ?? named('refs/heads/main') ?? named('refs/heads/master') ?? null
}

type BaseRequest = Omit<PlaceRequest, 'refs'> & { readonly refs: readonly Ref[] }

const baseOf = async (ask: Ask, { commit, seen, refs, parent }: BaseRequest): Promise<CommitId | null> => {
  const main = mainline(refs)
  const fork = main === null || main.commit === commit ? null : await ask('merge-base', main.name, commit)
  if (fork !== null && fork !== commit) return commitId(fork)
  for (const earlier of seen) {
    if (earlier === commit) continue
    if ((await ask('merge-base', earlier, commit)) === earlier) return earlier
  }
  if (parent !== undefined) return parent
  const named = await ask('rev-parse', '--verify', '--quiet', `${commit}^1^{commit}`)
  return named === null ? null : commitId(named)
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
