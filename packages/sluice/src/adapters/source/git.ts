/** Commits from the git on this machine. Reads refs and makes detached worktrees; never touches the user's index or branches. */
import { rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { type Commit, type CommitId, commitId } from '../../core/model.ts'
import { git, must } from '../../lib/git.ts'
import type { Source } from '../../ports/source.ts'
import { listRefs, placeOf, type Ref } from './place.ts'
import { treeCommit } from './tree.ts'

/** Five fields a commit, each with a NUL after it: the one byte that no commit holds, whatever its author wrote into it. */
const commitWords = [
  '-z',
  '--no-show-signature',
  '--encoding=UTF-8',
  '--format=%H%x00%an <%ae>%x00%ct%x00%s%x00%P',
] as const
const commitFields = 5

/** Commits whose parents are remembered: who asks where a commit stands has mostly just asked for it. */
const parentsMax = 16

/** The repository that `directory` is in. */
export const gitSource = (directory: string): Source => {
  // `git worktree add` and `prune` lock the same file of the repository; one at a time.
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const result = turn.then(work, work)
    turn = result.catch(() => {})
    return result
  }
  const parents = new Map<CommitId, CommitId | null>()
  const find = async (ref: string, signal: AbortSignal): Promise<Commit> => {
    const words = ['log', '--max-count=1', ...commitWords, '--end-of-options', `${ref}^{commit}`, '--']
    const shown = await git(directory, words, signal)
    if (shown.code !== 0) throw await unresolved(directory, ref, signal)
    const [found] = parseCommits(shown.out)
    if (found === undefined) throw new SluiceError('unexpected', { detail: `git said nothing of ${ref}` })
    if (parents.size >= parentsMax) parents.clear()
    parents.set(found.commit.id, found.parent)
    return found.commit
  }
  let expected: Expected | null = null
  return {
    name: nameOf(directory),
    expect: (ref) => {
      const signal = AbortSignal.any([])
      expected = { ref, commit: find(ref, signal), refs: listRefs(directory, signal) }
      // Who asks for it hears of it.
      for (const one of [expected.commit, expected.refs]) one?.catch(() => {})
    },
    resolve: (ref, signal) => {
      const commit = expected?.ref === ref ? expected.commit : null
      if (expected !== null) expected = { ...expected, commit: null }
      return commit ?? find(ref, signal)
    },
    place: (request, signal) => {
      const refs = expected?.refs ?? null
      expected = null
      return placeOf({ ...request, directory, parent: parents.get(request.commit), refs }, signal)
    },
    commitTree: async (signal) => {
      await find('HEAD', signal)
      return find(await treeCommit(directory, signal), signal)
    },
    checkout: (commit, target, signal) => inTurn(() => checkout({ directory, commit, target }, signal)),
    remove: (target, signal) => inTurn(() => remove(directory, target, signal)),
    bases: (commit, limit, signal) => bases(directory, { commit, limit }, signal),
    diff: async (from, to, signal) => {
      const words = [
        'diff',
        '--unified=0',
        '--no-color',
        '--no-ext-diff',
        '--no-textconv',
        '--src-prefix=a/',
        '--dst-prefix=b/',
        from,
        to,
      ]
      return must(await git(directory, [...words, '--'], signal), `comparing ${from} with ${to}`).out
    },
    commitsBetween: async (from, to, limit, signal) => {
      const range = from === null ? to : `${from}..${to}`
      const listed = await git(
        directory,
        ['log', ...commitWords, `--max-count=${limit}`, '--end-of-options', range],
        signal,
      )
      return parseCommits(must(listed, `listing ${range}`).out).map(({ commit }) => commit)
    },
  }
}

/** What was begun to be looked up; its commit is null once it was asked for. */
type Expected = {
  readonly ref: string
  readonly commit: Promise<Commit> | null
  readonly refs: Promise<readonly Ref[]>
}

const nameOf = (directory: string): string => {
  const plain = basename(directory)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[^a-z]+|-+$/g, '')
    .slice(0, limits.nameLengthMax)
  return plain === '' ? 'service' : plain
}

type Wanted = { readonly commit: Commit['id']; readonly limit: number }

const bases = async (
  directory: string,
  { commit, limit }: Wanted,
  signal: AbortSignal,
): Promise<readonly Commit['id'][]> => {
  const branch = await defaultBranch(directory, signal)
  if (branch === null) return []
  const merged = await git(directory, ['merge-base', branch, commit], signal)
  if (merged.code !== 0) return []
  // A commit on the branch itself is compared with the one before it.
  const first = merged.out === commit ? `${commit}^` : merged.out
  const listed = await git(directory, ['rev-list', '--first-parent', `--max-count=${limit}`, first, '--'], signal)
  return listed.code === 0 ? listed.out.split('\n').filter(Boolean).map(commitId) : []
}

/** What the remote says is its default branch; without one, `main` or `master`. */
const defaultBranch = async (directory: string, signal: AbortSignal): Promise<string | null> => {
  for (const name of ['refs/remotes/origin/HEAD', 'refs/heads/main', 'refs/heads/master']) {
    const found = await git(directory, ['rev-parse', '--verify', '--quiet', `${name}^{commit}`], signal)
    if (found.code === 0) return found.out
  }
  return null
}

type Checkout = { readonly directory: string; readonly commit: Commit['id']; readonly target: string }

const checkout = async ({ directory, commit, target }: Checkout, signal: AbortSignal): Promise<void> => {
  const there = await git(target, ['rev-parse', 'HEAD'], signal)
  const clean =
    there.code === 0 && there.out.trim() === commit
      ? await git(target, ['status', '--porcelain', '--ignored'], signal)
      : null
  if (clean?.code === 0 && clean.out === '') return
  await remove(directory, target, signal)
  must(
    await git(directory, ['worktree', 'add', '--detach', '--force', target, commit], signal),
    `checking out ${commit}`,
  )
}

/** The folder first: git then prunes what has no folder, whatever state a killed process left it in. */
const remove = async (directory: string, target: string, signal: AbortSignal): Promise<void> => {
  await rm(target, { recursive: true, force: true })
  await git(directory, ['worktree', 'prune'], signal)
}

const unresolved = async (directory: string, ref: string, signal: AbortSignal): Promise<SluiceError> => {
  const inside = await git(directory, ['rev-parse', '--is-inside-work-tree'], signal)
  if (inside.code !== 0)
    return new SluiceError('not_found', {
      detail: `${directory} is not in a git repository`,
      hint: 'git init, then commit',
    })
  const head = await git(directory, ['rev-parse', '--verify', '--quiet', 'HEAD'], signal)
  if (head.code !== 0)
    return new SluiceError('not_found', { detail: 'the repository has no commit yet', hint: 'git commit' })
  return new SluiceError('not_found', {
    detail: `there is no commit called ${JSON.stringify(ref)}`,
    hint: 'git log --oneline',
  })
}

type Found = { readonly commit: Commit; readonly parent: CommitId | null }

const parseCommits = (text: string): readonly Found[] => {
  const fields = text.split('\0')
  return Array.from({ length: Math.floor(fields.length / commitFields) }, (_, index) => {
    const [id = '', author = '', seconds = '', subject = '', parents = ''] = fields.slice(index * commitFields)
    const [parent = ''] = parents.split(' ')
    return {
      commit: { id: commitId(id), subject, author, committedAt: Number(seconds) * 1000 },
      parent: parent === '' ? null : commitId(parent),
    }
  })
}
