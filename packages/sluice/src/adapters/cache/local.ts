/**
 * The cache as a folder. Writers finish a file under another name, sync it and move it into place, so that neither a reader nor `kill -9` meets half of one; what an
 * interrupted writer leaves lies in `unfinished/` and goes with a later sweep. Any number of processes may use the folder at once.
 */
import { createHash, randomBytes } from 'node:crypto'
import { constants, createReadStream, existsSync, readFileSync, statSync, utimesSync } from 'node:fs'
import { copyFile, link, mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { CacheBlob, EntryPlace } from '../../core/pipeline/cache/entry.ts'
import type { CacheScope } from '../../core/pipeline/cache/scope.ts'
import { limits } from '../../core/limits.ts'
import { diskError } from '../../lib/files.ts'
import { hashFile } from '../../lib/hash-file.ts'
import type { BlobPlace, BlobState, CacheSeal, ListRequest, LocalCache, SweepResult } from '../../ports/cache.ts'
import { checkBlob, removeBlob } from './checked.ts'
import { blobPath, entryPath, groupPath, holdToDigest } from './places.ts'
import { sweepFolder } from './sweep.ts'

/** Where it lies, and what it may take. */
export type LocalCacheOptions = {
  readonly folder: string
  /** Bytes; the limit's when absent. */
  readonly bytesMax?: number
  readonly now: () => number
  /** What notes about checked blobs are signed with; null for none. */
  readonly seal: CacheSeal | null
  /** How long a blob must have been as it is before it counts as checked, milliseconds; the limit's when absent. */
  readonly noteAgeMs?: number
}

/** A cache in a folder of this machine, made with the first write. */
export class FolderCache implements LocalCache {
  readonly label: string
  readonly #options: LocalCacheOptions

  constructor(options: LocalCacheOptions) {
    this.label = options.folder
    this.#options = options
  }

  // Entries are small and there may be hundreds to look for at the start of a run: reading them at once is five times as quick as by turns.
  async readEntry(place: EntryPlace, _signal: AbortSignal): Promise<string | null> {
    const path = this.#path(entryPath(place))
    try {
      return readFileSync(path, 'utf8')
    } catch (error) {
      if (isMissing(error)) return null
      throw diskError(error, path)
    }
  }

  async writeEntry(place: EntryPlace, text: string, _signal: AbortSignal): Promise<'written' | 'present'> {
    const path = this.#path(entryPath(place))
    return this.#finish(path, async (unfinished) => {
      await writeFile(unfinished, text, { flag: 'wx', mode: 0o600, flush: true })
      await mkdir(dirname(path), { recursive: true })
      try {
        // Unlike a rename, a link does not replace: of two writers the first wins.
        await link(unfinished, path)
        return 'written'
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return 'present'
        throw error
      }
    })
  }

  async listEntries(request: ListRequest, _signal: AbortSignal): Promise<readonly string[]> {
    const folder = this.#path(groupPath(request))
    const names = await readdir(folder).catch(() => [])
    const found = names.flatMap((name) => {
      const writtenAt = name.startsWith(request.prefix) ? timeOf(join(folder, name)) : null
      return writtenAt === null ? [] : [{ name, writtenAt }]
    })
    return found
      .toSorted((a, b) => b.writtenAt - a.writtenAt)
      .slice(0, request.limit)
      .map(({ name }) => name)
  }

  async hasBlob(place: BlobPlace, _signal: AbortSignal): Promise<boolean> {
    return existsSync(this.blobPath(place))
  }

  async readBlob(place: BlobPlace, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | null> {
    const path = this.blobPath(place)
    if ((await stat(path).catch(() => null)) === null) return null
    return createReadStream(path, { highWaterMark: 1_048_576, signal })
  }

  async writeBlob(place: BlobPlace, file: { readonly path: string }, signal: AbortSignal): Promise<void> {
    const final = this.blobPath(place)
    if (this.#isKnown(final)) return
    await this.#finish(final, async (unfinished) => {
      await copyFile(file.path, unfinished, constants.COPYFILE_FICLONE)
      holdToDigest(file.path, place.sha256, await hashFile(unfinished, signal))
      await this.#place(unfinished, final)
    })
  }

  blobPath(place: BlobPlace): string {
    return this.#path(blobPath(place))
  }

  checkBlob(place: BlobPlace, signal: AbortSignal): Promise<BlobState> {
    const { seal, noteAgeMs = limits.cacheNoteAgeMs } = this.#options
    return checkBlob({ path: this.blobPath(place), place, seal, noteAgeMs }, signal)
  }

  async addBlob(scope: CacheScope, chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<CacheBlob> {
    return this.#finish(scope, async (unfinished) => {
      const sum = createHash('sha256')
      let bytes = 0
      const file = await open(unfinished, 'wx', 0o600)
      try {
        for await (const chunk of chunks) {
          signal.throwIfAborted()
          sum.update(chunk)
          bytes += chunk.length
          await file.writeFile(chunk)
        }
        await file.sync()
      } finally {
        await file.close()
      }
      const sha256 = sum.digest('hex')
      await this.#place(unfinished, this.blobPath({ scope, sha256 }))
      return { sha256, bytes }
    })
  }

  async addFile(scope: CacheScope, path: string, signal: AbortSignal): Promise<CacheBlob> {
    return this.#finish(path, async (unfinished) => {
      await copyFile(path, unfinished, constants.COPYFILE_FICLONE)
      // Of the copy: the file itself may change between two readings.
      const blob = await hashFile(unfinished, signal)
      const final = this.blobPath({ scope, sha256: blob.sha256 })
      if (!this.#isKnown(final)) await this.#place(unfinished, final)
      return blob
    })
  }

  async discard(place: EntryPlace): Promise<void> {
    await rm(this.#path(entryPath(place)), { force: true })
  }

  async discardBlob(place: BlobPlace): Promise<void> {
    await removeBlob(this.blobPath(place))
  }

  touch(place: EntryPlace): void {
    const path = this.#path(entryPath(place))
    const now = this.#options.now()
    try {
      if (now - statSync(path).mtimeMs > limits.cacheTouchMs) utimesSync(path, now / 1_000, now / 1_000)
    } catch {
      // Another process swept it; what was read stays good.
    }
  }

  sweep(signal: AbortSignal): Promise<SweepResult> {
    const { folder, bytesMax = limits.cacheBytesMax, now } = this.#options
    return sweepFolder({ folder, unfinished: this.#path('unfinished'), bytesMax, now: now() }, signal)
  }

  /** Whether a blob is there. It is made young, so that a sweep leaves it for the entry that is about to name it. */
  #isKnown(path: string): boolean {
    const seconds = this.#options.now() / 1_000
    try {
      utimesSync(path, seconds, seconds)
      return true
    } catch {
      return false
    }
  }

  async #place(unfinished: string, final: string): Promise<void> {
    const file = await open(unfinished, 'r+')
    try {
      await file.chmod(0o600)
      await file.sync()
    } finally {
      await file.close()
    }
    await mkdir(dirname(final), { recursive: true })
    await rename(unfinished, final)
  }

  /** Hands out a name for an unfinished file; nothing is left under it, whatever happens. */
  async #finish<Result>(goal: string, write: (unfinished: string) => Promise<Result>): Promise<Result> {
    const folder = this.#path('unfinished')
    const unfinished = join(folder, randomBytes(12).toString('hex'))
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      return await write(unfinished)
    } catch (error) {
      throw diskError(error, goal)
    } finally {
      await rm(unfinished, { force: true })
    }
  }

  #path(inside: string): string {
    return join(this.#options.folder, inside)
  }
}

const timeOf = (path: string): number | null => {
  try {
    return statSync(path).mtimeMs
  } catch {
    return null
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
