/** The cookie of a session. No script reads it, no other site sends it, and where there is TLS no other name of the host can set it. */
import { hash } from 'node:crypto'

/**
 * What the cookie is called. With an address of its own over TLS `__Host-slu`, which browsers take only from that host, over TLS, for the whole of it. On loopback there is no TLS, and a cookie
 * is the host's, whatever the port: each state directory has a name of its own there, so that two control planes do not sign each other's people out.
 */
export const cookieName = (stateDir: string, url: string | null): string =>
  isSecure(url) ? '__Host-slu' : `slu-${hash('sha256', stateDir).slice(0, 8)}`

/** Whether browsers reach this control plane over TLS. */
const isSecure = (url: string | null): boolean => url?.startsWith('https:') === true

/** The value of a cookie; null when the header has none by that name, or two. */
export const cookieOf = (header: string | null, name: string): string | null => {
  const values = (header ?? '').split(';').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : []
  })
  return values.length === 1 ? (values[0] ?? null) : null
}

/** What a cookie is to be. A null value takes it away. */
export type CookieWish = {
  readonly name: string
  readonly value: string | null
  readonly url: string | null
  readonly maxAgeMs: number
}

/** The header that sets a cookie. */
export const setCookie = ({ name, value, url, maxAgeMs }: CookieWish): string =>
  [
    `${name}=${value ?? ''}`,
    'Path=/',
    `Max-Age=${value === null ? 0 : Math.floor(maxAgeMs / 1_000)}`,
    'HttpOnly',
    'SameSite=Lax',
    ...(isSecure(url) ? ['Secure'] : []),
  ].join('; ')
