/** The git of this machine, called so that it works on the repository it is pointed at, asks nobody and runs no hook. */
import { stat } from 'node:fs/promises'
import { SluiceError } from '../core/errors.ts'
import { runProgram } from './run-program.ts'

/** How a git command ended; `code` 128 is git's own refusal. */
export type GitAnswer = { readonly code: number; readonly out: string; readonly err: string }

/**
 * What a hook of git's sets: inside one, git would work on that repository and index, wherever it is called. Settings given by environment
 * (`GIT_CONFIG_COUNT`, as CI does for `safe.directory`) stay. Source: `git rev-parse --local-env-vars`.
 */
const hookVariables = [
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_INDEX_FILE',
  'GIT_PREFIX',
  'GIT_COMMON_DIR',
  'GIT_OBJECT_DIRECTORY',
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_GRAFT_FILE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_REPLACE_REF_BASE',
  'GIT_SHALLOW_FILE',
  'GIT_INTERNAL_SUPER_PREFIX',
]

/**
 * Runs git and gives what it printed, which is held in memory. An exit code other than 0 is an answer, not an error. Throws `tool_missing` without git, and
 * `outcome_unknown` when called off.
 */
export const git = (cwd: string, words: readonly string[], signal: AbortSignal): Promise<GitAnswer> =>
  gitWith({ cwd, variables: {} }, words, signal)

/** The same, with variables of its own, for instance another index. */
export const gitWith = async (
  { cwd, variables }: { readonly cwd: string; readonly variables: Readonly<Record<string, string>> },
  words: readonly string[],
  signal: AbortSignal,
): Promise<GitAnswer> => {
  const answer = await runProgram('git', [...always, ...words], {
    cwd,
    env: { ...environment(), ...variables },
    signal,
  })
  if (answer.kind === 'ended')
    return { code: answer.code ?? 128, out: answer.out.replace(/\r?\n$/, ''), err: answer.err.trimEnd() }
  return unstarted({ isCanceled: signal.aborted, code: answer.code, originalMessage: answer.detail }, cwd, words)
}

/** Runs git and gives its lines as they come, for output of any size; at the end the answer, without what was given already. Throws as `git` does. */
export const gitLines = async function* (
  cwd: string,
  words: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<string, GitAnswer> {
  const { execa } = await import('execa')
  const child = execa('git', [...always, ...words], {
    cwd,
    env: environment(),
    reject: false,
    cancelSignal: signal,
    stdin: 'ignore',
    buffer: { stdout: false },
  })
  let rest = ''
  child.stdout.setEncoding('utf8')
  for await (const chunk of child.stdout) {
    const lines = `${rest}${String(chunk)}`.split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
  const result = await child
  if (result.exitCode !== undefined) return { code: result.exitCode, out: '', err: result.stderr }
  return unstarted(result, cwd, words)
}

// A checkout for a job must not run the hooks that its user set up for checkouts of their own.
const always: readonly string[] = ['-c', 'core.hooksPath=/dev/null']

const environment = (): Readonly<Record<string, string | undefined>> => ({
  ...process.env,
  ...Object.fromEntries(hookVariables.map((name) => [name, undefined])),
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  LC_ALL: 'C',
})

type Unstarted = {
  readonly isCanceled: boolean
  readonly code?: string | undefined
  readonly originalMessage?: string | undefined
}

const unstarted = async (result: Unstarted, cwd: string, words: readonly string[]): Promise<GitAnswer> => {
  if (result.isCanceled) throw new SluiceError('outcome_unknown', { detail: `git ${words[0] ?? ''} was called off` })
  if (result.code === 'ENOENT' && (await isDirectory(cwd))) {
    throw new SluiceError('tool_missing', {
      detail: 'git is not installed, or not on the PATH',
      hint: 'install git and try again',
    })
  }
  return { code: 128, out: '', err: result.originalMessage ?? 'git did not start' }
}

const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

/** The answer of a command that has no reason to fail. Throws `store_full` without room, otherwise `unexpected` with git's last lines. */
export const must = (answer: GitAnswer, what: string): GitAnswer => {
  if (answer.code === 0) return answer
  const full = /no space left/i.test(answer.err)
  throw new SluiceError(full ? 'store_full' : 'unexpected', {
    detail: `${what}: git ended with ${answer.code}`,
    evidence: answer.err.split('\n').slice(-10),
  })
}
