/** Processes that this one forks itself. */
import { spawn } from 'node:child_process'
import { orderProblem, type ProcessOrder, type Started, type Starter, type Unstartable } from './started.ts'

/** Starts with Node's own `spawn`. Outputs are sockets there, which `/dev/stdout` and `/dev/stderr` cannot be opened through. */
export const spawnStarter: Starter = {
  start: async (order) => {
    const problem = orderProblem(order)
    if (problem !== null) return { kind: 'unstartable', detail: problem }
    try {
      return await spawned(order)
    } catch (error) {
      // What Node throws instead of telling it later: too many words, no memory.
      return { kind: 'unstartable', detail: String(error) }
    }
  },
}

const spawned = ({ program, argv, env, directory, as, hasInput }: ProcessOrder): Promise<Started | Unstartable> => {
  const [argv0 = '', ...words] = argv
  const child = spawn(program, words, {
    argv0,
    cwd: directory,
    env: { ...env },
    detached: true,
    stdio: [hasInput ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    ...(as === null ? {} : as),
  })
  const { pid, stdin, stdout, stderr } = child
  return new Promise<Started | Unstartable>((resolve) => {
    if (pid === undefined || stdout === null || stderr === null) {
      child.once('error', ({ message }) => resolve({ kind: 'unstartable', detail: message }))
      return
    }
    const end: Started['end'] = new Promise((ended) => {
      child.once('exit', (code, signal) =>
        ended(code === null ? { kind: 'signalled', signal: signal ?? 'unknown' } : { kind: 'exited', code }),
      )
    })
    // What it says of a process that runs is about signals that could not be sent.
    child.on('error', () => {})
    resolve({ kind: 'started', pid, stdin, stdout, stderr, end })
  })
}
