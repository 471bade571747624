/** What git knows of a pipeline: the commit, its ref, the project behind the remote, and what differs. For running a pipeline on this machine. */
import { execFileSync } from 'node:child_process'
import { readFileSync, realpathSync } from 'node:fs'
import { basename, resolve, sep } from 'node:path'
import { execa } from 'execa'
import { SluiceError } from '../../../core/errors.ts'
import { limits } from '../../../core/limits.ts'
import type { GitlabContext, MergeRequest } from './context.ts'

/** What git cannot know, with what is assumed where nothing is said. */
export type CheckoutRequest = {
  readonly directory: string
  /** An id; the one that is checked out when absent. */
  readonly commit?: string
  /** Epoch milliseconds; when the pipeline was made. */
  readonly now: number
  /** Number of the run. */
  readonly number: number
  /** `push` when absent; with a merge request, `merge_request_event`. */
  readonly source?: string
  /** `refs/tags/v1` or a branch; the branch that is checked out, or the tag of the commit, when absent. */
  readonly ref?: string
  /** The commit that the ref had before; the parent when absent, and null when nobody can say what differs. */
  readonly before?: string | null
  /** Where its branch left the target is found out. */
  readonly mergeRequest?: Omit<MergeRequest, 'baseId'>
  readonly shell: 'bash' | 'sh'
}

/** The facts for `lowerGitlab`. Throws `not_found` for a directory without a commit. Reads only. */
export const readGitlabContext = async (request: CheckoutRequest, signal: AbortSignal): Promise<GitlabContext> => {
  const { directory, now, number, commit = 'HEAD' } = request
  const git = gitIn(directory, signal)
  const mergeRequest = request.mergeRequest === undefined ? null : await basedOn(request.mergeRequest, commit, git)
  const shown = await git(['log', '-1', '--format=%H%x00%an <%ae>%x00%cI%x00%B', commit])
  if (shown === null)
    throw new SluiceError('not_found', {
      detail: `There is no commit in ${directory}.`,
      hint: 'Run it where the pipeline’s repository is checked out, with a commit.',
    })
  const [id = '', author = '', committedAt = '', message = ''] = shown.split('\0')
  const ref = await refOf(request.ref ?? null, commit, git)
  const defaultBranch = await defaultBranchOf(ref, git)
  const before =
    request.before === undefined
      ? ((await git(['rev-parse', '--verify', '-q', `${commit}^`]))?.trim() ?? null)
      : request.before
  const source = request.source ?? (mergeRequest === null ? 'push' : 'merge_request_event')
  const files = await git(['ls-tree', '-r', '-z', '--name-only', commit])
  const changesTo = changesSince(directory, commit)
  return {
    commit: { id, beforeId: source === 'push' ? before : null, message, author, committedAt },
    ref: { ...ref, isProtected: ref.kind === 'branch' && ref.name === defaultBranch },
    defaultBranch,
    source,
    mergeRequest,
    project: { ...projectOf((await git(['remote', 'get-url', 'origin']))?.trim() ?? null, directory), id: 1 },
    pipeline: { id: number, number, createdAt: new Date(now).toISOString().replace(/\.\d+Z$/, 'Z') },
    user: await userOf(git),
    paths: (files ?? '').split('\0').filter((path) => path !== ''),
    changes: changesOf({ source, mergeRequest, before, isTag: ref.kind === 'tag' }, changesTo),
    changesTo,
    shell: request.shell,
  }
}

/** Texts of the files of a checkout; null for one that there is not, or that a link leads out of it. */
export const repositoryFiles = (directory: string): ((path: string) => string | null) => {
  const root = realpathSync(directory)
  return (path) => {
    try {
      const real = realpathSync(resolve(root, path))
      return real.startsWith(`${root}${sep}`) ? readFileSync(real, 'utf8') : null
    } catch {
      return null
    }
  }
}

type Git = (words: readonly string[]) => Promise<string | null>

/** Output of git; null when it says no. */
const gitIn =
  (directory: string, signal: AbortSignal): Git =>
  async (words) => {
    const { exitCode, stdout } = await execa('git', words, {
      cwd: directory,
      reject: false,
      cancelSignal: signal,
      stripFinalNewline: false,
    })
    return exitCode === 0 ? stdout : null
  }

