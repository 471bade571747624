/** One step: a shell command in a process group of its own, that ends with the step. */
import { spawn, type ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { limits } from '../core/limits.ts'
import { endGroup, isGroupAlive } from '../lib/process-group.ts'
import { endMarked, type Marked } from '../lib/marked-processes.ts'
import { identify, type ProcessIdentity } from '../lib/process-identity.ts'
import type { JobLog } from './log/job-log.ts'

/** What a step is run with. */
export type StepRequest = {
  readonly command: string
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
  readonly log: JobLog
  readonly graceMs: number
  /** The job's mark in its environment, `NAME=value`, and what ran before the job. */
  readonly marked: Marked
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
  const { command, directory, environment, log, graceMs, marked, onStart } = request
  const child = spawn('bash', ['--noprofile', '--norc', '-euo', 'pipefail', '-c', command], {
    cwd: directory,
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  log.take('stdout', child.stdout)
  log.take('stderr', child.stderr)
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
    await endPipes(child, drained, async () => void (await endMarked(marked, graceMs)))
    return result
  } finally {
    signal.removeEventListener('abort', end)
  }
}

/** Waits for the output to end. A process that left the group may hold the pipes open: it is ended; one that hides is not waited for. */
const endPipes = async (
  child: ChildProcess,
  drained: Promise<void>,
  endEscaped: () => Promise<void>,
): Promise<void> => {
  const isDrained = (): Promise<boolean> =>
    Promise.race([drained.then(() => true), sleep(limits.jobPipeWaitMs, false, { ref: false })])
  if (await isDrained()) return
  await endEscaped()
  if (await isDrained()) return
  child.stdout?.destroy()
  child.stderr?.destroy()
}
