/** Bytes on their way into the file of a log. */
import { appendFileSync, ftruncateSync, mkdirSync, openSync, write, writeSync, writev, writevSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'

/** Opens a log for appending, its folder made if need be. */
export const openAppending = (path: string): number => {
  try {
    return openSync(path, 'a', 0o600)
  } catch {
    mkdirSync(dirname(path), { recursive: true })
    return openSync(path, 'a', 0o600)
  }
}

const writeAt = promisify(write)
const writeTogether = promisify(writev)

/** Writes all of it, from a thread of its own. */
export const writeFully = async (file: number, buffers: readonly Buffer[]): Promise<void> => {
  let { bytesWritten } = await writeTogether(file, buffers)
  for (const buffer of buffers) {
    const done = Math.min(bytesWritten, buffer.length)
    bytesWritten -= done
    // What one call did not take (the disk is about to be full) says why in the next one.
    for (let at = done; at < buffer.length;) at += (await writeAt(file, buffer, at, buffer.length - at)).bytesWritten
  }
}

/** Writes all of it now. */
export const writeFullySync = (file: number, buffers: readonly Buffer[]): void => {
  let bytesWritten = writevSync(file, buffers)
  for (const buffer of buffers) {
    const done = Math.min(bytesWritten, buffer.length)
    bytesWritten -= done
    for (let at = done; at < buffer.length;) at += writeSync(file, buffer, at, buffer.length - at)
  }
}

/** Cuts a file where its last whole frame ends: a torn one in the middle would hide what comes after it. */
export const cutQuietly = (file: number, size: number): void => {
  try {
    ftruncateSync(file, size)
  } catch {
    // No plain file.
  }
}

/** Appends lines to the index of a log; without one of them a page is found more slowly. */
export const appendQuietly = (path: string, text: string): void => {
  try {
    appendFileSync(path, text, { mode: 0o600 })
  } catch {
    // See above.
  }
}
