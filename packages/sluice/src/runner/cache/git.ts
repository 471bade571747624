/** Questions to the git of this machine about a checkout; nothing is changed by them. */
import { limits } from '../../core/limits.ts'
import { SluiceError } from '../../core/errors.ts'
import { runProgram } from '../../lib/run-program.ts'

/** What git prints. `tool_missing` without git, `not_found` outside of a repository or for a name that it does not know. */
export const askGit = async (directory: string, words: readonly string[], signal: AbortSignal): Promise<string> => {
  const options = { cwd: directory, env: environment(), bytesMax: limits.listingBytesMax, signal }
  // A monitor of the file system would be a process that outlives the question.
  const answer = await runProgram('git', ['-c', 'core.fsmonitor=false', ...words], options)
  if (answer.kind === 'ended' && answer.code === 0) return answer.out
  if (answer.kind === 'failed' && answer.code === 'ENOENT')
    throw new SluiceError('tool_missing', {
      detail: `git could not be started in ${directory}`,
      hint: 'install git and try again',
    })
  const why = answer.kind === 'failed' ? answer.detail : (answer.err.trim().split('\n')[0] ?? '')
  throw new SluiceError('not_found', {
    detail: `git ${words[0] ?? ''} in ${directory}: ${why}`,
    hint: 'caches need a git repository with its files added',
  })
}

/** Without what a hook of git's sets: inside one, git would work on another repository. */
const environment = (): NodeJS.ProcessEnv => {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('GIT_') || name.startsWith('GIT_CONFIG_'),
  )
  return { ...Object.fromEntries(kept), GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' }
}
