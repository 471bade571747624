/**
 * Whether a blob is still what it is called. Hashing it takes as long as copying it, so that it is done once: then size, inode and times of the file are noted with
 * a signature, and as long as they stay, so has the content. As Git knows from its index which files changed; and as there, a file that was changed within the
 * last moments is not noted, because another change in the same tick of the clock would not show. Nobody but root can set `ctime`.
 */
import { statSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { limits } from '../../core/limits.ts'
import { hashFile } from '../../lib/hash-file.ts'
import type { BlobPlace, BlobState, CacheSeal } from '../../ports/cache.ts'

/** A blob's file, and what to sign the note with; without a seal everything is hashed every time. */
export type BlobFile = {
  readonly path: string
  readonly place: BlobPlace
  readonly seal: CacheSeal | null
  /** How long a file must have been as it is before that is noted, milliseconds. */
  readonly noteAgeMs: number
}

/** Holds a file to its name. A small one is hashed in any case: that is quicker than reading a note. */
export const checkBlob = async (file: BlobFile, signal: AbortSignal): Promise<BlobState> => {
  const { path, place, seal } = file
  const before = lookAt(path)
  if (before === null) return 'missing'
  const note = noteOf(place, before.text)
  const isLarge = before.bytes >= limits.cacheNotedBytesMin
  if (isLarge && seal !== null && seal.verify(note, await readNote(path))) return 'ok'
  const { sha256 } = await hashFile(path, signal)
  if (sha256 !== place.sha256) return 'mismatch'
  const isSettled = lookAt(path)?.text === before.text && before.ageMs > file.noteAgeMs
  const signature = isLarge && isSettled ? seal?.sign(note) : null
  // A note is a convenience: where it cannot be written, the next one hashes again.
  if (typeof signature === 'string') await writeFile(notePath(path), signature, { mode: 0o600 }).catch(() => {})
  return 'ok'
}

/** Takes a blob and its note away. Safe to repeat. */
export const removeBlob = async (path: string): Promise<void> => {
  await rm(path, { force: true })
  await rm(notePath(path), { force: true })
}

const notePath = (path: string): string => `${path}.checked`

const noteOf = ({ scope, sha256 }: BlobPlace, text: string): string =>
  `sluice checked blob 1\n${scope}\n${sha256}\n${text}`

const readNote = (path: string): Promise<string> => readFile(notePath(path), 'utf8').catch(() => '')

type Look = { readonly text: string; readonly bytes: number; readonly ageMs: number }

const lookAt = (path: string): Look | null => {
  const seen = statSync(path, { bigint: true, throwIfNoEntry: false })
  if (seen === undefined) return null
  const { dev, ino, size, mtimeNs, ctimeNs } = seen
  const ageMs = Date.now() - Number(ctimeNs / 1_000_000n)
  return { text: [dev, ino, size, mtimeNs, ctimeNs].join(' '), bytes: Number(size), ageMs }
}
