/**
 * What the cache keeps of one result: an immutable record of files, outputs and log, sealed by the project's key for one place of one scope. Its text has two
 * lines: the signature, and the record as JSON. What is not sealed for the place where it was found counts as not there.
 */
import { canonicalJson } from '../../canonical-json.ts'
import type { Sha256 } from '../../model.ts'
import type { Texts } from '../job-plan.ts'
import { type CacheScope, isScope } from './scope.ts'

/** Where an entry lies. `group` is all entries of one job, or all keyed caches; `name` has the form that `isEntryName` says. */
export type EntryPlace = { readonly scope: CacheScope; readonly group: string; readonly name: string }

/** Content of some bytes, named by its SHA-256 (64 hex digits). */
export type CacheBlob = { readonly sha256: string; readonly bytes: number }

/** A stretch of a blob; `blob` is its index in the entry. Small files lie one after the other in one blob. */
export type CachePart = { readonly blob: number; readonly offset: number; readonly bytes: number }

/** A file or link, its path relative to the folder that the entry is restored to, POSIX. */
export type CacheFile =
  | { readonly kind: 'file'; readonly path: string; readonly isExecutable: boolean; readonly part: CachePart }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }

/** The record. */
export type CacheEntry = {
  readonly schema: 1
  readonly place: EntryPlace
  /** The whole key, of which the name may be only a part. */
  readonly key: string
  readonly createdAt: number
  /** What made it: `run_1a2b, commit 3c4d…`. */
  readonly madeBy: string
  /** Of files and outputs: the same for the same content, whoever made it when. */
  readonly digest: string
  readonly outputs: Texts
  readonly log: CachePart | null
  /** The key's document, as JSON, with its own digest, so that it can be read alone. */
  readonly document: (CachePart & { readonly sha256: string }) | null
  /** Of a keyed cache: the paths that were kept, whose numbers the files' paths begin with. */
  readonly roots: readonly string[]
  readonly blobs: readonly CacheBlob[]
  readonly files: readonly CacheFile[]
}

/** What is read from a store: a record that holds, or why it does not. */
export type OpenedEntry =
  | { readonly kind: 'entry'; readonly entry: CacheEntry }
  | { readonly kind: 'refused'; readonly because: string }

/** The text to keep, or null when there is no key to sign with. */
export const sealEntry = (entry: CacheEntry, sign: (text: string) => string | null): string | null => {
  const text = JSON.stringify(entry)
  const signature = sign(signedText(text))
  return signature === null ? null : `${signature}\n${text}\n`
}

/** Reads a text that a store gave for a place. Nothing of it is looked at before its signature holds. */
export const openEntry = (
  text: string,
  place: EntryPlace,
  verify: (text: string, signature: string) => boolean,
): OpenedEntry => {
  const end = text.indexOf('\n')
  const body = text.slice(end + 1).trimEnd()
  if (end <= 0 || body === '') return { kind: 'refused', because: 'it is not whole' }
  if (!verify(signedText(body), text.slice(0, end)))
    return {
      kind: 'refused',
      because: "it is not signed with this side's key; who shares a cache has the same SLUICE_CACHE_KEY",
    }
  // A parser: the signature says that this program wrote the text.
  const entry = JSON.parse(body) as CacheEntry
  if (entry.schema !== 1) return { kind: 'refused', because: 'another version of Sluice wrote it' }
  const { scope, group, name } = entry.place
  if (scope !== place.scope || group !== place.group || name !== place.name)
    return { kind: 'refused', because: `it was made for ${scope}/${group}/${name}` }
  return { kind: 'entry', entry }
}

/** What a signature of an entry signs: never the same as what any other signature of the project's key signs. */
const signedText = (text: string): string => `sluice cache entry 1\n${text}`

/** Where a job's result for a key lies. */
export const taskPlace = (
  { scope, job, key }: { readonly scope: CacheScope; readonly job: string; readonly key: string },
  sha256: Sha256,
): EntryPlace => ({ scope, group: taskGroup(job, sha256), name: key })

/** All results of one job. */
export const taskGroup = (job: string, sha256: Sha256): string => `job-${sha256(job).slice(0, 32)}`

/** Of files (path, kind, content's SHA-256 or link's target) and outputs. */
export const contentDigest = (
  files: readonly { readonly path: string; readonly kind: 'file' | 'executable' | 'link'; readonly content: string }[],
  outputs: Texts,
  sha256: Sha256,
): string => {
  const rows = files
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(({ path, kind, content }) => [path, kind, content])
  return sha256(canonicalJson({ files: rows, outputs }))
}

/** Whether a place can be a path of a store, so that no text from outside leads anywhere else. */
export const isEntryPlace = ({ scope, group, name }: EntryPlace): boolean =>
  isScope(scope) && isGroup(group) && isEntryName(name)

/** The form of a group. */
export const isGroup = (text: string): boolean => /^[a-z0-9-]{1,64}$/.test(text)

/** The form of a name: what every file system and object store takes as it is. */
export const isEntryName = (text: string): boolean => /^[\w~-][\w.~-]{0,249}$/.test(text)

/** The form of a blob's name. */
export const isSha256 = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)
