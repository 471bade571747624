/**
 * The cache of this control plane for others, as web requests and responses, so that any server can mount it:
 * `GET | HEAD | PUT <scope>/entries/<group>/<name>`, `GET <scope>/entries/<group>?prefix=&limit=`, `GET | HEAD | PUT <scope>/blobs/<two digits>/<sha256>`.
 * Who may read or write which scope is decided here, by the token, not by the client.
 */
import { SluiceError } from '../../core/errors.ts'
import { errorTable } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { type EntryPlace, openEntry } from '../../core/pipeline/cache/entry.ts'
import type { CacheAccess } from '../../core/pipeline/cache/scope.ts'
import type { BlobPlace, CacheSeal, LocalCache } from '../../ports/cache.ts'
import { boundedChunks, boundedText } from './bounded.ts'
import { blobPath, entryPath } from './places.ts'

/** What is served, and to whom. */
export type CacheHandlerOptions = {
  readonly cache: LocalCache
  /** What an entry must be signed with to be let in; an unsigned one would only block its place. */
  readonly seal: CacheSeal
  /** What the bearer of a request may do; null for somebody unknown. */
  readonly access: (request: Request) => CacheAccess | null
  /** Everything of the path before the scope: `/v1/cache/`. */
  readonly prefix: string
  /** Largest blob that is taken; the limit's when absent. */
  readonly blobBytesMax?: number
}

type Place = {
  readonly scope: string
  readonly kind: 'entry' | 'group' | 'blob'
  readonly group: string
  readonly name: string
}

/** Answers one request; never rejects. */
export const cacheHandler =
  (options: CacheHandlerOptions): ((request: Request) => Promise<Response>) =>
  async (request) => {
    try {
      return await answer(options, request)
    } catch (error) {
      // Nothing else than a body is ever too much here. Its rest is not read, so nothing can follow on this connection.
      if (error instanceof SluiceError && error.code === 'overloaded')
        return plain(413, error.detail, { connection: 'close' })
      if (error instanceof SluiceError) return plain(errorTable[error.code].status, error.detail)
      return plain(500, 'the cache failed')
    }
  }

const answer = async (options: CacheHandlerOptions, request: Request): Promise<Response> => {
  const { pathname, searchParams } = new URL(request.url)
  const place = pathname.startsWith(options.prefix) ? parsePlace(pathname.slice(options.prefix.length)) : null
  if (place === null) return plain(404, 'there is nothing by that name')
  const access = options.access(request)
  if (access === null) return plain(401, 'the token is not valid here')
  const { method } = request
  if (method === 'PUT') {
    if (place.scope !== access.writes)
      throw new SluiceError('cache_refused', { detail: `the scope ${place.scope} may not be written with this token` })
    return place.kind === 'blob' ? putBlob(options, place, request) : putEntry(options, place, request)
  }
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'GET, HEAD or PUT')
  if (!access.reads.includes(place.scope))
    throw new SluiceError('cache_refused', { detail: `the scope ${place.scope} may not be read with this token` })
  if (place.kind === 'group') return list(options, place, searchParams)
  const found = place.kind === 'blob' ? await getBlob(options, place, request) : await getEntry(options, place, request)
  if (found === null) return plain(404, 'it is not in the cache')
  return new Response(method === 'HEAD' ? null : found, { headers: { 'content-type': 'application/octet-stream' } })
}

const getEntry = ({ cache }: CacheHandlerOptions, place: EntryPlace, { signal }: Request): Promise<string | null> =>
  cache.readEntry(place, signal)

const getBlob = async (
  { cache }: CacheHandlerOptions,
  { scope, name }: Place,
  { method, signal }: Request,
): Promise<ReadableStream<Uint8Array> | string | null> => {
  const place: BlobPlace = { scope, sha256: name }
  if (method === 'HEAD') return (await cache.hasBlob(place, signal)) ? '' : null
  const chunks = await cache.readBlob(place, signal)
  return chunks === null ? null : ReadableStream.from(chunks)
}

const list = async ({ cache }: CacheHandlerOptions, place: Place, query: URLSearchParams): Promise<Response> => {
  const limit = Number(query.get('limit') ?? limits.pageItemsDefault)
  if (!Number.isInteger(limit) || limit < 1 || limit > limits.pageItemsMax)
    throw new SluiceError('usage_invalid', { detail: `limit is 1 to ${limits.pageItemsMax}` })
  const { scope, group } = place
  const request = { scope, group, prefix: query.get('prefix') ?? '', limit }
  const names = await cache.listEntries(request, AbortSignal.timeout(limits.cacheRequestMs))
  return plain(200, names.map((name) => `${name}\n`).join(''))
}

const putEntry = async ({ cache, seal }: CacheHandlerOptions, place: Place, request: Request): Promise<Response> => {
  const { scope, group, name } = place
  entryPath({ scope, group, name })
  const text = await boundedText(request, limits.cacheEntryBytesMax)
  const opened = openEntry(text, { scope, group, name }, (body, signature) => seal.verify(body, signature))
  if (opened.kind === 'refused')
    throw new SluiceError('artifact_mismatch', { detail: `the entry is not taken: ${opened.because}` })
  for (const { sha256 } of opened.entry.blobs) {
    if (!(await cache.hasBlob({ scope, sha256 }, request.signal)))
      throw new SluiceError('artifact_mismatch', { detail: `the entry names a blob that is not here: ${sha256}` })
  }
  const outcome = await cache.writeEntry({ scope, group, name }, text, request.signal)
  return outcome === 'written' ? plain(201, '') : plain(412, 'there is an entry already')
}

const putBlob = async (options: CacheHandlerOptions, { scope, name }: Place, request: Request): Promise<Response> => {
  const { cache, blobBytesMax = limits.cacheBlobBytesMax } = options
  const place: BlobPlace = { scope, sha256: name }
  blobPath(place)
  const { sha256 } = await cache.addBlob(scope, boundedChunks(request, blobBytesMax), request.signal)
  if (sha256 === name) return plain(201, '')
  await cache.discardBlob({ scope, sha256 })
  throw new SluiceError('artifact_mismatch', { detail: `the content has the digest ${sha256}, not ${name}` })
}

/** `<scope>/entries/<group>[/<name>]` or `<scope>/blobs/<two digits>/<sha256>`; the parts are checked by whoever uses them. */
const parsePlace = (path: string): Place | null => {
  const found = /^(protected|branch\/[^/]+|pull\/[^/]+)\/(entries|blobs)\/([^/]+)(?:\/([^/]+))?$/.exec(path)
  if (found === null) return null
  const [, scope = '', folder = '', group = '', name = ''] = found
  if (folder === 'blobs') return name.startsWith(group) && name !== '' ? { scope, kind: 'blob', group, name } : null
  return { scope, kind: name === '' ? 'group' : 'entry', group, name }
}

const plain = (status: number, text: string, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(text === '' ? null : text, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
  })
