/** Which process is meant: a pid alone is used again after its process ended. */
import { readFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'

/** A process by pid and start time; `startTime` is opaque and only compared. */
export type ProcessIdentity = { readonly pid: number; readonly startTime: string }

/** The identity of a running process; null when there is none by that pid, or it is a zombie. */
export const identify = (pid: number): ProcessIdentity | null => {
  const startTime = process.platform === 'linux' ? linuxStartTime(pid) : psStartTime(pid)
  return startTime === null ? null : { pid, startTime }
}

/** Whether exactly this process still runs. */
export const isRunning = (identity: ProcessIdentity): boolean =>
  identify(identity.pid)?.startTime === identity.startTime

/** The process that a file of ours names; null when there is no such file, or that process has ended. Documented parser. */
export const runningIn = (file: string): ProcessIdentity | null => {
  try {
    const identity = JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity | null
    return identity !== null && isRunning(identity) ? identity : null
  } catch {
    return null
  }
}

/** Field 22 of /proc/PID/stat: clock ticks since boot. The name in field 2 may hold spaces and parentheses. Source: proc(5). */
const linuxStartTime = (pid: number): string | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ', 20)
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null)
  } catch {
    return null
  }
}

const psStartTime = (pid: number): string | null => {
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
    return text === '' ? null : text
  } catch {
    return null
  }
}
