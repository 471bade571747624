/** The one layout of every store: `<scope>/entries/<group>/<name>` and `<scope>/blobs/<two digits>/<sha256>`. */
import { SluiceError } from '../../core/errors.ts'
import { type EntryPlace, isEntryPlace, isGroup, isSha256 } from '../../core/pipeline/cache/entry.ts'
import { isScope } from '../../core/pipeline/cache/scope.ts'
import type { BlobPlace, ListRequest } from '../../ports/cache.ts'

/** Path of an entry; `usage_invalid` for a place that is none. */
export const entryPath = (place: EntryPlace): string => {
  if (!isEntryPlace(place)) throw noPlace(JSON.stringify(place))
  return `${place.scope}/entries/${place.group}/${place.name}`
}

/** Path of a blob; `usage_invalid` for a place that is none. */
export const blobPath = ({ scope, sha256 }: BlobPlace): string => {
  if (!isScope(scope) || !isSha256(sha256)) throw noPlace(JSON.stringify({ scope, sha256 }))
  return `${scope}/blobs/${sha256.slice(0, 2)}/${sha256}`
}

/** Path of a group's folder; `usage_invalid` for a request that can find nothing. */
export const groupPath = ({ scope, group, prefix }: Pick<ListRequest, 'scope' | 'group' | 'prefix'>): string => {
  if (!isScope(scope) || !isGroup(group) || !/^[\w.~-]{0,250}$/.test(prefix))
    throw noPlace(JSON.stringify({ scope, group, prefix }))
  return `${scope}/entries/${group}`
}

/** Holds what was read to what was wanted: `artifact_mismatch` when the content is another. */
export const holdToDigest = (path: string, sha256: string, found: { readonly sha256: string }): void => {
  if (found.sha256 === sha256) return
  throw new SluiceError('artifact_mismatch', { detail: `${path} does not have the digest ${sha256}` })
}

const noPlace = (place: string): SluiceError =>
  new SluiceError('usage_invalid', { detail: `${place.slice(0, 300)} is no place of a cache` })
