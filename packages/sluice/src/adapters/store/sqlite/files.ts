/** The files of a state directory. */
import { closeSync, fsyncSync, openSync, readSync, statSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'

/** The database. Beside it SQLite keeps `-wal` (part of the data) and `-shm` (not). */
export const databasePath = (directory: string): string => join(directory, 'state.db')

/** Makes names that were created, renamed or removed in a directory outlive a power cut. */
export const syncDirectory = (directory: string): void => {
  const handle = openSync(directory, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Makes a file's content outlive a power cut. */
export const syncFile = (path: string): void => {
  const handle = openSync(path, 'r+')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Removes a file; false when there was none. */
export const removeFile = (path: string): boolean => {
  try {
    unlinkSync(path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}

/** The size of a file, bytes; null when there is none. */
export const sizeOf = (path: string): number | null => statSync(path, { throwIfNoEntry: false })?.size ?? null

/** The first bytes of a file as Latin-1 text; fewer when it is shorter. */
export const headOf = (path: string, bytes: number): string => {
  const handle = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(bytes)
    return buffer.toString('latin1', 0, readSync(handle, buffer, 0, bytes, 0))
  } finally {
    closeSync(handle)
  }
}
