/**
 * The gateway's half of "control plane and gateway watch each other": when the control plane named in `server.json` is gone without having removed
 * that file (a clean stop removes it), it is started again, detached, with backoff.
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { limits } from '../core/limits.ts'
import type { World } from './world.ts'

/** Who to watch, and how to start it. */
export type WatchOptions = {
  readonly stateDir: string
  /** Program and arguments of the control plane. */
  readonly command: readonly string[]
  readonly world: World
}

const lookEveryMs = 500
const firstDelayMs = 500

/** What `server.json` must say: its pid, and (Linux) field 22 of /proc/PID/stat, since pids are used again. */
type ServerFile = { readonly pid: number; readonly processStart: string | null }

/** Begins to watch; gives what ends it. */
export const watchControlPlane = (options: WatchOptions): (() => void) => {
  let nextStartAt = 0
  let delayMs = firstDelayMs
  const timer = setInterval(() => {
    const server = readServerFile(options.stateDir)
    const now = options.world.monotonic()
    if (!server) return
    if (isAlive(server)) {
      if (now > nextStartAt + limits.retryDelayMsMax) delayMs = firstDelayMs
      return
    }
    if (now < nextStartAt) return
    nextStartAt = now + delayMs
    delayMs = Math.min(delayMs * 2, limits.retryDelayMsMax)
    start(options, server.pid)
  }, lookEveryMs)
  timer.unref()
  return () => clearInterval(timer)
}

const start = (options: WatchOptions, gonePid: number): void => {
  const [program, ...args] = options.command
  if (program === undefined) return
  options.world.log('warn', 'control_plane_restarted', { gonePid, command: options.command })
  const output = fs.openSync(path.join(options.stateDir, 'server.log'), 'a', 0o600)
  const child = spawn(program, args, { detached: true, stdio: ['ignore', output, output] })
  child.on('error', (error) => options.world.log('error', 'control_plane_not_started', { reason: error.message }))
  child.unref()
  fs.closeSync(output)
}

/** Documented parser: anything but a pid means that there is nobody to watch. */
const readServerFile = (stateDir: string): ServerFile | null => {
  try {
    const file = JSON.parse(fs.readFileSync(path.join(stateDir, 'server.json'), 'utf8')) as {
      pid?: unknown
      processStart?: unknown
    }
    if (typeof file.pid !== 'number' || !Number.isSafeInteger(file.pid) || file.pid <= 0) return null
    return { pid: file.pid, processStart: typeof file.processStart === 'string' ? file.processStart : null }
  } catch {
    return null
  }
}

const isAlive = (server: ServerFile): boolean => {
  try {
    process.kill(server.pid, 0)
  } catch (error) {
    // EPERM: it lives, as another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
  if (process.platform !== 'linux') return true
  const stat = readStat(server.pid)
  if (stat === null || stat.zombie) return false
  return server.processStart === null || server.processStart === stat.start
}

/** State and start time of a process; null when it is gone. */
const readStat = (pid: number): { zombie: boolean; start: string } | null => {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold anything; the fields after it are plain.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { zombie: fields[0] === 'Z', start: fields[19] ?? '' }
  } catch {
    return null
  }
}
