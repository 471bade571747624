/** Calls git for the runner. */
import { spawn } from 'node:child_process'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'

/**
 * Runs git in a folder and gives what it printed. Only the named variables reach it: what a hook of git's sets would make it work on that
 * repository, wherever it is called. `tool_missing`, `store_full`, `outcome_unknown` when it was called off.
 */
export const git = async (
  {
    directory,
    words,
    input,
  }: { readonly directory: string; readonly words: readonly string[]; readonly input?: string },
  signal: AbortSignal,
): Promise<string> => {
  const child = spawn('git', ['-c', 'core.hooksPath=/dev/null', '-c', 'advice.detachedHead=false', ...words], {
    cwd: directory,
    env: gitEnvironment(process.env),
    stdio: ['pipe', 'pipe', 'pipe'],
    signal,
  })
  const printed: Buffer[] = []
  let complaints = ''
  child.stdout.on('data', (chunk: Buffer) => void printed.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString('utf8')).slice(-limits.evidenceBytesMax)
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input ?? '')
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => reject(unstartable(error, words)))
    child.once('close', resolve)
  })
  if (code === 0) return Buffer.concat(printed).toString('utf8')
  throw new SluiceError(/no space left/i.test(complaints) ? 'store_full' : 'unexpected', {
    detail: `git ${words[0] ?? ''} in ${directory} ended with ${code ?? 'a signal'}`,
    evidence: complaints.trim().split('\n').slice(-limits.evidenceLinesMax),
  })
}

const unstartable = (error: Error, words: readonly string[]): SluiceError =>
  error.name === 'AbortError'
    ? new SluiceError('outcome_unknown', { detail: `git ${words[0] ?? ''} was called off`, cause: error })
    : new SluiceError('tool_missing', {
        detail: 'git is not installed, or not on the PATH',
        hint: 'install git and try again',
        cause: error,
      })

/** Settings given by environment (`GIT_CONFIG_COUNT`, as CI does for `safe.directory`) stay. */
const gitEnvironment = (from: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
  const kept = Object.entries(from).filter(([name]) => !name.startsWith('GIT_') || name.startsWith('GIT_CONFIG'))
  return { ...Object.fromEntries(kept), GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' }
}
