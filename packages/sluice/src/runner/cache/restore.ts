/**
 * Gives files of the cache back. They are made beside their place first, each held to its digest, and moved when all of them are there: a folder either gets all of
 * them or stays as it was, and what was damaged is never seen by a job. Copies, not links: a job may change what it was given.
 */
import { hash } from 'node:crypto'
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { CacheBlob, CacheFile, CachePart } from '../../core/pipeline/cache/entry.ts'
import type { CacheScope } from '../../core/pipeline/cache/scope.ts'
import type { BlobState, LocalCache } from '../../ports/cache.ts'
import { isInnerLink } from '../../lib/inner-link.ts'
import { moveInto, requireRoom } from './move-into.ts'

/** Files of one entry, and the folder that gets them. */
export type RestoreRequest = {
  readonly cache: LocalCache
  readonly scope: CacheScope
  readonly blobs: readonly CacheBlob[]
  readonly files: readonly CacheFile[]
  readonly directory: string
}

/** Begins the name of a folder that an interrupted restoring may leave. */
const restorePrefix = '.sluice-restore-'

/** Files written between two turns of the loop. */
const filesPerTurn = 128

/** Restores, replacing files that are there. `artifact_missing` or `artifact_mismatch` (naming the blob as evidence) when the cache does not hold what the entry says; the folder is then as it was. */
export const restoreFiles = async (request: RestoreRequest, signal: AbortSignal): Promise<void> => {
  const { files, directory } = request
  if (files.length === 0) return
  for (const file of files) checkFile(file)
  if (isSmall(request)) return restoreSmall(request)
  await mkdir(directory, { recursive: true })
  const staging = await mkdtemp(join(directory, restorePrefix))
  try {
    await removeLeftovers(directory, statSync(staging).mtimeMs)
    makeFolders(staging, files)
    const copies = startCopies()
    try {
      for (const [index, own] of filesByBlob(files))
        await writeBlob({ ...request, staging, index, own, copies }, signal)
      await copies.all()
    } finally {
      await copies.quiet()
    }
    for (const file of files) if (file.kind === 'link') symlinkSync(file.target, join(staging, file.path))
    moveInto(staging, directory)
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/** Most jobs leave little; then everything is checked in memory first, and there may be hundreds of them at the start of a run: by turns it would take five times as long. */
const isSmall = ({ blobs, files }: RestoreRequest): boolean => {
  const used = new Set(files.flatMap((file) => (file.kind === 'file' ? [file.part.blob] : [])))
  const bytes = [...used].reduce((sum, index) => sum + (blobs[index]?.bytes ?? 0), 0)
  return bytes < limits.cacheNotedBytesMin && files.length < filesPerTurn
}

const restoreSmall = (request: RestoreRequest): void => {
  const { files, directory } = request
  const contents = new Map([...filesByBlob(files).keys()].map((index) => [index, readWhole(request, index)]))
  const writes = files.map((file) => {
    const path = join(directory, file.path)
    requireRoom(directory, file.path)
    if (file.kind === 'link') return () => symlinkSync(file.target, path)
    const { part } = file
    const bytes = contents.get(part.blob)?.subarray(part.offset, part.offset + part.bytes)
    if (bytes?.length !== part.bytes) throw beyond(file.path)
    return () => writeFileSync(path, bytes, { flag: 'wx', mode: modeOf(file.isExecutable) })
  })
  makeFolders(directory, files)
  for (const [index, write] of writes.entries()) {
    // Never into what is there: it may be a link.
    rmSync(join(directory, files[index]?.path ?? ''), { force: true })
    write()
  }
}

/** Reads parts of an entry into memory, each blob once and held to its digest. `artifact_missing`, `artifact_mismatch`. */
export const partReader = (
  request: Pick<RestoreRequest, 'cache' | 'scope' | 'blobs'>,
): ((part: CachePart) => Uint8Array) => {
  const known = new Map<number, Uint8Array>()
  return ({ blob, offset, bytes }) => {
    const content = known.get(blob) ?? readWhole(request, blob)
    known.set(blob, content)
    return content.subarray(offset, offset + bytes)
  }
}

/** Restorings that were killed leave their folder; one that is younger may still be at work. */
const removeLeftovers = async (directory: string, now: number): Promise<void> => {
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(restorePrefix)) continue
    const path = join(directory, name)
    const { mtimeMs = now } = statSync(path, { throwIfNoEntry: false }) ?? {}
    if (now - mtimeMs > limits.cacheGraceMs) await rm(path, { recursive: true, force: true })
  }
}

type RegularFile = Extract<CacheFile, { kind: 'file' }>

type BlobRequest = RestoreRequest & {
  readonly staging: string
  readonly index: number
  /** The files that lie in this blob. */
  readonly own: readonly RegularFile[]
  readonly copies: Copies
}

/** Copies under way: `start` waits for room, `all` for all of them, and both reject with what went wrong; `quiet` waits until none writes any more. */
type Copies = {
  readonly start: (copy: () => Promise<void>) => Promise<void>
  readonly all: () => Promise<void>
  readonly quiet: () => Promise<void>
}

const startCopies = (): Copies => {
  const running = new Set<Promise<void>>()
  return {
    start: async (copy) => {
      if (running.size >= limits.cacheCopiesMax) await Promise.race(running)
      const one = copy()
      running.add(one)
      one.then(
        () => running.delete(one),
        // It stays, so that whoever waits next learns of it.
        () => {},
      )
    },
    all: async () => {
      await Promise.all(running)
    },
    quiet: async () => {
      await Promise.allSettled(running)
    },
  }
}

