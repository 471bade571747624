/**
 * Bringing a folder of entries and blobs back under its limit: entries that were of no use for the longest time go, then blobs that no entry names.
 * Young blobs stay, because their entry may be about to be written; an entry whose blob is gone counts as not there, so whoever loses a race only misses.
 */
import { type Dirent, statSync } from 'node:fs'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { limits } from '../../core/limits.ts'
import type { SweepResult } from '../../ports/cache.ts'
import { removeBlob } from './checked.ts'

/** What to sweep, and when it is. */
export type SweepRequest = {
  readonly folder: string
  /** The folder of files whose writers may be dead. */
  readonly unfinished: string
  readonly bytesMax: number
  readonly now: number
}

type Found = { readonly path: string; readonly bytes: number; readonly at: number }

type Entry = Found & { readonly blobs: readonly string[] }

/** Sweeps once; may be done by several processes at the same time. */
export const sweepFolder = async (request: SweepRequest, signal: AbortSignal): Promise<SweepResult> => {
  const { folder, unfinished, bytesMax, now } = request
  const isOld = ({ at }: Found): boolean => now - at > limits.cacheGraceMs
  for (const found of (await filesBelow(unfinished)).filter(isOld)) await rm(found.path, { force: true })
  const files = (await filesBelow(folder)).filter(({ path }) => !path.startsWith(unfinished + sep))
  const blobs = new Map(files.filter(isBlob).map((blob) => [blob.path, blob]))
  const bytesBefore = files.reduce((sum, { bytes }) => sum + bytes, 0)
  const entries: Entry[] = []
  for (const found of files.filter(isEntry).toSorted((a, b) => b.at - a.at)) {
    signal.throwIfAborted()
    entries.push({ ...found, blobs: await blobsOf(folder, found.path) })
  }
  const { kept, needed } = choose(entries, blobs, bytesBefore > bytesMax ? bytesMax * limits.cacheSweepShare : Infinity)
  const entriesGone = entries.filter((entry) => !kept.has(entry.path))
  for (const { path } of entriesGone) await rm(path, { force: true })
  const settled = settledBlobs(entriesGone)
  const blobsGone = [...blobs.values()].filter(
    (blob) => !needed.has(blob.path) && (isOld(blob) || blob.at <= (settled.get(blob.path) ?? 0)),
  )
  for (const blob of blobsGone) if (isAsSeen(blob)) await removeBlob(blob.path)
  const freed = [...entriesGone, ...blobsGone].reduce((sum, { bytes }) => sum + bytes, 0)
  return {
    bytesBefore,
    bytes: bytesBefore - freed,
    entriesRemoved: entriesGone.length,
    blobsRemoved: blobsGone.length,
  }
}

/** Entries from the newest on as long as they and their blobs fit; one that is damaged or has lost a blob is of no use. */
const choose = (
  entries: readonly Entry[],
  blobs: ReadonlyMap<string, Found>,
  bytesMax: number,
): { readonly kept: ReadonlySet<string>; readonly needed: ReadonlySet<string> } => {
  const kept = new Set<string>()
  const needed = new Set<string>()
  let bytes = 0
  for (const entry of entries) {
    if (entry.blobs.some((path) => !blobs.has(path))) continue
    const added = entry.blobs.filter((path) => !needed.has(path))
    bytes += entry.bytes + added.reduce((sum, path) => sum + (blobs.get(path)?.bytes ?? 0), 0)
    if (bytes > bytesMax) break
    kept.add(entry.path)
    for (const path of added) needed.add(path)
  }
  return { kept, needed }
}

/** Blobs of entries that went → when that entry was last written or used. Whoever wants such a blob for a new entry has made it younger than that. */
const settledBlobs = (gone: readonly Entry[]): ReadonlyMap<string, number> => {
  const settled = new Map<string, number>()
  for (const { blobs, at } of gone) for (const path of blobs) settled.set(path, Math.max(at, settled.get(path) ?? 0))
  return settled
}

/** A blob that became younger meanwhile is wanted again. */
const isAsSeen = ({ path, at }: Found): boolean => statSync(path, { throwIfNoEntry: false })?.mtimeMs === at

const isEntry = ({ path }: Found): boolean => path.includes(`${sep}entries${sep}`)

const isBlob = ({ path }: Found): boolean => /[/\\]blobs[/\\][0-9a-f]{2}[/\\][0-9a-f]{64}$/.test(path)

/** Paths of the blobs that an entry's text names. Its signature does not matter here: a forged entry holds room until it is the oldest, as any other. */
const blobsOf = async (folder: string, path: string): Promise<readonly string[]> => {
  const scope = path.slice(0, path.indexOf(`${sep}entries${sep}`, folder.length))
  const text = await readFile(path, 'utf8').catch(() => '')
  const listed = /"blobs":\[([^\]]*)\]/.exec(text)?.[1]
  if (listed === undefined) return [join(scope, 'unreadable')]
  return [...listed.matchAll(/"sha256":"([0-9a-f]{64})"/g)].map(([, sha256 = '']) =>
    join(scope, 'blobs', sha256.slice(0, 2), sha256),
  )
}

const filesBelow = async (folder: string): Promise<readonly Found[]> => {
  const entries: readonly Dirent[] = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const found: Found[] = []
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const seen = await stat(path).catch(() => null)
    if (seen !== null) found.push({ path, bytes: seen.size, at: seen.mtimeMs })
  }
  return found
}
