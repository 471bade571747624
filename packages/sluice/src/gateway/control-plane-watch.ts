/**
 * The gateway's half of "control plane and gateway watch each other": when the control plane named in `server.json` is gone without having removed
 * that file (a clean stop removes it), it is started again, detached, with backoff.
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { limits } from '../core/limits.ts'
import { identify } from '../lib/process-identity.ts'
import type { World } from './world.ts'

/** Who to watch, and how to start it. */
export type WatchOptions = {
  readonly stateDir: string
  /** Program and arguments of the control plane, where `server.json` does not say. */
  readonly command: readonly string[] | null
  readonly world: World
}

const lookEveryMs = 500
const firstDelayMs = 500

/** What `server.json` must say: its pid, (Linux) field 22 of /proc/PID/stat, since pids are used again, and how it is started again. */
type ServerFile = {
  readonly pid: number
  readonly processStart: string | null
  readonly restartCommand: readonly string[] | null
}

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
    tryToStart(options, server)
  }, lookEveryMs)
  timer.unref()
  return () => clearInterval(timer)
}

/** Whatever keeps it from being started (no descriptor left, a log that cannot be opened), the traffic goes on. */
const tryToStart = (options: WatchOptions, server: ServerFile): void => {
  try {
    start(options, server)
  } catch (error) {
    options.world.log('error', 'control_plane_not_started', { reason: String(error) })
  }
}

const start = (options: WatchOptions, { pid: gonePid, restartCommand }: ServerFile): void => {
  const command = restartCommand ?? options.command
  const [program, ...args] = command ?? []
  if (program === undefined) return
  options.world.log('warn', 'control_plane_restarted', { gonePid, command })
  const output = fs.openSync(path.join(options.stateDir, 'server.log'), 'a', 0o600)
  try {
    const child = spawn(program, args, { detached: true, stdio: ['ignore', output, output] })
    child.on('error', (error) => options.world.log('error', 'control_plane_not_started', { reason: error.message }))
    child.unref()
    asEverybody(child.pid)
  } finally {
    fs.closeSync(output)
  }
}

/** The gateway may go before others (see routers/gateway/keeper.ts); what it starts, and the instances after that, do not. */
const asEverybody = (pid: number | undefined): void => {
  try {
    if (pid !== undefined && os.getPriority() < 0) os.setPriority(pid, 0)
  } catch {
    // Gone already: that is found out by the next look.
  }
}

/** Documented parser: anything but a pid means that there is nobody to watch. */
const readServerFile = (stateDir: string): ServerFile | null => {
  try {
    const file = JSON.parse(fs.readFileSync(path.join(stateDir, 'server.json'), 'utf8')) as {
      pid?: unknown
      processStart?: unknown
      restartCommand?: unknown
    }
    if (typeof file.pid !== 'number' || !Number.isSafeInteger(file.pid) || file.pid <= 0) return null
    const { restartCommand: command } = file
    return {
      pid: file.pid,
      processStart: typeof file.processStart === 'string' ? file.processStart : null,
      restartCommand: Array.isArray(command) && command.every((word) => typeof word === 'string') ? command : null,
    }
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
  // Elsewhere the start time costs a process of its own at every look; there a pid used again is taken for the control plane.
  if (process.platform !== 'linux') return true
  const identity = identify(server.pid)
  return identity !== null && (server.processStart === null || server.processStart === identity.startTime)
}
