/**
 * Gives files of the cache back. They are made beside their place first, each held to its digest, and moved when all of them are there: a folder either gets all of
 * them or stays as it was, and what was damaged is never seen by a job. Copies, not links: a job may change what it was given.
 */
import { hash } from 'node:crypto'
import { constants, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { CacheBlob, CacheFile, CachePart } from '../../core/pipeline/cache/entry.ts'
import type { CacheScope } from '../../core/pipeline/cache/scope.ts'
import { hashFile } from '../../lib/hash-file.ts'
import type { LocalCache } from '../../ports/cache.ts'
import { isInner } from './collect.ts'
import { moveInto } from './move-into.ts'

/** Files of one entry, and the folder that gets them. */
export type RestoreRequest = {
  readonly cache: LocalCache
  readonly scope: CacheScope
  readonly blobs: readonly CacheBlob[]
  readonly files: readonly CacheFile[]
  readonly directory: string
}

/** Begins the name of a folder that an interrupted restoring may leave. */
export const restorePrefix = '.sluice-restore-'

/** Files written between two turns of the loop. */
const filesPerTurn = 128

/** Restores, replacing files that are there. `artifact_missing` or `artifact_mismatch` (naming the blob as evidence) when the cache does not hold what the entry says; the folder is then as it was. */
export const restoreFiles = async (request: RestoreRequest, signal: AbortSignal): Promise<void> => {
  const { files, directory } = request
  if (files.length === 0) return
  for (const file of files) checkFile(file)
  await mkdir(directory, { recursive: true })
  const staging = await mkdtemp(join(directory, restorePrefix))
  try {
    await removeLeftovers(directory, statSync(staging).mtimeMs)
    makeFolders(staging, files)
    for (const [index, own] of filesByBlob(files)) await writeBlob({ ...request, staging, index, own }, signal)
    for (const file of files) if (file.kind === 'link') symlinkSync(file.target, join(staging, file.path))
    moveInto(staging, directory)
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/** One part of an entry in memory, held to the blob's digest. `artifact_missing`, `artifact_mismatch`. */
export const readPart = async (
  request: Pick<RestoreRequest, 'cache' | 'scope' | 'blobs'>,
  part: CachePart,
): Promise<Uint8Array> => (await readWhole(request, part.blob)).subarray(part.offset, part.offset + part.bytes)

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
}

const writeBlob = async (request: BlobRequest, signal: AbortSignal): Promise<void> => {
  const { cache, scope, staging, index, own } = request
  const blob = blobAt(request.blobs, index)
  if (own.every(({ part }) => part.bytes === blob.bytes)) {
    const place = cache.blobPath({ scope, sha256: blob.sha256 })
    for (const file of own) await copyChecked({ blob, place, file, staging }, signal)
    return
  }
  const content = await readWhole(request, index)
  for (const [count, { path, part, isExecutable }] of own.entries()) {
    const bytes = content.subarray(part.offset, part.offset + part.bytes)
    if (bytes.length !== part.bytes) throw damaged(blob, `holds no ${part.bytes} bytes at ${part.offset}`)
    writeFileSync(join(staging, path), bytes, { flag: 'wx', mode: isExecutable ? 0o755 : 0o644 })
    if (count % filesPerTurn !== filesPerTurn - 1) continue
    await nextTurn()
    signal.throwIfAborted()
  }
}

type Copy = {
  readonly blob: CacheBlob
  readonly place: string
  readonly file: RegularFile
  readonly staging: string
}

/** The copy is made while the blob is read for its digest: one takes as long as the other, and a machine has two cores. */
const copyChecked = async ({ blob, place, file, staging }: Copy, signal: AbortSignal): Promise<void> => {
  const target = join(staging, file.path)
  const copying = copyFile(place, target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
  const [copied, found] = await Promise.allSettled([copying, hashFile(place, signal)])
  if (copied.status === 'rejected') throw missing(copied.reason, blob)
  if (found.status === 'rejected') throw missing(found.reason, blob)
  if (found.value.sha256 !== blob.sha256) throw damaged(blob, `has the digest ${found.value.sha256}`)
  await chmod(target, file.isExecutable ? 0o755 : 0o644)
}

const readWhole = async (
  { cache, scope, blobs }: Pick<RestoreRequest, 'cache' | 'scope' | 'blobs'>,
  index: number,
): Promise<Uint8Array> => {
  const blob = blobAt(blobs, index)
  const content = await readFile(cache.blobPath({ scope, sha256: blob.sha256 })).catch((error: unknown) => {
    throw missing(error, blob)
  })
  const digest = hash('sha256', content)
  if (digest !== blob.sha256) throw damaged(blob, `has the digest ${digest}`)
  return content
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
  const made = new Set<string>(['.'])
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
  if (isPath && parts[0] !== '.git' && (file.kind === 'file' || isInner('/folder', file.path, file.target))) return
  throw new SluiceError('artifact_mismatch', { detail: `${JSON.stringify(file.path)} leads out of the folder` })
}

const wrong: ReadonlySet<string> = new Set(['', '.', '..'])

const damaged = ({ sha256 }: CacheBlob, how: string): SluiceError =>
  new SluiceError('artifact_mismatch', { detail: `the cache's blob ${sha256} ${how}`, evidence: [sha256] })

const missing = (error: unknown, { sha256 }: CacheBlob): unknown => {
  const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT'
  if (!isGone) return error
  return new SluiceError('artifact_missing', {
    detail: `the cache has no blob ${sha256}`,
    evidence: [sha256],
    cause: error,
  })
}
