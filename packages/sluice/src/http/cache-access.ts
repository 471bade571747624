/** Who may do what with the cache that this control plane shares. */
import { timingSafeEqual } from 'node:crypto'
import { type CacheAccess, isScope, protectedScope } from '../core/pipeline/cache/scope.ts'

/** Everything of the cache is below this path. */
export const cachePrefix = '/v1/cache/'

/** Tokens that are let in. `pull` is for runners of pull requests; null for none. */
export type CacheTokens = { readonly all: string; readonly pull: string | null }

/**
 * What the bearer of a request may do with the scope that it asks for: with the token of the API anything; with that of pull requests read what is protected, and read and
 * write scopes of pull requests. Null for anybody else.
 */
export const cacheAccess = (request: Request, { all, pull }: CacheTokens): CacheAccess | null => {
  const bearer = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '')?.[1] ?? ''
  const path = new URL(request.url).pathname.slice(cachePrefix.length)
  const scope = /^(protected|(?:branch|pull)\/[^/]+)\//.exec(path)?.[1] ?? protectedScope
  const own = isScope(scope) ? scope : protectedScope
  if (isSame(bearer, all)) return { reads: [own, protectedScope], writes: own }
  if (pull === null || !isSame(bearer, pull)) return null
  return own.startsWith('pull/')
    ? { reads: [own, protectedScope], writes: own }
    : { reads: [protectedScope], writes: null }
}

const isSame = (a: string, b: string): boolean => {
  const [first, second] = [Buffer.from(a), Buffer.from(b)]
  return first.length === second.length && b !== '' && timingSafeEqual(first, second)
}
