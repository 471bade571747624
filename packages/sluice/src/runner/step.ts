/** One step: a shell command in a process group of its own, that ends with the step. */
import { spawn } from 'node:child_process'
import { endGroup, isGroupAlive } from '../lib/process-group.ts'
import { identify, type ProcessIdentity } from '../lib/process-identity.ts'
import type { JobLog } from './job-log.ts'

/** What a step is run with. */
export type StepRequest = {
  readonly command: string
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
  readonly log: JobLog
  readonly graceMs: number
  /** Called once the process is there, before anything else happens. */
  readonly onStart: (leader: ProcessIdentity) => Promise<void>
}

/** How it ended: an exit code, a signal, or it could not be started. */
export type StepEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | { readonly kind: 'unstartable'; readonly detail: string }

/** Runs a step under `bash -euo pipefail`; when the signal falls, its group ends (SIGTERM, grace, SIGKILL). Nothing of the group is left when it resolves. */
export const runStep = async (request: StepRequest, signal: AbortSignal): Promise<StepEnd> => {
  const { command, directory, environment, log, graceMs, onStart } = request
  const child = spawn('bash', ['--noprofile', '--norc', '-euo', 'pipefail', '-c', command], {
    cwd: directory,
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.on('data', (chunk: Uint8Array) => log.write('stdout', chunk))
  child.stderr.on('data', (chunk: Uint8Array) => log.write('stderr', chunk))
  const exit = new Promise<StepEnd>((resolve) => {
    child.once('error', (error) => resolve({ kind: 'unstartable', detail: error.message }))
    child.once('exit', (code, name) =>
      resolve(code === null ? { kind: 'signalled', signal: name ?? 'unknown' } : { kind: 'exited', code }),
    )
  })
  const drained = new Promise<void>((resolve) => void child.once('close', () => resolve()))
  const group = child.pid
  if (group === undefined) return exit
  const end = (): void => void endGroup(group, graceMs)
  signal.addEventListener('abort', end, { once: true })
  try {
    const leader = identify(group)
    if (leader !== null) await onStart(leader)
    if (signal.aborted) end()
    const result = await exit
    // What the step left running in the background would hold the pipes open, and outlive the job.
    if (isGroupAlive(group)) await endGroup(group, graceMs)
    await drained
    return result
  } finally {
    signal.removeEventListener('abort', end)
  }
}
