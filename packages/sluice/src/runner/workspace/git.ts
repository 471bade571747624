/** Calls git for the runner. */
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { type ProgramAnswer, runProgram } from '../../lib/run-program.ts'

/**
 * Runs git in a folder and gives what it printed. Only the named variables reach it: what a hook of git's sets would make it work on that
 * repository, wherever it is called. `tool_missing`, `store_full`, `outcome_unknown` when it was called off.
 */
export const git = async (
  { directory, words }: { readonly directory: string; readonly words: readonly string[] },
  signal: AbortSignal,
): Promise<string> => {
  const answer = await runProgram(
    'git',
    ['-c', 'core.hooksPath=/dev/null', '-c', 'advice.detachedHead=false', ...words],
    {
      cwd: directory,
      env: gitEnvironment(process.env),
      signal,
    },
  )
  if (answer.kind === 'failed') throw unstartable(answer, words)
  if (answer.code === 0) return answer.out
  throw new SluiceError(/no space left/i.test(answer.err) ? 'store_full' : 'unexpected', {
    detail: `git ${words[0] ?? ''} in ${directory} ended with ${answer.code ?? 'a signal'}`,
    evidence: answer.err.trim().split('\n').slice(-limits.evidenceLinesMax),
  })
}

const unstartable = (
  { code, detail }: Extract<ProgramAnswer, { kind: 'failed' }>,
  words: readonly string[],
): SluiceError => {
  if (code === 'ABORT_ERR')
    return new SluiceError('outcome_unknown', { detail: `git ${words[0] ?? ''} was called off` })
  if (code !== 'ENOENT') return new SluiceError('unexpected', { detail: `git ${words[0] ?? ''}: ${detail}` })
  return new SluiceError('tool_missing', {
    detail: 'git is not installed, or not on the PATH',
    hint: 'install git and try again',
  })
}

/** Settings given by environment (`GIT_CONFIG_COUNT`, as CI does for `safe.directory`) stay. */
const gitEnvironment = (from: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
  const kept = Object.entries(from).filter(([name]) => !name.startsWith('GIT_') || name.startsWith('GIT_CONFIG'))
  return { ...Object.fromEntries(kept), GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' }
}
