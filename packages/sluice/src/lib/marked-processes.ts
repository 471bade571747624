/**
 * Processes by a mark in their environment. What leaves its process group and session (a daemon, a build server) still carries the mark that
 * it was started with. Linux only; elsewhere none is found. Source: proc(5), and the tracking variable that CI services clean up by.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Which processes: those with this `NAME=value` in their environment, begun after `since` (see `newestPid`; null: whenever). */
export type Marked = { readonly entry: string; readonly since: number | null }

/** Above so many possible pids it is cheaper to ask which there are. */
const probedMax = 256

/** The pid that was given out last; null where the system does not say. Source: proc(5), `loadavg`. */
export const newestPid = (): number | null => {
  try {
    const pid = Number(readFileSync('/proc/loadavg', 'utf8').trim().split(' ').at(-1))
    return Number.isSafeInteger(pid) ? pid : null
  } catch {
    return null
  }
}

/** Pids that carry the mark; zombies have no environment and are not among them. */
const markedPids = ({ entry, since }: Marked): readonly number[] =>
  candidates(since).filter((pid) => pid !== process.pid && hasEntry(pid, entry))

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

/** Pids grow until they wrap; then, or after many, every process of the machine is looked at. */
const candidates = (since: number | null): readonly number[] => {
  if (process.platform !== 'linux') return []
  const newest = since === null ? null : newestPid()
  if (since !== null && newest !== null && newest >= since && newest - since <= probedMax)
    return Array.from({ length: newest - since }, (_, index) => since + index + 1)
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

const send = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended by itself.
  }
}

const hasEntry = (pid: number, entry: string): boolean => {
  // Of those that were begun lately most are gone, and an error for each takes longer than the question.
  if (!existsSync(`/proc/${pid}/environ`)) return false
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(entry)
  } catch {
    // Another user's, or it ended while we looked: not ours.
    return false
  }
}
