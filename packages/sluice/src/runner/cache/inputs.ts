/** Inputs of jobs by their content. One reader serves all jobs of a run: no file is read, and no set of globs matched, twice. */
import { createHash, hash } from 'node:crypto'
import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
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

/** A reader over a listing; the checkout must stay as it was listed for as long as the reader is used. */
export const inputReader = (listing: Listing): InputReader => {
  const contents = new Map<string, string | null>()
  const sets = new Map<string, Promise<InputSet>>()
  const read = async (globs: readonly string[], signal: AbortSignal): Promise<InputSet> => {
    const files: Record<string, string> = {}
    let turn = 0
    for (const path of select(listing.paths, readGlobs(globs))) {
      let content = contents.get(path)
      if (content === undefined) {
        const { mode, blob } = listing.files.get(path) ?? { mode: '', blob: null }
        content = blob === null ? contentOf(listing, path) : `${mode}:${blob}`
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
const contentOf = ({ directory, algorithm }: Listing, path: string): string | null => {
  const full = join(directory, path)
  const seen = lstatSync(full, { throwIfNoEntry: false })
  if (seen === undefined) return null
  if (seen.isSymbolicLink()) return `120000:${blobId(Buffer.from(readlinkSync(full)), algorithm)}`
  if (!seen.isFile()) return null
  const mode = (seen.mode & 0o100) === 0 ? '100644' : '100755'
  return `${mode}:${blobId(readFileSync(full), algorithm)}`
}

const blobId = (content: Uint8Array, algorithm: string): string =>
  createHash(algorithm).update(`blob ${content.length}\0`).update(content).digest('hex')
