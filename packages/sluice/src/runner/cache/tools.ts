/** What tools say about themselves, asked once in a process: `node --version` for two hundred jobs is one question. */
import { limits } from '../../core/limits.ts'
import type { Texts } from '../../core/pipeline/job-plan.ts'
import { runProgram } from '../../lib/run-program.ts'

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

const say = async (command: string, { directory, env }: ToolPlace): Promise<string> => {
  const signal = AbortSignal.timeout(limits.toolVersionMs)
  const answer = await runProgram('sh', ['-c', command], { cwd: directory, env, signal, bytesMax: outputBytesMax })
  if (answer.kind === 'ended' && answer.code === 0)
    return `${answer.out}${answer.err}`.trim().slice(0, limits.evidenceBytesMax)
  // A changing complaint (a process id, a time) must not make every key new.
  return `failed with ${answer.kind === 'failed' ? answer.code : String(answer.code ?? 'a signal')}`
}

/** What a tool says of itself is a line. */
const outputBytesMax = 1_048_576