const basedOn = async (request: Omit<MergeRequest, 'baseId'>, commit: string, git: Git): Promise<MergeRequest> => {
  for (const name of [request.targetBranch, `origin/${request.targetBranch}`]) {
    const base = await git(['merge-base', '--end-of-options', name, commit])
    if (base !== null) return { ...request, baseId: base.trim() }
  }
  return { ...request, baseId: null }
}

type Ref = Pick<GitlabContext['ref'], 'kind' | 'name' | 'tagMessage'>

const refOf = async (wanted: string | null, commit: string, git: Git): Promise<Ref> => {
  const branch =
    wanted ?? (commit === 'HEAD' ? ((await git(['symbolic-ref', '--short', '-q', 'HEAD']))?.trim() ?? null) : null)
  const tag = /^refs\/tags\/(.+)$/.exec(branch ?? '')?.[1] ?? null
  const found = branch === null ? ((await git(['describe', '--tags', '--exact-match', commit]))?.trim() ?? null) : tag
  if (found === null) return { kind: 'branch', name: branch?.replace(/^refs\/heads\//, '') ?? 'HEAD', tagMessage: null }
  const text = await git(['for-each-ref', '--format=%(contents)', `refs/tags/${found}`])
  return { kind: 'tag', name: found, tagMessage: text?.trim() ?? null }
}

const defaultBranchOf = async (ref: Ref, git: Git): Promise<string> => {
  const remote = await git(['symbolic-ref', '--short', '-q', 'refs/remotes/origin/HEAD'])
  if (remote !== null) return remote.trim().replace(/^origin\//, '')
  for (const name of ['main', 'master'])
    if ((await git(['show-ref', '-q', '--verify', `refs/heads/${name}`])) !== null) return name
  return ref.kind === 'branch' ? ref.name : 'main'
}

const userOf = async (git: Git): Promise<GitlabContext['user']> => {
  const name = (await git(['config', 'user.name']))?.trim() ?? ''
  const email = (await git(['config', 'user.email']))?.trim() ?? ''
  return { name, email, login: email.split('@')[0] ?? '' }
}

/** `git@host:group/shop.git` and `https://host/group/shop.git` name the same project. */
const projectOf = (remote: string | null, directory: string): Pick<GitlabContext['project'], 'path' | 'serverUrl'> => {
  const scp = /^(?:[^@/]+@)?([^:/]+):(?!\/\/)(.+)$/.exec(remote ?? '')
  const url = /^(?:https?|ssh|git):\/\/(?:[^@/]*@)?([^/:]+)(?::\d+)?\/(.+)$/.exec(remote ?? '')
  const [, host, path] = url ?? scp ?? []
  if (host === undefined || path === undefined)
    return { path: `local/${basename(resolve(directory))}`, serverUrl: 'http://localhost' }
  return { path: path.replace(/\/$/, '').replace(/\.git$/, ''), serverUrl: `https://${host}` }
}

/** Waits for git, since rules ask for it while a pipeline is lowered; few do (`compare_to`). */
const changesSince =
  (directory: string, commit: string) =>
  (ref: string): readonly string[] | null => {
    for (const name of [ref, `origin/${ref}`]) {
      try {
        const text = execFileSync('git', ['diff', '--name-only', '-z', '--end-of-options', `${name}...${commit}`], {
          cwd: directory,
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
          timeout: limits.configLoadMs,
          maxBuffer: limits.jobLogBytesMax,
        })
        return text.split('\0').filter((path) => path !== '')
      } catch {
        continue
      }
    }
    return null
  }

const changesOf = (
  {
    source,
    mergeRequest,
    before,
    isTag,
  }: {
    readonly source: string
    readonly mergeRequest: MergeRequest | null
    readonly before: string | null
    readonly isTag: boolean
  },
  changesTo: GitlabContext['changesTo'],
): readonly string[] | null => {
  if (mergeRequest !== null) return changesTo(mergeRequest.targetBranch)
  return source !== 'push' || isTag || before === null ? null : changesTo(before)
}
