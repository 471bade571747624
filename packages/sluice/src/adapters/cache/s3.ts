/**
 * A cache in S3-compatible storage. Each scope is a prefix, so that a bucket's policy can let a runner of pull requests write below `…/pull/` and nowhere else.
 * Sources: Amazon S3 API, PutObject with `If-None-Match` (2024-08) and `x-amz-content-sha256`, ListObjectsV2.
 */
import { openAsBlob } from 'node:fs'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { hashFile } from '../../lib/hash-file.ts'
import type { CacheStore, ListRequest } from '../../ports/cache.ts'
import { boundedText } from './bounded.ts'
import { blobPath, entryPath, groupPath, holdToDigest } from './places.ts'

/** A bucket, and what to sign requests with. */
export type S3CacheOptions = {
  /** Address of the service: `https://s3.eu-central-1.amazonaws.com`, `http://127.0.0.1:9000`. */
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  /** Before every key, for instance `sluice/storefront`; may be empty. */
  readonly prefix: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string | null
}

type Ask = (path: string, init: RequestInit, signal: AbortSignal) => Promise<Response>

/** A cache in a bucket that exists. Blobs go in one request each, whose digest the service checks. */
export const s3Cache = (options: S3CacheOptions): CacheStore => {
  const label = `${options.endpoint.replace(/\/+$/, '')}/${options.bucket}`
  const base = options.prefix === '' ? '' : `${options.prefix.replaceAll(/^\/+|\/+$/g, '')}/`
  const ask = asking(label, options)
  const at = (path: string): string => `${base}${path}`
  return {
    label,
    readEntry: async (place, signal) => {
      const answer = await ask(at(entryPath(place)), {}, signal)
      return answer.status === 404 ? discard(answer) : boundedText(answer, limits.cacheEntryBytesMax)
    },
    writeEntry: async (place, text, signal) => {
      const headers = { 'if-none-match': '*' }
      const answer = await ask(at(entryPath(place)), { method: 'PUT', headers, body: text }, signal)
      await discard(answer)
      // 409: another writer is at the same key just now.
      return answer.status === 412 || answer.status === 409 ? 'present' : 'written'
    },
    listEntries: async (request, signal) => list({ ask, folder: `${at(groupPath(request))}/`, request }, signal),
    hasBlob: async (place, signal) => (await ask(at(blobPath(place)), { method: 'HEAD' }, signal)).status !== 404,
    readBlob: async (place, signal) => {
      const answer = await ask(at(blobPath(place)), {}, signal)
      return answer.status === 404 ? discard(answer) : answer.body
    },
    writeBlob: async (place, file, signal) => {
      // Amazon refuses content that is not what the header says; not every service that speaks its language does.
      holdToDigest(file.path, place.sha256, await hashFile(file.path, signal))
      const headers = { 'x-amz-content-sha256': place.sha256 }
      const body = await openAsBlob(file.path)
      await discard(await ask(at(blobPath(place)), { method: 'PUT', headers, body }, signal))
    },
  }
}

const asking = (label: string, options: S3CacheOptions): Ask => {
  let signer: Promise<(url: string, init: RequestInit) => Promise<Request>> | null = null
  const { accessKeyId, secretAccessKey, sessionToken, region } = options
  const makeSigner = async (): Promise<(url: string, init: RequestInit) => Promise<Request>> => {
    const { AwsClient } = await import('aws4fetch')
    const session = sessionToken === null ? {} : { sessionToken }
    const client = new AwsClient({ accessKeyId, secretAccessKey, ...session, region, service: 's3' })
    return (url, init) => client.sign(url, init)
  }
  return async (path, init, signal) => {
    signer ??= makeSigner()
    const sign = await signer
    const deadline = AbortSignal.timeout(path.includes('/blobs/') ? limits.cacheTransferMs : limits.cacheRequestMs)
    const request = await sign(`${label}${path.startsWith('?') ? '' : '/'}${path}`, init)
    const answer = await fetch(request, { redirect: 'error', signal: AbortSignal.any([signal, deadline]) }).catch(
      (error: unknown) => {
        throw new SluiceError('server_unreachable', { detail: `the cache at ${label} does not answer`, cause: error })
      },
    )
    if (answer.ok || [404, 409, 412].includes(answer.status)) return refuseMissingBucket(label, answer)
    const text = await boundedText(answer, limits.evidenceBytesMax).catch(() => '')
    throw new SluiceError(codeOf(answer.status, text), {
      detail: `the cache at ${label} answered ${answer.status}: ${text.slice(0, limits.evidenceLineMax)}`,
    })
  }
}

const codeOf = (status: number, text: string): 'cache_refused' | 'artifact_mismatch' | 'server_unreachable' => {
  if (/BadDigest|ContentSHA256Mismatch|InvalidDigest/i.test(text)) return 'artifact_mismatch'
  return status === 401 || status === 403 ? 'cache_refused' : 'server_unreachable'
}

/** A bucket that is not there must not look like an empty one. A HEAD has no body to tell them apart. */
const refuseMissingBucket = async (label: string, answer: Response): Promise<Response> => {
  if (answer.status !== 404 || answer.body === null) return answer
  const text = await boundedText(answer, limits.evidenceBytesMax)
  if (text.includes('NoSuchBucket')) throw new SluiceError('not_found', { detail: `there is no bucket ${label}` })
  return new Response(null, { status: 404 })
}

/** Reads all pages, because the service sorts by name and the newest may be on the last. */
const list = async (
  { ask, folder, request }: { readonly ask: Ask; readonly folder: string; readonly request: ListRequest },
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const found: { readonly name: string; readonly at: string }[] = []
  let token: string | null = null
  for (let page = 0; page < limits.cachePagesMax; page += 1) {
    const query = new URLSearchParams({ 'list-type': '2', prefix: folder + request.prefix })
    if (token !== null) query.set('continuation-token', token)
    const text = await boundedText(await ask(`?${query.toString()}`, {}, signal), limits.cacheEntryBytesMax)
    // Names of entries hold nothing that XML would write otherwise.
    for (const [content] of text.matchAll(/<Contents>.*?<\/Contents>/gs))
      found.push({
        name: (element(content, 'Key') ?? '').slice(folder.length),
        at: element(content, 'LastModified') ?? '',
      })
    token = element(text, 'NextContinuationToken')
    if (token === null) break
  }
  return found
    .toSorted((a, b) => b.at.localeCompare(a.at))
    .slice(0, request.limit)
    .map(({ name }) => name)
}

const element = (text: string, name: string): string | null =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? null

const discard = async (answer: Response): Promise<null> => {
  await answer.body?.cancel()
  return null
}
