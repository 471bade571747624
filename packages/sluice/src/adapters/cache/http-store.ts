/** The cache of a control plane, over its API: `http-handler.ts` is the other side. */
import { openAsBlob } from 'node:fs'
import { type ErrorCode, SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { CacheStore } from '../../ports/cache.ts'
import { blobPath, entryPath, groupPath } from './places.ts'
import { boundedText } from './bounded.ts'

/** Where the API's cache is (`https://sluice.example/v1/cache`), and what it lets in. */
export type HttpCacheOptions = { readonly address: string; readonly token: string }

/** A cache behind `address`. Every request has a deadline; nothing is tried twice, because running the job is the second way. */
export const httpCache = ({ address, token }: HttpCacheOptions): CacheStore => {
  const base = address.replace(/\/+$/, '')
  const ask = async (path: string, init: RequestInit, signal: AbortSignal): Promise<Response> => {
    const url = `${base}/${path}`
    const isBlob = path.includes('/blobs/')
    const deadline = AbortSignal.timeout(isBlob ? limits.cacheTransferMs : limits.cacheRequestMs)
    const headers = { ...init.headers, authorization: `Bearer ${token}` }
    const answer = await fetch(url, {
      ...init,
      headers,
      redirect: 'error',
      signal: AbortSignal.any([signal, deadline]),
    }).catch((error: unknown) => {
      throw new SluiceError('server_unreachable', { detail: `the cache at ${base} does not answer`, cause: error })
    })
    if (answer.ok || answer.status === 404 || answer.status === 412) return answer
    throw refusal(base, answer.status, await boundedText(answer, limits.evidenceBytesMax).catch(() => ''))
  }
  return {
    label: base,
    readEntry: async (place, signal) => {
      const answer = await ask(entryPath(place), {}, signal)
      if (answer.status === 404) return discard(answer)
      return boundedText(answer, limits.cacheEntryBytesMax)
    },
    writeEntry: async (place, text, signal) => {
      const headers = { 'if-none-match': '*' }
      const answer = await ask(entryPath(place), { method: 'PUT', headers, body: text }, signal)
      await discard(answer)
      return answer.status === 412 ? 'present' : 'written'
    },
    listEntries: async (request, signal) => {
      const query = new URLSearchParams({ prefix: request.prefix, limit: String(request.limit) })
      const answer = await ask(`${groupPath(request)}?${query.toString()}`, {}, signal)
      const text = await boundedText(answer, limits.cacheEntryBytesMax)
      return text.split('\n').filter(Boolean)
    },
    hasBlob: async (place, signal) => {
      const answer = await ask(blobPath(place), { method: 'HEAD' }, signal)
      return answer.status !== 404
    },
    readBlob: async (place, signal) => {
      const answer = await ask(blobPath(place), {}, signal)
      return answer.status === 404 ? discard(answer) : answer.body
    },
    writeBlob: async (place, file, signal) => {
      const answer = await ask(blobPath(place), { method: 'PUT', body: await openAsBlob(file.path) }, signal)
      await discard(answer)
    },
  }
}

/** What an answer of the other side means. */
const refusal = (base: string, status: number, text: string): SluiceError => {
  const codes: Readonly<Record<number, ErrorCode>> = {
    400: 'usage_invalid',
    401: 'token_stale',
    403: 'cache_refused',
    413: 'overloaded',
    422: 'artifact_mismatch',
    507: 'store_full',
  }
  return new SluiceError(codes[status] ?? 'server_unreachable', {
    detail: `the cache at ${base} answered ${status}: ${text.slice(0, limits.evidenceLineMax)}`,
  })
}

/** Lets go of an answer, so that its connection can serve the next request. */
const discard = async (answer: Response): Promise<null> => {
  await answer.body?.cancel()
  return null
}
