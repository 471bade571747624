/** Caches for tests: a folder, a seal, entries with words in them. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FolderCache, type LocalCacheOptions } from '../../src/adapters/cache/local.ts'
import { secretSeal } from '../../src/adapters/cache/seal.ts'
import { type CacheEntry, type EntryPlace, sealEntry } from '../../src/core/pipeline/cache/entry.ts'
import type { CacheSeal } from '../../src/ports/cache.ts'

/** The key of a project that tests work for. */
export const testSeal: CacheSeal = secretSeal(Buffer.alloc(32, 7))

/** An entry without files. */
export const entryAt = (place: EntryPlace, words: string): CacheEntry => ({
  schema: 1,
  place,
  key: words,
  createdAt: 0,
  madeBy: 'a test',
  digest: '',
  outputs: {},
  log: null,
  document: null,
  roots: [],
  blobs: [],
  files: [],
})

/** Its text, signed. */
export const sealedAt = (place: EntryPlace, words: string): string =>
  sealEntry(entryAt(place, words), (text) => testSeal.sign(text)) ?? ''

/** A cache in a new folder. */
export const openFolderCache = async (
  options: Partial<LocalCacheOptions> = {},
): Promise<{ readonly cache: FolderCache; readonly folder: string; readonly remove: () => Promise<void> }> => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-cache-'))
  const cache = new FolderCache({ now: Date.now, seal: testSeal, ...options, folder: join(folder, 'cache') })
  return { cache, folder: join(folder, 'cache'), remove: () => rm(folder, { recursive: true, force: true }) }
}
