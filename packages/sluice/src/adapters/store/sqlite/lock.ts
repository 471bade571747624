/**
 * The exclusive hold on a state directory. It is SQLite's lock on a file of its own, so it dies with the process, however that ends,
 * and nothing stale can be left behind. The file beside it only tells others whom to ask.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'
import { SluiceError } from '../../../core/errors.ts'
import { limits } from '../../../core/limits.ts'
import { failureError } from './failures.ts'

/** A held lock. */
export type DirectoryLock = { readonly release: () => void }

const busy = 5

/** Takes the lock. `server_running` names the process that has it. */
export const lockDirectory = async (directory: string): Promise<DirectoryLock> => {
  const path = join(directory, 'control.lock')
  const pidPath = join(directory, 'control.pid')
  const waitMs = 20
  for (let waitedMs = 0; ; waitedMs += waitMs) {
    const lock = tryLock(path)
    if (lock !== null) {
      writePid(pidPath)
      return lock
    }
    if (waitedMs >= limits.lockWaitMs) throw runningError(directory, readPid(pidPath))
    await setTimeout(waitMs)
  }
}

const tryLock = (path: string): DirectoryLock | null => {
  const database = openLock(path)
  try {
    // Nothing of this is ever written, so a lock can be had on a full disk too.
    database.exec('pragma journal_mode = memory; begin exclusive')
    return { release: () => database.close() }
  } catch (error) {
    database.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === busy) return null
    throw failureError(error, 'locked', path)
  }
}

const openLock = (path: string): DatabaseSync => {
  try {
    return new DatabaseSync(path, { timeout: 0 })
  } catch (error) {
    throw failureError(error, 'opened', path)
  }
}

const writePid = (path: string): void => {
  try {
    writeFileSync(path, `${process.pid}\n`, { mode: 0o600 })
  } catch {
    // The lock holds without it; on a full disk others are told that it is held, but not by whom.
  }
}

const readPid = (path: string): string => {
  try {
    const pid = readFileSync(path, 'utf8').trim()
    return pid === '' ? 'another process' : `process ${pid}`
  } catch {
    return 'another process'
  }
}

const runningError = (directory: string, holder: string): SluiceError =>
  new SluiceError('server_running', {
    detail: `A control plane already works in ${directory}: ${holder}.`,
    hint: 'Use it, or stop it with sluice down.',
  })
