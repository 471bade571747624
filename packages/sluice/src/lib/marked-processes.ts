/**
 * Processes by a mark in their environment. What leaves its process group and session (a daemon, a build server) still carries the mark that
 * it was started with. Linux only; elsewhere none is found. Source: proc(5), and the tracking variable that CI services clean up by.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Which processes: those with this `NAME=value` in their environment, but for the given pids. */
export type Marked = { readonly entry: string; readonly except: ReadonlySet<number> }

/** Every process that runs now. */
export const pidsNow = (): ReadonlySet<number> =>
  new Set(
    process.platform === 'linux'
      ? readdirSync('/proc')
          .filter((name) => /^\d+$/.test(name))
          .map(Number)
      : [],
  )

/** Pids that carry the mark; zombies have no environment and are not among them. */
export const markedPids = ({ entry, except }: Marked): readonly number[] =>
  [...pidsNow()].filter((pid) => pid !== process.pid && !except.has(pid) && hasEntry(pid, entry))

/**
 * SIGTERM to each, a grace, SIGKILL. Gives how many there were; resolves once none is left, or another grace later when one sits in the kernel
 * and not even SIGKILL ends it. Safe to repeat.
 */
export const endMarked = async (marked: Marked, graceMs: number): Promise<number> => {
  const found = markedPids(marked)
  if (found.length === 0) return 0
  for (const pid of found) send(pid, 'SIGTERM')
  const deadline = performance.now() + graceMs
  for (let left = found; left.length > 0; left = markedPids(marked)) {
    // One that they started meanwhile is ended with them.
    const lateMs = performance.now() - deadline
    if (lateMs >= 0) for (const pid of left) send(pid, 'SIGKILL')
    if (lateMs > Math.max(graceMs, 1_000)) break
    await sleep(10)
  }
  return found.length
}

const send = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended by itself.
  }
}

const hasEntry = (pid: number, entry: string): boolean => {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(entry)
  } catch {
    // Another user's, or it ended while we looked: not ours.
    return false
  }
}
