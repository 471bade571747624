import { spawn } from 'node:child_process'

/** How a program ended, with what it said; or why it never began (`code` is the system's: `ENOENT` …), or was called off. `code` is null after a signal. */
export type ProgramAnswer =
  | { readonly kind: 'ended'; readonly code: number | null; readonly out: string; readonly err: string }
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string }

/** Where and how a program runs. */
export type ProgramOptions = {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
}

/** Runs a program to its end and gives what it said. For short answers: they are held in memory. Never rejects. */
export const runProgram = (
  program: string,
  args: readonly string[],
  { cwd, env, signal }: ProgramOptions,
): Promise<ProgramAnswer> =>
  new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env, signal, stdio: ['ignore', 'pipe', 'pipe'] })
    const [out, err]: [Buffer[], Buffer[]] = [[], []]
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.once('error', (error) => {
      const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
      resolve({ kind: 'failed', code, detail: error.message })
    })
    child.once('close', (code) =>
      resolve({ kind: 'ended', code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }),
    )
  })
