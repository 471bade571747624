/** `actions/checkout`: the workspace has the commit already; other commits, branches and folders come from the repository on this machine. */
import { existsSync, mkdirSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { isYes, moot, type BuiltIn, type BuiltInCall } from './action.ts'
import { runProgram } from './program.ts'

/** The action. Another repository is refused: it would have to be fetched. */
export const checkout: BuiltIn = {
  inputs: {
    repository: '',
    ref: '',
    path: '',
    clean: 'true',
    'fetch-depth': '1',
    'fetch-tags': 'false',
    submodules: 'false',
    lfs: 'false',
    'sparse-checkout': '',
    ...moot('token', 'ssh-key', 'ssh-known-hosts', 'ssh-strict', 'ssh-user', 'persist-credentials', 'show-progress'),
    ...moot(
      'set-safe-directory',
      'github-server-url',
      'filter',
      'sparse-checkout-cone-mode',
      'allow-unsafe-pr-checkout',
    ),
  },
  run: async (call) => {
    const { state, unit, inputs } = call
    const { event } = state.definition
    const wanted = inputs['repository'] ?? ''
    if (wanted !== '' && wanted.toLowerCase() !== event.repository.toLowerCase())
      throw new Error(
        `${wanted} is another repository, which is not fetched: leave the step out, or check it out with a run step that clones it`,
      )
    const root = state.shell.directory
    const directory = resolve(root, inputs['path'] ?? '')
    if (relative(root, directory).startsWith('..'))
      throw new Error(`Repository path '${directory}' is not under '${root}'`)
    const isWhole = directory === root
    const ref = inputs['ref'] ?? ''
    if (isWhole && isSame(ref, event)) await freshen(call)
    else await fetchInto(call, directory, ref === '' ? event.sha : ref)
    const branch = await branchOf(call, ref)
    if (branch !== null) await git(call, directory, ['checkout', '--quiet', '-B', branch])
    if (isYes(inputs['submodules']) || inputs['submodules'] === 'recursive')
      await git(call, directory, [
        'submodule',
        'update',
        '--init',
        ...(inputs['submodules'] === 'recursive' ? ['--recursive'] : []),
      ])
    if (isYes(inputs['lfs'])) await git(call, directory, ['lfs', 'pull'])
    if ((inputs['sparse-checkout'] ?? '') !== '')
      state.shell.note('All files are there, not only those of sparse-checkout.')
    unit.outputs['ref'] = ref === '' ? event.ref : ref
    unit.outputs['commit'] = isSame(ref, event) ? event.sha : await headOf(call, directory)
  },
}

const isSame = (
  ref: string,
  event: { readonly ref: string; readonly sha: string; readonly headRef: string | null },
): boolean =>
  ref === '' ||
  ref === event.sha ||
  ref === event.ref ||
  ref === event.ref.replace(/^refs\/(?:heads|tags)\//, '') ||
  ref === event.headRef

/** The branch that is checked out, as GitHub does where the ref is one; null for tags, commits and merges of pull requests. */
const branchOf = async (call: BuiltInCall, ref: string): Promise<string | null> => {
  const { event } = call.state.definition
  const { repository } = call.state.options
  const [, name] = /^refs\/heads\/(.+)$/.exec(ref === '' ? event.ref : ref) ?? []
  if (name !== undefined || ref === event.headRef) return name ?? ref
  if (ref === '' || repository === null) return null
  try {
    await git(call, repository, ['rev-parse', '--verify', '--quiet', `refs/heads/${ref}^{commit}`])
    return ref
  } catch {
    return null
  }
}

/** A later checkout in the same job takes away what steps have left, as GitHub's does. */
const freshen = async (call: BuiltInCall): Promise<void> => {
  const { state, frame, inputs } = call
  const root = state.shell.directory
  const isFirst = !frame.taken.has(freshKey)
  frame.taken.set(freshKey, 1)
  if (isFirst || !isYes(inputs['clean']) || !existsSync(resolve(root, '.git'))) {
    state.shell.note(`The workspace has ${state.definition.event.sha.slice(0, 12)} already.`)
    return
  }
  await git(call, root, ['clean', '-ffdx'])
  await git(call, root, ['reset', '--hard', 'HEAD'])
}

const freshKey = 'checkout of the workspace'

const fetchInto = async (call: BuiltInCall, directory: string, ref: string): Promise<void> => {
  const { state, inputs } = call
  const { repository } = state.options
  if (repository === null)
    throw new Error(`${ref} cannot be checked out: there is no repository on this machine to take it from`)
  const isWhole = directory === state.shell.directory
  mkdirSync(directory, { recursive: true })
  if (!existsSync(resolve(directory, '.git')))
    await git(call, directory, ['init', '--quiet', '--initial-branch=checkout'])
  const depth = Number(inputs['fetch-depth'] ?? '1')
  const shallow = depth > 0 && !isWhole ? [`--depth=${depth}`] : []
  const tags = isYes(inputs['fetch-tags']) || depth === 0 ? ['--tags'] : ['--no-tags']
  // A path would be cloned as a whole, whatever the depth; a file: address is fetched from.
  await git(call, directory, [
    'fetch',
    '--quiet',
    ...tags,
    ...shallow,
    '--update-shallow',
    `file://${repository}`,
    await nameOf(call, repository, ref),
  ])
  await git(call, directory, ['checkout', '--quiet', '--force', 'FETCH_HEAD'])
}

/** What `ref` is called in the repository, so that it can be fetched: a branch, a tag, or a commit. */
const nameOf = async (call: BuiltInCall, repository: string, ref: string): Promise<string> => {
  const candidates = [ref, `refs/heads/${ref}`, `refs/tags/${ref}`, `refs/remotes/origin/${ref}`]
  for (const candidate of candidates) {
    try {
      const [commit = ''] = await git(call, repository, ['rev-parse', '--verify', '--quiet', `${candidate}^{commit}`])
      return commit
    } catch {
      // The next may be it.
    }
  }
  throw new Error(
    `The process '/usr/bin/git' failed: there is no branch, tag or commit ${ref} in the repository on this machine`,
  )
}

const headOf = async (call: BuiltInCall, directory: string): Promise<string> =>
  (await git(call, directory, ['rev-parse', 'HEAD']))[0] ?? ''

const git = (call: BuiltInCall, directory: string, words: readonly string[]): Promise<readonly string[]> =>
  runProgram(call, ['git', '-c', 'safe.directory=*', '-c', 'uploadpack.allowAnySHA1InWant=true', ...words], {
    directory,
    quiet: true,
    env: {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'uploadpack.allowAnySHA1InWant',
      GIT_CONFIG_VALUE_0: 'true',
      GIT_TERMINAL_PROMPT: '0',
    },
  })
