/** Inputs of jobs by their content. One reader serves all jobs of a run: no file is read, and no set of globs matched, twice. */
import { createHash, hash } from 'node:crypto'
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, readlinkSync, readSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type InputSet, inputSet } from '../../core/pipeline/cache/document.ts'
import { readGlobs, select } from './globs.ts'
import type { Listing } from './listing.ts'

/** Gives the inputs that globs name, and what they hold. */
export type InputReader = (globs: readonly string[], signal: AbortSignal) => Promise<InputSet>

/** Hex SHA-256 of a text. */
export const sha256 = (text: string): string => hash('sha256', text)

/** Files read between two turns of the loop, so that others get theirs: some milliseconds. */
const filesPerTurn = 256

/** Files up to about this size, bytes, are read without making room for each. */
const roomBytes = 65_536

/** Of that, what Git's name for a content begins with takes at most: the word, the length, a zero byte. */
const headBytesMax = 32

/** A reader over a listing; the checkout must stay as it was listed for as long as the reader is used. */
export const inputReader = (listing: Listing): InputReader => {
  const contents = new Map<string, string | null>()
  const sets = new Map<string, Promise<InputSet>>()
  const room = Buffer.allocUnsafe(roomBytes)
  const read = async (globs: readonly string[], signal: AbortSignal): Promise<InputSet> => {
    const files: Record<string, string> = {}
    let turn = 0
    for (const path of select(listing.paths, readGlobs(globs))) {
      let content = contents.get(path)
      if (content === undefined) {
        const { mode, blob } = listing.files.get(path) ?? { mode: '', blob: null }
        content = blob === null ? contentOf(listing, path, room) : `${mode}:${blob}`
        contents.set(path, content)
        if (blob === null) turn += 1
      }
      if (content !== null) files[path] = content
      if (turn < filesPerTurn) continue
      turn = 0
      await nextTurn()
      signal.throwIfAborted()
    }
    return inputSet(files, sha256)
  }
  return (globs, signal) => {
    const name = JSON.stringify(globs)
    const known = sets.get(name)
    if (known !== undefined) return known
    const set = read(globs, signal)
    sets.set(name, set)
    // What was called off says nothing about the next one.
    set.catch(() => sets.delete(name))
    return set
  }
}

/** `<mode>:<blob id>` as Git would have it for the bytes that lie there; null for a file that is gone. */
const contentOf = ({ directory, algorithm }: Listing, path: string, room: Buffer): string | null => {
  const full = `${directory}/${path}`
  const file = openFile(full)
  if (file === null) return linkOf(full, algorithm)
  try {
    const seen = fstatSync(file)
    if (!seen.isFile()) return null
    const mode = (seen.mode & 0o100) === 0 ? '100644' : '100755'
    return `${mode}:${blobOf(file, { size: seen.size, algorithm, room })}`
  } finally {
    closeSync(file)
  }
}

/** Null for a link, and for what is not there. */
const openFile = (path: string): number | null => {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (error instanceof Error && 'code' in error && absent.has(error.code)) return null
    throw error
  }
}

const absent: ReadonlySet<unknown> = new Set(['ELOOP', 'EMLINK', 'ENOENT', 'ENOTDIR', 'ENXIO'])

const linkOf = (path: string, algorithm: string): string | null => {
  const seen = lstatSync(path, { throwIfNoEntry: false })
  return seen?.isSymbolicLink() === true ? `120000:${blobId(Buffer.from(readlinkSync(path)), algorithm)}` : null
}

type Reading = { readonly size: number; readonly algorithm: string; readonly room: Buffer }

/** The id of a file's content. A small one is read behind room for its head, so that both are hashed in one piece: that takes half as long as making a hash of pieces. */
const blobOf = (file: number, { size, algorithm, room }: Reading): string => {
  if (size >= room.length - headBytesMax) return blobId(readFileSync(file), algorithm)
  const bytes = readSync(file, room, headBytesMax, room.length - headBytesMax, null)
  const end = headBytesMax + bytes
  // It grew while it was looked at.
  if (end === room.length) return blobId(Buffer.concat([room.subarray(headBytesMax), readFileSync(file)]), algorithm)
  const head = headOf(bytes)
  const start = headBytesMax - head.length
  room.write(head, start, 'latin1')
  return hash(algorithm, room.subarray(start, end))
}

const headOf = (bytes: number): string => `blob ${bytes}\0`

const blobId = (content: Uint8Array, algorithm: string): string =>
  createHash(algorithm).update(headOf(content.length)).update(content).digest('hex')
