import type { CacheBlob, EntryPlace } from '../core/pipeline/cache/entry.ts'
import type { CacheScope } from '../core/pipeline/cache/scope.ts'

/** Where a blob lies; each scope has its own, so that no scope can stand in the way of another. */
export type BlobPlace = { readonly scope: CacheScope; readonly sha256: string }

/** A blob's file is what its name says, is not there, or holds something else. */
export type BlobState = 'ok' | 'missing' | 'mismatch'

/** What to list: names that begin with `prefix`, the newest first. */
export type ListRequest = {
  readonly scope: CacheScope
  readonly group: string
  readonly prefix: string
  readonly limit: number
}

/** What a look through the store did. */
export type SweepResult = {
  /** Before, and after. */
  readonly bytesBefore: number
  readonly bytes: number
  readonly entriesRemoved: number
  readonly blobsRemoved: number
}

/**
 * Keeps entries (small texts, never changed once they are there) and blobs (bytes by their SHA-256). A place that is none is `usage_invalid`; a store that does
 * not answer `server_unreachable`; a scope that may not be written `cache_refused`. Nothing half-written can be read.
 */
export interface CacheStore {
  /** What people know it by: a folder, an address. Never holds a secret. */
  readonly label: string
  /** The text of an entry; null when it is not there. */
  readEntry(place: EntryPlace, signal: AbortSignal): Promise<string | null>
  /** Keeps a text unless something is there already: of two writers the first wins. */
  writeEntry(place: EntryPlace, text: string, signal: AbortSignal): Promise<'written' | 'present'>
  /** Names of entries. */
  listEntries(request: ListRequest, signal: AbortSignal): Promise<readonly string[]>
  hasBlob(place: BlobPlace, signal: AbortSignal): Promise<boolean>
  /** The bytes, not checked: whoever takes them compares. Null when it is not there. */
  readBlob(place: BlobPlace, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | null>
  /** Keeps the content of a file of this machine. `artifact_mismatch` when it is not what the place says. Safe to repeat. */
  writeBlob(
    place: BlobPlace,
    file: { readonly path: string; readonly bytes: number },
    signal: AbortSignal,
  ): Promise<void>
}

/** The store on this machine, that everything goes through. */
export interface LocalCache extends CacheStore {
  /** Path of a blob's file, which may not be there. */
  blobPath(place: BlobPlace): string
  /** Whether a blob's file is what its name says. */
  checkBlob(place: BlobPlace, signal: AbortSignal): Promise<BlobState>
  /** Keeps bytes as they come and says what they were; `store_full`. */
  addBlob(scope: CacheScope, chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<CacheBlob>
  /** Keeps a copy of a file, which may go on changing. */
  addFile(scope: CacheScope, path: string, signal: AbortSignal): Promise<CacheBlob>
  /** Takes away an entry that does not hold. Safe to repeat. */
  discard(place: EntryPlace): Promise<void>
  /** Takes away a blob that is not what its name says. Safe to repeat. */
  discardBlob(place: BlobPlace): Promise<void>
  /** Says that an entry was of use just now; what was not for the longest time goes first. */
  touch(place: EntryPlace): void
  /** Brings the store back under its size limit and removes what interrupted writers left. Safe while others read and write. */
  sweep(signal: AbortSignal): Promise<SweepResult>
}

/** Signs entries with the project's key and tells what was signed with it. */
export interface CacheSeal {
  /** A signature in one line, or null when only checking is possible here. */
  sign(text: string): string | null
  verify(text: string, signature: string): boolean
  /** Digest of a secret value, which only holders of the key can compute. */
  digestSecret(name: string, value: string): string
}
