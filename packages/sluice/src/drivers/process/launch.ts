/** Starts one process, and holds what is known of a running one. */
import { spawn } from 'node:child_process'
import { closeSync, fstatSync, statSync } from 'node:fs'
import { Socket } from 'node:net'
import { SluiceError } from '../../core/errors.ts'
import { identify, isRunning } from '../../lib/process-identity.ts'
import type { ProcessIdentity } from '../../lib/process-identity.ts'
import { type Behind, catchUp, startBehind } from './behind.ts'
import { openLog } from './log-file.ts'

/** How a process ended. Both are null where it was not our child, so that nobody could tell. */
export type Ended = { readonly exitCode: number | null; readonly signal: string | null; readonly livedMs: number }

/** A process that was started or taken up, and what came of it. */
export type RunningProcess = {
  readonly identity: ProcessIdentity
  /** Size of its log when it began. */
  readonly logFrom: number
  /** How it ended; null while it runs. Asks the system where the process is not our child. */
  readonly ended: () => Ended | null
  /** Settles when a child of ours ends; for others never. */
  readonly whenEnded: Promise<void>
  /** Whether it was seen listening on its port. */
  readonly listening: () => boolean
  /** Remembers that it was; from then on it is as important as everybody. */
  readonly seenListening: () => void
  /** Whether it still starts behind everybody else (see `behind.ts`). */
  readonly isBehind: () => boolean
}

/** What to start. */
export type Launch = {
  readonly line: string
  readonly folder: string
  readonly variables: Readonly<Record<string, string>>
  readonly logFile: string
  /** Whether it starts behind everybody else (see `behind.ts`). */
  readonly behind: boolean
  readonly onEnded: () => void
}

/** A process that waits for its word. */
export type GatedProcess = {
  readonly running: RunningProcess
  /** Lets the command begin. */
  readonly begin: () => void
  /** Ends the process without its command having begun. */
  readonly forget: () => void
}

/**
 * The gate: the shell waits for a word from the control plane and only then goes on to the command. When the control plane dies first, the
 * other end closes, and the shell ends. So nothing ever runs that was not on record before, whenever the control plane is killed.
 */
const gate = 'read -r word <&3 || exit 0\nexec 3<&-\n'

/** Starts a process in a session and group of its own, so that it outlives this one. `start_failed` when the system refuses. */
export const launch = ({ line, folder, variables, logFile, behind, onEnded }: Launch): GatedProcess => {
  const log = openLog(logFile)
  try {
    const logFrom = fstatSync(log).size
    const startedAt = performance.now()
    const child = spawn('/bin/sh', ['-c', gate + line], {
      cwd: folder,
      env: variables,
      detached: true,
      stdio: ['ignore', log, log, 'pipe'],
    })
    let ended: Ended | null = null
    const whenEnded = new Promise<void>((resolve) => {
      const settle = (exitCode: number | null, signal: string | null): void => {
        ended ??= { exitCode, signal, livedMs: performance.now() - startedAt }
        resolve()
        onEnded()
      }
      child.once('exit', settle)
      child.once('error', () => settle(null, null))
    })
    child.unref()
    const word = child.stdio[3]
    // It may have been killed at the gate; its end is told by `exit`.
    word?.on('error', () => {})
    const identity = identityOf(child.pid, folder)
    const start = behind ? startBehind(identity) : null
    void whenEnded.then(() => start?.end())
    return {
      running: { identity, logFrom, ended: () => ended, whenEnded, ...listeningOf(start) },
      begin: () => void (word instanceof Socket && word.end('begin\n')),
      forget: () => void word?.destroy(),
    }
  } finally {
    closeSync(log)
  }
}

const listeningOf = (start: Behind | null): Pick<RunningProcess, 'listening' | 'seenListening' | 'isBehind'> => {
  let listening = false
  const seenListening = (): void => {
    listening = true
    start?.end()
  }
  return { listening: () => listening, seenListening, isBehind: () => start?.isOn() ?? false }
}

const identityOf = (pid: number | undefined, folder: string): ProcessIdentity => {
  if (pid === undefined) {
    const reason = statSync(folder, { throwIfNoEntry: false })
      ? 'the system refused a new process'
      : `${folder} is gone`
    throw new SluiceError('start_failed', { detail: `no process could be started: ${reason}`, retry: 'later' })
  }
  // One that has ended already keeps its pid until it is reaped, later in this loop; it needs no start time to be told apart.
  return identify(pid) ?? { pid, startTime: 'ended' }
}

/** Takes up a process that another control plane started. */
export const takeUp = (identity: ProcessIdentity, logFrom: number): RunningProcess => {
  const since = performance.now()
  // The one who had it started may have been killed before it let it catch up.
  catchUp(identity)
  let ended: Ended | null = null
  return {
    identity,
    logFrom,
    ended: () => {
      if (ended === null && !isRunning(identity)) {
        ended = { exitCode: null, signal: null, livedMs: performance.now() - since }
      }
      return ended
    },
    whenEnded: new Promise(() => {}),
    ...listeningOf(null),
  }
}
