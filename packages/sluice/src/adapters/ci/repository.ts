/** What git says about a commit for a pipeline of another system: its ref, the files in it, what it changed. */
import { execFileSync } from 'node:child_process'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { git } from '../../lib/git.ts'

/** What a ref is one of. Both null: of neither, as a bare commit. */
export type RefFacts = { readonly branch: string | null; readonly tag: string | null }

/** The branch or tag that a typed ref names; of `HEAD`, the branch that is checked out. */
export const refFacts = async (directory: string, ref: string, signal: AbortSignal): Promise<RefFacts> => {
  const words = ref === 'HEAD' ? ['symbolic-ref', '--quiet', 'HEAD'] : ['rev-parse', '--symbolic-full-name', ref, '--']
  const { code, out } = await git(directory, words, signal)
  const [full = ''] = code === 0 ? out.split('\n') : []
  const [, kind, name = ''] = /^refs\/(heads|tags)\/(.+)$/.exec(full) ?? []
  return { branch: kind === 'heads' ? name : null, tag: kind === 'tags' ? name : null }
}

/** The branch that `origin` begins with; `main` or `master` where there is one; else the branch at hand. */
export const defaultBranch = async (directory: string, { branch }: RefFacts, signal: AbortSignal): Promise<string> => {
  const remote = await git(directory, ['symbolic-ref', '--short', '--quiet', 'refs/remotes/origin/HEAD'], signal)
  if (remote.code === 0) return remote.out.replace(/^origin\//, '')
  const { out } = await git(
    directory,
    ['for-each-ref', '--format=%(refname:short)', 'refs/heads/main', 'refs/heads/master'],
    signal,
  )
  return out.split('\n').find((name) => name !== '') ?? branch ?? 'main'
}

/** Texts of the files of a commit, read when they are asked for; null for one that there is not. */
export const commitFiles = (directory: string, commit: string): ((path: string) => string | null) => {
  const known = new Map<string, string | null>()
  return (path) => {
    const before = known.get(path)
    if (before !== undefined) return before
    const text = shown(directory, `${commit}:${path.replace(/^\.\//, '')}`)
    known.set(path, text)
    return text
  }
}

/** The text of a document of a commit. `not_found`. */
export const documentOf = (files: (path: string) => string | null, file: string, commit: string): string => {
  const text = files(file)
  if (text !== null) return text
  throw new SluiceError('not_found', {
    detail: `commit ${commit.slice(0, 12)} has no file ${file}`,
    hint: 'commit the file first; its path is relative to the root of the repository',
  })
}

// Waits for git: lowering is pure and asks for files in the middle of it; a few at most.
const shown = (directory: string, name: string): string | null => {
  try {
    return execFileSync('git', ['-c', 'core.hooksPath=/dev/null', 'cat-file', 'blob', name], {
      cwd: directory,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: limits.configLoadMs,
      maxBuffer: limits.jobLogBytesMax,
    })
  } catch {
    return null
  }
}
