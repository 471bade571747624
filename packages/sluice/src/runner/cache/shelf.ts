/**
 * The local cache and the remote ones behind it, as one: what is read from afar is held to its signature and digests and kept here first; what is written here is
 * sent on behind the back of whoever waits. Nothing that a remote cache does fails anybody: it is reported, and counts as not there.
 */
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import {
  type CacheBlob,
  type CacheEntry,
  type EntryPlace,
  openEntry,
  sealEntry,
} from '../../core/pipeline/cache/entry.ts'
import type { CacheAccess } from '../../core/pipeline/cache/scope.ts'
import type { CacheSeal, CacheStore, LocalCache } from '../../ports/cache.ts'

/** Something about the cache that people should know; `refused` may mean that somebody tampered. */
export type CacheNotice = {
  readonly kind: 'refused' | 'damaged' | 'remote_failed' | 'not_stored'
  readonly text: string
}

/** What a shelf is made of. */
export type ShelfOptions = {
  readonly local: LocalCache
  /** Asked in this order. */
  readonly remotes: readonly CacheStore[]
  readonly seal: CacheSeal
  readonly access: CacheAccess
  readonly report: (notice: CacheNotice) => void
}

/** An entry with all its blobs in the local cache, and the label of the store that had it. */
export type ShelfHit = { readonly entry: CacheEntry; readonly from: string }

/** Entries by place, local and remote. */
export type Shelf = {
  readonly find: (place: EntryPlace, signal: AbortSignal) => Promise<ShelfHit | null>
  /** Only what is here; for explanations. */
  readonly peek: (place: EntryPlace, signal: AbortSignal) => Promise<CacheEntry | null>
  /** Names in the local cache and the remote ones, the newest of each store first. */
  readonly names: (request: Parameters<CacheStore['listEntries']>[0], signal: AbortSignal) => Promise<readonly string[]>
  readonly put: (entry: CacheEntry, signal: AbortSignal) => Promise<'stored' | 'unsigned'>
  /** Reports an entry that could not be given back; a blob that does not hold (the error's evidence) is taken away, and the entry with it. */
  readonly drop: (entry: CacheEntry, error: SluiceError) => Promise<void>
  /** Resolves when everything has been sent, or has failed. */
  readonly settle: () => Promise<void>
}

/** Puts local and remote caches together. */
export const openShelf = (options: ShelfOptions): Shelf => {
  const { local, seal, report } = options
  const sending = new Set<Promise<void>>()
  const remotes = options.remotes.map((store) => guarded(store, report))
  const open = (text: string, place: EntryPlace, label: string): CacheEntry | null => {
    const opened = openEntry(text, place, (body, signature) => seal.verify(body, signature))
    if (opened.kind === 'entry') return opened.entry
    report({ kind: 'refused', text: `an entry of ${label} is not used: ${opened.because} (${placeText(place)})` })
    return null
  }
  const peek = async (place: EntryPlace, signal: AbortSignal): Promise<CacheEntry | null> => {
    const text = await local.readEntry(place, signal).catch((error: unknown) => {
      report({ kind: 'damaged', text: `the cache in ${local.label} cannot be read: ${String(error)}` })
      return null
    })
    if (text === null) return null
    const entry = open(text, place, local.label)
    // What does not hold would stand in the way of what does.
    if (entry === null) await local.discard(place)
    return entry
  }
  const find = async (place: EntryPlace, signal: AbortSignal): Promise<ShelfHit | null> => {
    const entry = await peek(place, signal)
    if (entry !== null && (await areHere(local, entry, signal))) {
      local.touch(place)
      return { entry, from: local.label }
    }
    for (const remote of remotes) {
      const fetched = await remote.attempt((store) => fetchEntry({ local, store, place, open }, signal))
      if (fetched !== null) return { entry: fetched, from: remote.label }
    }
    return null
  }
  const put = async (entry: CacheEntry, signal: AbortSignal): Promise<'stored' | 'unsigned'> => {
    const text = sealEntry(entry, (body) => seal.sign(body))
    if (text === null) return 'unsigned'
    await local.writeEntry(entry.place, text, signal)
    for (const remote of remotes) {
      const sent = remote.attempt((store) => sendEntry({ local, store, entry, text }, signal)).then(() => {})
      sending.add(sent)
      void sent.finally(() => sending.delete(sent))
    }
    return 'stored'
  }
  return {
    find,
    peek,
    put,
    names: async (request, signal) => {
      const found = [await local.listEntries(request, signal)]
      for (const remote of remotes)
        found.push((await remote.attempt((store) => store.listEntries(request, signal))) ?? [])
      return [...new Set(found.flat())]
    },
    drop: async (entry, error) => {
      report({
        kind: 'damaged',
        text: `an entry of ${local.label} is not used: ${error.detail} (${placeText(entry.place)})`,
      })
      const [sha256] = error.evidence
      // Without a blob that is at fault, it is the folder that cannot take the entry.
      if (sha256 === undefined) return
      await local.discardBlob({ scope: entry.place.scope, sha256 })
      await local.discard(entry.place)
    },
    settle: async () => {
      await Promise.all(sending)
    },
  }
}

