/** What tools say about themselves, asked once in a process: `node --version` for two hundred jobs is one question. */
import { execFile } from 'node:child_process'
import { limits } from '../../core/limits.ts'
import type { Texts } from '../../core/pipeline/job-plan.ts'

/** Where commands run, and with which environment. */
export type ToolPlace = { readonly directory: string; readonly env: Texts }

/** Gives what commands print, in any order; a command that fails has said so with its exit code, and that is its answer. */
export type ToolVersions = (commands: readonly string[]) => Promise<Texts>

/** Asks commands in a folder. */
export const toolVersions = ({ directory, env }: ToolPlace): ToolVersions => {
  const known = new Map<string, Promise<string>>()
  const ask = (command: string): Promise<string> => {
    const asked = known.get(command) ?? say(command, { directory, env })
    known.set(command, asked)
    return asked
  }
  return async (commands) =>
    Object.fromEntries(await Promise.all(commands.map(async (command) => [command, await ask(command)] as const)))
}

const say = (command: string, { directory, env }: ToolPlace): Promise<string> =>
  new Promise((resolve) => {
    const options = { cwd: directory, env, timeout: limits.toolVersionMs, killSignal: 'SIGKILL' } as const
    execFile('sh', ['-c', command], options, (error, stdout, stderr) => {
      const said = `${stdout}${stderr}`.trim().slice(0, limits.evidenceBytesMax)
      if (error === null) resolve(said)
      // A changing complaint (a process id, a time) must not make every key new.
      else resolve(`failed with ${String(error.code ?? error.signal)}`)
    })
  })
