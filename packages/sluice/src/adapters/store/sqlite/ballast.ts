/** A file that only takes up room, so that room can be made when the disk is full. */
import { closeSync, fsyncSync, openSync, renameSync, statfsSync, writeSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { removeFile, sizeOf, syncDirectory } from './files.ts'

/** The ballast of one state directory. */
export type Ballast = {
  /** Makes it when it is missing and there is room for it several times over. Never throws: without ballast Sluice still works. */
  readonly keep: () => void
  /** Gives its room back; false when there was none to give. */
  readonly release: () => boolean
}

/** Ballast is made only where this many times its size is free; just released, it is not taken again at once. */
const roomFactor = 4

/** The ballast of a directory, `bytes` long; nothing is made yet. */
export const createBallast = (directory: string, bytes: number): Ballast => {
  const path = join(directory, 'ballast')
  return {
    keep: () => {
      try {
        if (!isThere(path, bytes) && hasRoom(directory, bytes)) make(directory, path, bytes)
      } catch {
        // The disk is full or refuses; the writer meets the same where it matters and says so there.
        discard(`${path}.new`)
      }
    },
    release: () => {
      const released = removeFile(path)
      removeFile(`${path}.new`)
      syncDirectory(directory)
      return released
    },
  }
}

const isThere = (path: string, bytes: number): boolean => (sizeOf(path) ?? 0) >= bytes

const discard = (path: string): void => {
  try {
    removeFile(path)
  } catch {
    // What cannot be removed now is overwritten when the ballast is next made.
  }
}

const hasRoom = (directory: string, bytes: number): boolean => {
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize >= bytes * roomFactor
}

const make = (directory: string, path: string, bytes: number): void => {
  const file = openSync(`${path}.new`, 'w', 0o600)
  try {
    // Random, so that no file system stores it in less room than it will have to give back.
    const chunk = randomBytes(65_536)
    for (let written = 0; written < bytes;)
      written += writeSync(file, chunk, 0, Math.min(chunk.length, bytes - written))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(`${path}.new`, path)
  syncDirectory(directory)
}
