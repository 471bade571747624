/** What the pages of signing in have in common: their answers, and what is read of what they are sent. */
import type { Context } from 'hono'
import { SluiceError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import type { ApiContext } from './context.ts'
import { cookieName, setCookie } from './cookies.ts'
import { pagePolicy } from './security-headers.ts'
import { signInPage } from './sign-in-page.ts'

const page = { 'content-security-policy': pagePolicy }

/** Back to where the person wanted to go, with the cookie. */
export const welcomed = async (
  { access, server }: ApiContext,
  c: Context,
  { text, next }: { readonly text: string; readonly next: string },
): Promise<Response> => {
  const { url } = await access()
  const name = cookieName(server.stateDir, url)
  c.header('set-cookie', setCookie({ name, value: text, url, maxAgeMs: limits.sessionMs }), { append: true })
  return c.redirect(next, 303)
}

/** The page to sign in, with what went wrong. */
export const shown = async ({ access }: ApiContext, c: Context, problem: SluiceError | null): Promise<Response> => {
  const { oidc } = await access()
  const view = { problem: problem?.detail ?? null, next: nextOf(c), hasProvider: oidc !== null }
  const status = problem === null ? 200 : problem.code === 'overloaded' ? 429 : 401
  return c.html(await signInPage(view), status, page)
}

/** Where to go afterwards: a path of this address, whatever a link says. */
export const nextOf = (c: Context): string => {
  const wanted = c.req.query('next') ?? '/'
  const url = URL.parse(wanted, 'http://here.invalid')
  if (url === null || url.origin !== 'http://here.invalid' || !wanted.startsWith('/')) return '/'
  // `/.//host` is a path of this address, and what is left of it without its dots is another address.
  return url.pathname.startsWith('//') ? '/' : `${url.pathname}${url.search}${url.hash}`
}

/** Parser of a form. */
export const formOf = async (request: Request): Promise<URLSearchParams> => {
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim()
  if (type === 'application/x-www-form-urlencoded') return new URLSearchParams(await request.text())
  throw new SluiceError('usage_invalid', { detail: 'signing in takes a form', hint: 'programs use POST /v1/session' })
}