/** Writes what lies in one blob. A copy of a large file goes on while the next blob is checked: one takes the disk, the other the processor. */
const writeBlob = async (request: BlobRequest, signal: AbortSignal): Promise<void> => {
  const { cache, scope, staging, index, own, copies } = request
  const blob = blobAt(request.blobs, index)
  const place = { scope, sha256: blob.sha256 }
  if (blob.bytes < limits.cacheNotedBytesMin) return writeFiles(request, readWhole(request, index), signal)
  const state = await cache.checkBlob(place, signal)
  if (state !== 'ok') throw unusable(blob, state)
  const path = cache.blobPath(place)
  if (!own.every(({ part }) => part.bytes === blob.bytes)) return copyPack(request, path, signal)
  for (const file of own) await copies.start(() => copyLarge(path, join(staging, file.path), file.isExecutable))
}

const copyLarge = async (from: string, to: string, isExecutable: boolean): Promise<void> => {
  await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
  await chmod(to, modeOf(isExecutable))
}

/** What is read of a pack at a time, bytes; more than any file that is packed. */
const windowBytes = 1_048_576

/** Copies small files out of a large pack; they lie in it one after the other, so that one reading serves many. */
const copyPack = async ({ own, staging }: BlobRequest, path: string, signal: AbortSignal): Promise<void> => {
  const room = Buffer.allocUnsafe(own.reduce((most, { part }) => Math.max(most, part.bytes), windowBytes))
  const pack = openSync(path, 'r')
  try {
    let [start, end] = [0, 0]
    for (const [count, { path: name, part, isExecutable }] of own.entries()) {
      if (part.offset < start || part.offset + part.bytes > end) {
        start = part.offset
        end = start + readSync(pack, room, 0, room.length, start)
      }
      const bytes = room.subarray(part.offset - start, Math.min(part.offset + part.bytes, end) - start)
      if (bytes.length !== part.bytes) throw beyond(name)
      writeFileSync(join(staging, name), bytes, { flag: 'wx', mode: modeOf(isExecutable) })
      if (count % filesPerTurn === filesPerTurn - 1) await turn(signal)
    }
  } finally {
    closeSync(pack)
  }
}

const writeFiles = async ({ own, staging }: BlobRequest, content: Uint8Array, signal: AbortSignal): Promise<void> => {
  for (const [count, { path, part, isExecutable }] of own.entries()) {
    const bytes = content.subarray(part.offset, part.offset + part.bytes)
    if (bytes.length !== part.bytes) throw beyond(path)
    writeFileSync(join(staging, path), bytes, { flag: 'wx', mode: modeOf(isExecutable) })
    if (count % filesPerTurn === filesPerTurn - 1) await turn(signal)
  }
}

const turn = async (signal: AbortSignal): Promise<void> => {
  await nextTurn()
  signal.throwIfAborted()
}

const modeOf = (isExecutable: boolean): number => (isExecutable ? 0o755 : 0o644)

/** A small blob, or the pack that a log is in. */
const readWhole = (
  { cache, scope, blobs }: Pick<RestoreRequest, 'cache' | 'scope' | 'blobs'>,
  index: number,
): Uint8Array => {
  const blob = blobAt(blobs, index)
  const content = readOrNull(cache.blobPath({ scope, sha256: blob.sha256 }))
  if (content === null) throw unusable(blob, 'missing')
  if (hash('sha256', content) !== blob.sha256) throw unusable(blob, 'mismatch')
  return content
}

const readOrNull = (path: string): Uint8Array | null => {
  try {
    return readFileSync(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

const blobAt = (blobs: readonly CacheBlob[], index: number): CacheBlob => {
  const blob = blobs[index]
  if (blob !== undefined) return blob
  throw new SluiceError('artifact_mismatch', { detail: `the entry has no blob ${index}` })
}

const filesByBlob = (files: readonly CacheFile[]): ReadonlyMap<number, readonly RegularFile[]> =>
  Map.groupBy(
    files.filter((file) => file.kind === 'file'),
    ({ part }) => part.blob,
  )

const makeFolders = (staging: string, files: readonly CacheFile[]): void => {
  const made = new Set<string>()
  for (const { path } of files) {
    const folder = dirname(path)
    if (made.has(folder)) continue
    mkdirSync(join(staging, folder), { recursive: true })
    made.add(folder)
  }
}

/** A signed entry holds no such thing; whoever has the key and means harm does not get further with it. */
const checkFile = (file: CacheFile): void => {
  const parts = file.path.split('/')
  const isPath = !file.path.startsWith('/') && !file.path.includes('\0') && parts.every((part) => !wrong.has(part))
  if (isPath && parts[0] !== '.git' && (file.kind === 'file' || isInnerLink(file.path, file.target))) return
  throw new SluiceError('artifact_mismatch', { detail: `${JSON.stringify(file.path)} leads out of the folder` })
}

const wrong: ReadonlySet<string> = new Set(['', '.', '..'])

const unusable = ({ sha256 }: CacheBlob, state: Exclude<BlobState, 'ok'>): SluiceError =>
  new SluiceError(state === 'missing' ? 'artifact_missing' : 'artifact_mismatch', {
    detail: state === 'missing' ? `the cache has no blob ${sha256}` : `the cache's blob ${sha256} has other content`,
    evidence: [sha256],
  })

const beyond = (path: string): SluiceError =>
  new SluiceError('artifact_mismatch', { detail: `${path} lies beyond the end of its blob` })
