/**
 * The state of a project: the directory, and the store in it. A part of the composition root that has a file of its own, because the store's thread takes as
 * long to start as everything else takes to load: who begins with it has both at the same time.
 */
import { chmodSync, existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openSqliteStore } from './adapters/store/sqlite/store.ts'
import { SluiceError } from './core/errors.ts'
import type { Store } from './ports/store.ts'

/** A state that is being opened. */
export type State = {
  /** Without links in it. */
  readonly stateDir: string
  /** `server_running`, `store_corrupt`, `store_newer`, `store_full`. */
  readonly store: Promise<Store>
}

/** Makes the directory and begins to open the store. `usage_invalid` for a path too long. */
export const openState = (directory: string): State => {
  const stateDir = makeStateDir(directory)
  const store = openSqliteStore({ directory: stateDir })
  // Whoever waits for it hears of it, perhaps only later.
  store.catch(() => {})
  return { stateDir, store }
}

/** Longest path of a unix socket on the platforms that Node runs on (macOS 103, Linux 107 bytes; unix(7)). */
const socketPathBytesMax = 103

/** Makes the state directory, for its owner only and out of git's sight. */
const makeStateDir = (directory: string): string => {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  chmodSync(directory, 0o700)
  const ignore = join(directory, '.gitignore')
  if (!existsSync(ignore)) writeFileSync(ignore, '*\n')
  const stateDir = realpathSync(directory)
  const socketFile = join(stateDir, 'gateway.sock')
  if (Buffer.byteLength(socketFile) <= socketPathBytesMax) return stateDir
  throw new SluiceError('usage_invalid', {
    detail: `${socketFile} is longer than the ${socketPathBytesMax} bytes that the path of a socket may have`,
    hint: 'use a state directory with a shorter path: --state-dir',
  })
}
