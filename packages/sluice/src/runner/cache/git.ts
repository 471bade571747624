/** Questions to the git of this machine about a checkout; nothing is changed by them. */
import { execFile } from 'node:child_process'
import { limits } from '../../core/limits.ts'
import { SluiceError } from '../../core/errors.ts'

/** What git prints. `tool_missing` without git, `not_found` outside of a repository or for a name that it does not know. */
export const askGit = (directory: string, words: readonly string[], signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { cwd: directory, env: environment(), maxBuffer: limits.listingBytesMax, signal } as const
    // A monitor of the file system would be a process that outlives the question.
    execFile('git', ['-c', 'core.fsmonitor=false', ...words], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else reject(failure({ error, stderr, directory, words }))
    })
  })

type Failed = {
  readonly error: Error
  readonly stderr: string
  readonly directory: string
  readonly words: readonly string[]
}

const failure = ({ error, stderr, directory, words }: Failed): SluiceError => {
  if ('code' in error && error.code === 'ENOENT')
    return new SluiceError('tool_missing', {
      detail: `git could not be started in ${directory}`,
      hint: 'install git and try again',
      cause: error,
    })
  return new SluiceError('not_found', {
    detail: `git ${words[0] ?? ''} in ${directory}: ${stderr.trim().split('\n')[0] ?? 'failed'}`,
    hint: 'caches need a git repository with its files added',
    cause: error,
  })
}

/** Without what a hook of git's sets: inside one, git would work on another repository. */
const environment = (): NodeJS.ProcessEnv => {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('GIT_') || name.startsWith('GIT_CONFIG_'),
  )
  return { ...Object.fromEntries(kept), GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' }
}