type Guarded = {
  readonly label: string
  readonly attempt: <Result>(ask: (store: CacheStore) => Promise<Result>) => Promise<Result | null>
}

/** A store whose failures are reported; after some in a row it is left alone, because waiting for each costs more than it can give. */
const guarded = (store: CacheStore, report: (notice: CacheNotice) => void): Guarded => {
  let failures = 0
  return {
    label: store.label,
    attempt: async (ask) => {
      if (failures >= limits.cacheFailuresMax) return null
      try {
        const result = await ask(store)
        failures = 0
        return result
      } catch (error) {
        failures += 1
        const last = failures >= limits.cacheFailuresMax ? '; it is left alone from now on' : ''
        const detail = error instanceof SluiceError ? error.detail : String(error)
        report({ kind: 'remote_failed', text: `the remote cache was no help: ${detail}${last}` })
        return null
      }
    },
  }
}

type Fetch = {
  readonly local: LocalCache
  readonly store: CacheStore
  readonly place: EntryPlace
  readonly open: (text: string, place: EntryPlace, label: string) => CacheEntry | null
}

const fetchEntry = async ({ local, store, place, open }: Fetch, signal: AbortSignal): Promise<CacheEntry | null> => {
  const text = await store.readEntry(place, signal)
  const entry = text === null ? null : open(text, place, store.label)
  if (text === null || entry === null) return null
  for (const blob of entry.blobs) {
    const blobPlace = { scope: place.scope, sha256: blob.sha256 }
    if (await local.hasBlob(blobPlace, signal)) continue
    const chunks = await store.readBlob(blobPlace, signal)
    if (chunks === null) return null
    const added = await local.addBlob(place.scope, upTo(chunks, blob), signal)
    if (added.sha256 === blob.sha256) continue
    await local.discardBlob({ scope: place.scope, sha256: added.sha256 })
    throw new SluiceError('artifact_mismatch', { detail: `${store.label} has other content under ${blob.sha256}` })
  }
  await local.writeEntry(place, text, signal)
  return entry
}

/** No more than the entry says: what is longer is not it, and could be endless. */
async function* upTo(chunks: AsyncIterable<Uint8Array>, { sha256, bytes }: CacheBlob): AsyncGenerator<Uint8Array> {
  let left = bytes
  for await (const chunk of chunks) {
    left -= chunk.length
    if (left < 0) throw new SluiceError('artifact_mismatch', { detail: `more than ${bytes} bytes came for ${sha256}` })
    yield chunk
  }
}

type Send = {
  readonly local: LocalCache
  readonly store: CacheStore
  readonly entry: CacheEntry
  readonly text: string
}

/** Blobs first: an entry is only ever seen with all of them. */
const sendEntry = async ({ local, store, entry, text }: Send, signal: AbortSignal): Promise<void> => {
  const { scope } = entry.place
  for (const { sha256, bytes } of entry.blobs) {
    if (bytes > limits.cacheBlobBytesMax)
      throw new SluiceError('overloaded', { detail: `a file of ${bytes} bytes is too large for ${store.label}` })
    if (await store.hasBlob({ scope, sha256 }, signal)) continue
    await store.writeBlob({ scope, sha256 }, { path: local.blobPath({ scope, sha256 }), bytes }, signal)
  }
  await store.writeEntry(entry.place, text, signal)
}

const areHere = async (local: LocalCache, { place, blobs }: CacheEntry, signal: AbortSignal): Promise<boolean> => {
  for (const { sha256 } of blobs) if (!(await local.hasBlob({ scope: place.scope, sha256 }, signal))) return false
  return true
}

const placeText = ({ scope, group, name }: EntryPlace): string => `${scope}/${group}/${name}`
