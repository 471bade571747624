/** What a state directory's cache holds, for people. */
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { randomBytes } from 'node:crypto'
import type { CacheEntry } from '../../core/pipeline/cache/entry.ts'
import { blobPath } from './places.ts'
import { cacheFolder } from './open.ts'

/** One result or kept folder. */
export type CachedThing = {
  readonly scope: string
  readonly kind: 'job' | 'folder'
  /** A job's name, or a key. */
  readonly name: string
  readonly madeBy: string
  /** Epoch ms. */
  readonly createdAt: number
  /** Of its files before they are shared with others. */
  readonly bytes: number
}

/** Everything, the newest first. What cannot be read is left out: signatures are checked where an entry is used. */
export const cachedThings = (stateDir: string): readonly CachedThing[] => {
  const folder = cacheFolder(stateDir)
  return pathsIn(folder)
    .filter((path) => path.includes(`${sep}entries${sep}`))
    .flatMap((path) => {
      const entry = readEntry(join(folder, path))
      return entry === null ? [] : [thingOf(folder, entry)]
    })
    .toSorted((a, b) => b.createdAt - a.createdAt)
}

/** Removes everything and says how many bytes that were. A run under way only misses. */
export const cleanCache = async (stateDir: string): Promise<number> => {
  const folder = cacheFolder(stateDir)
  const bytes = pathsIn(folder).reduce(
    (sum, path) => sum + (statSync(join(folder, path), { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
  // Out of the way at once, so that nobody finds an entry without its files.
  const away = `${folder}.${randomBytes(6).toString('hex')}`
  await rename(folder, away).catch(() => {})
  await rm(away, { recursive: true, force: true })
  return bytes
}

const pathsIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
  } catch {
    return []
  }
}

/** Parser of an entry's second line; only shown, never used. */
const readEntry = (path: string): CacheEntry | null => {
  try {
    const text = readFileSync(path, 'utf8')
    return JSON.parse(text.slice(text.indexOf('\n') + 1)) as CacheEntry
  } catch {
    return null
  }
}

const thingOf = (folder: string, entry: CacheEntry): CachedThing => {
  const { place, madeBy, createdAt, files, document, key } = entry
  const bytes = files.reduce((sum, file) => sum + (file.kind === 'file' ? file.part.bytes : 0), 0)
  const name = document === null ? key : (jobOf(folder, entry) ?? key.slice(0, 12))
  return { scope: place.scope, kind: document === null ? 'folder' : 'job', name, madeBy, createdAt, bytes }
}

/** Parser of the document that a result's key is the hash of; null where it is gone. */
const jobOf = (folder: string, { place, document, blobs }: CacheEntry): string | null => {
  const blob = document === null ? undefined : blobs[document.blob]
  if (document === null || blob === undefined) return null
  try {
    const file = openSync(join(folder, blobPath({ scope: place.scope, sha256: blob.sha256 })), 'r')
    try {
      const content = Buffer.alloc(document.bytes)
      readSync(file, content, 0, document.bytes, document.offset)
      return (JSON.parse(content.toString('utf8')) as { readonly job: string }).job
    } finally {
      closeSync(file)
    }
  } catch {
    return null
  }
}
