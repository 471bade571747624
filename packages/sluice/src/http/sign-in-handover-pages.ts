/**
 * The pages of signing in between a command line and a browser. `/sign-in/open` makes a browser's session of a ticket (`sluice open`); `/sign-in/cli` makes a ticket for a command line of a browser's session (`sluice login`: authorization code with
 * PKCE and a loopback redirect, RFC 8252).
 */
import { type Context, Hono } from 'hono'
import { SluiceError } from '../core/errors.ts'
import type { Principal } from '../core/identity/access.ts'
import { authenticate } from './authenticate.ts'
import type { ApiContext } from './context.ts'
import { checkOrigin } from './origin.ts'
import { pagePolicy } from './security-headers.ts'
import { formOf, nextOf, shown, welcomed } from './sign-in-answers.ts'
import { confirmPage } from './sign-in-page.ts'
import type { TicketSubject } from './sign-in-tickets.ts'
import { begun, notGood, refused } from './sign-in-handover.ts'

/** The pages below `/sign-in/`. `token` is the root token. */
export const handoverRoutes = (context: ApiContext, token: string): Hono => {
  const app = new Hono()
  app.get('/sign-in/open', async (c) => {
    // Who only looks what an address is (a preview, a scanner) does not use it up.
    if (c.req.method === 'HEAD') return c.body(null)
    const ticket = c.req.query('ticket') ?? ''
    const looked = context.tickets.look(ticket)
    if (looked.kind !== 'unused') return shown(context, c, await refused(context, looked, 'sluice open'))
    const { name } = looked.subject
    // Typed, or opened by a program of this machine: one click. From a page of somebody else, and where somebody else is signed in, it is asked first, so that no link signs anybody in as somebody else.
    const already = await browsing(context, c, token)
    const isOwn = already === null || already.name === name
    if (isOwn && c.req.header('sec-fetch-site') === 'none') return opened(context, c, ticket)
    const view = {
      question: `Sign in as ${name}?`,
      explanation: 'This address was made by sluice open. Go on only if it was you who typed that.',
      button: `Sign in as ${name}`,
      action: `/sign-in/open?next=${encodeURIComponent(nextOf(c))}`,
      fields: { ticket },
    }
    return c.html(await confirmPage(view), 200, { 'content-security-policy': pagePolicy })
  })
  app.post('/sign-in/open', async (c) => {
    checkOrigin(c.req.raw, (await context.access()).url)
    return opened(context, c, (await formOf(c.req.raw)).get('ticket') ?? '')
  })
  app.get('/sign-in/cli', async (c) => {
    const asked = askedBy(new URL(c.req.url).searchParams)
    const person = await signedIn(context, c, token)
    if (person === null)
      return c.redirect(`/sign-in?next=${encodeURIComponent(`/sign-in/cli${new URL(c.req.url).search}`)}`, 303)
    const view = {
      question: `Let the command line on this computer in as ${person.name}?`,
      explanation: 'sluice login asked for it. Go on only if it was you who typed that.',
      button: `Sign in as ${person.name}`,
      action: '/sign-in/cli',
      fields: { port: String(asked.port), state: asked.state, challenge: asked.challenge },
    }
    // The form's answer leads to the command line, which the rule for forms counts as theirs.
    const policy = pagePolicy.replace("form-action 'self'", `form-action 'self' ${loopback(asked.port)}`)
    return c.html(await confirmPage(view), 200, { 'content-security-policy': policy })
  })
  app.post('/sign-in/cli', async (c) => {
    checkOrigin(c.req.raw, (await context.access()).url)
    const { port, state, challenge } = askedBy(await formOf(c.req.raw))
    const person = await signedIn(context, c, token)
    if (person === null) throw noSession()
    const { code } = context.tickets.issue({ kind: 'login', ...person, challenge })
    return c.redirect(`${loopback(port)}/?${new URLSearchParams({ code, state }).toString()}`, 303)
  })
  return app
}

const opened = async (context: ApiContext, c: Context, ticket: string): Promise<Response> => {
  const taken = context.tickets.take(ticket)
  if (taken.kind !== 'good') return shown(context, c, await refused(context, taken, 'sluice open'))
  const { subject, use } = taken
  if (subject.kind !== 'open') return shown(context, c, notGood('sluice open'))
  const { text } = await begun(context, { subject, use, carrier: 'cookie' })
  return welcomed(context, c, { text, next: nextOf(c) })
}

const noSession = (): SluiceError =>
  new SluiceError('token_missing', { detail: 'nobody is signed in in this browser', hint: '/sign-in' })

/** The person whose browser it is; null when nobody is signed in. The owner is no person, and what it has stays beside the control plane. */
const signedIn = async (
  context: ApiContext,
  c: Context,
  token: string,
): Promise<Omit<TicketSubject, 'kind'> | null> => {
  const principal = await browsing(context, c, token)
  if (principal === null) return null
  if (principal.kind !== 'person')
    throw new SluiceError('forbidden', {
      detail: 'the owner of the control plane is signed in in this browser, and a command line is let in as a person',
      hint: 'sign out here, and in again as yourself',
    })
  return { name: principal.name, method: 'browser', madeWith: null, endsAt: principal.expiresAt }
}

const withoutBearer = (headers: Headers): Headers => {
  const own = new Headers(headers)
  own.delete('authorization')
  return own
}

/** Parser of what a command line asks with: the port that it listens on, its state, and its challenge. */
const askedBy = (
  asked: URLSearchParams,
): { readonly port: number; readonly state: string; readonly challenge: string } => {
  const [port, state, challenge] = [Number(asked.get('port')), asked.get('state') ?? '', asked.get('challenge') ?? '']
  const isPort = Number.isInteger(port) && port > 0 && port <= 65_535
  if (isPort && /^[\w-]{16,128}$/.test(state) && /^[\w-]{43}$/.test(challenge)) return { port, state, challenge }
  throw new SluiceError('usage_invalid', {
    detail: 'port, state and challenge are not what a command line sends',
    hint: 'sluice login',
  })
}

/** The literal address, not `localhost`: RFC 8252, section 8.3. */
const loopback = (port: number): string => `http://127.0.0.1:${port}`

/** Who is signed in in a browser, and in nothing else: whoever has a token needs no code. */
const browsing = async (
  { engine, access, server }: ApiContext,
  c: Context,
  token: string,
): Promise<Principal | null> => {
  const { identity } = engine
  const request = new Request(c.req.raw.url, { method: c.req.method, headers: withoutBearer(c.req.raw.headers) })
  return authenticate(request, { identity, token, rules: access, stateDir: server.stateDir }).catch(
    (error: unknown) => {
      if (error instanceof SluiceError && ['token_missing', 'token_stale'].includes(error.code)) return null
      throw error
    },
  )
}
