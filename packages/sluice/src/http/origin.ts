/**
 * Whether a request in the name of somebody who is signed in was sent by a page of this control plane. Browsers say where a request comes from (`Sec-Fetch-Site`, and `Origin` those before it); a page
 * cannot make them say otherwise. Nothing is changed by a GET, so those are let through.
 */
import { SluiceError } from '../core/errors.ts'

const safe = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Throws `origin_refused` for a request that may change something and comes from elsewhere, or does not say where it comes from. */
export const checkOrigin = (request: Request, url: string | null): void => {
  if (safe.has(request.method)) return
  const site = request.headers.get('sec-fetch-site')
  const origin = request.headers.get('origin')
  if (site !== null ? site === 'same-origin' || site === 'none' : origin !== null && isOwn(origin, request, url)) return
  throw new SluiceError('origin_refused', {
    detail: `the request comes from ${JSON.stringify((origin ?? site ?? 'a page that does not say which').slice(0, 200))}`,
    hint: 'use the pages of this control plane; programs send a token, not a cookie',
  })
}

/** The host was looked at before, so that a page of another cannot be of this one. */
const isOwn = (origin: string, request: Request, url: string | null): boolean =>
  origin === new URL(request.url).origin || (url !== null && origin === new URL(url).origin)
