/** The names of the environments, for a shell that completes one. */
import type { Cli } from './cli.ts'
import { clientOfRunning } from './connect.ts'

/** How long a control plane has to say them, milliseconds: somebody waits for the next letter. */
const answerMs = 100

/** Those that the control plane knows, where one answers at once; none otherwise. Never rejects: a shell has nowhere to say why. */
export const environmentNames = async (cli: Cli): Promise<readonly string[]> => {
  try {
    const client = await clientOfRunning(cli)
    if (client === null) return []
    const { environments } = await client.call('environments.list', { timeoutMs: answerMs })
    const names = environments.map(({ name }) => name)
    // What a shell takes as a word of its own, whatever the control plane says.
    return [...new Set(names)].filter((name) => /^[\w.-]+$/.test(name))
  } catch {
    return []
  }
}
