/**
 * Signing in and out in a browser: the page, the form behind it, and the way to a provider and back. What is sent is a form, so that it works without a script; a form of another site is told by where
 * it comes from. Sessions of a browser live in a cookie alone, and no answer has one in its body.
 */
import { Hono } from 'hono'
import { SluiceError } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import { endSession } from '../engine/identity/commands.ts'
import { welcome } from '../engine/identity/arrivals.ts'
import type { OidcFlow } from '../ports/identity-provider.ts'
import { authenticate, isSame } from './authenticate.ts'
import type { ApiContext } from './context.ts'
import { cookieName, cookieOf, setCookie } from './cookies.ts'
import { checkOrigin } from './origin.ts'
import { formOf, nextOf, shown, welcomed } from './sign-in-answers.ts'
import { handoverRoutes } from './sign-in-handover-pages.ts'
import { signInStyle } from './sign-in-page.ts'

/** A sign-in at a provider that is under way. */
type Flow = OidcFlow & { readonly next: string; readonly startedAt: number }

/** The name that the owner of the control plane has in the ledger when it signs in by its token. */
const ownerName = 'owner'

/** The pages and forms, below `/sign-in` and `/sign-out`. `token` is the root token. */
export const signInRoutes = (context: ApiContext, token: string): Hono => {
  const app = new Hono()
  app.get('/sign-in.css', (c) => c.body(signInStyle, 200, { 'content-type': 'text/css; charset=utf-8' }))
  app.get('/sign-in', (c) => shown(context, c, null))
  app.post('/sign-in', async (c) => {
    checkOrigin(c.req.raw, (await context.access()).url)
    const form = await formOf(c.req.raw)
    const [name = '', given = ''] = ['name', 'token'].map((field) => form.get(field)?.trim())
    const password = form.get('password') ?? ''
    try {
      const session = given
        ? await signInOwner(context, given, token)
        : await context.engine.identity.signIn({ name, password, carrier: 'cookie' })
      return await welcomed(context, c, { text: session.text, next: nextOf(c) })
    } catch (error) {
      if (error instanceof SluiceError && ['sign_in_failed', 'overloaded'].includes(error.code))
        return shown(context, c, error)
      throw error
    }
  })
  app.post('/sign-out', async (c) => {
    const { stateDir } = context.server
    const { identity } = context.engine
    const rules = await context.access()
    checkOrigin(c.req.raw, rules.url)
    const { proof, name } = await authenticate(c.req.raw, { identity, token, rules: context.access, stateDir })
    if (proof.kind === 'session')
      await endSession(identity.desk, proof.id, { by: { kind: 'person', name }, reason: 'signed out' })
    c.header(
      'set-cookie',
      setCookie({ name: cookieName(stateDir, rules.url), value: null, url: rules.url, maxAgeMs: 0 }),
    )
    return c.redirect('/sign-in', 303)
  })
  providerRoutes(context, app)
  app.route('/', handoverRoutes(context, token))
  return app
}

/** To the provider and back. */
const providerRoutes = (context: ApiContext, app: Hono): void => {
  const flows = new Map<string, Flow>()
  const { provider, clock } = context
  app.get('/sign-in/oidc', async (c) => {
    const { oidc, url } = await context.access()
    if (oidc === null || url === null) throw noProvider()
    for (const [state, { startedAt }] of flows)
      if (flows.size >= limits.oidcFlowsMax || clock.now() - startedAt > limits.oidcFlowMs) flows.delete(state)
    const { url: away, flow } = await provider.begin(oidc, `${url}${callbackPath}`)
    flows.set(flow.state, { ...flow, next: nextOf(c), startedAt: clock.now() })
    // Whoever comes back must be the browser that left: else somebody could be signed in as somebody else by a link.
    c.header('set-cookie', setCookie({ name: flowCookie(url), value: flow.state, url, maxAgeMs: limits.oidcFlowMs }))
    return c.redirect(away, 303)
  })
  app.get(callbackPath, async (c) => {
    const { oidc, url } = await context.access()
    if (oidc === null || url === null) throw noProvider()
    const state = cookieOf(c.req.header('cookie') ?? null, flowCookie(url)) ?? ''
    const flow = flows.get(state)
    flows.delete(state)
    if (flow === undefined || clock.now() - flow.startedAt > limits.oidcFlowMs || c.req.query('state') !== state)
      return shown(
        context,
        c,
        new SluiceError('sign_in_failed', { detail: 'the sign-in was not begun in this browser, or took too long' }),
      )
    const { identity } = context.engine
    try {
      const back = `${url}${callbackPath}${new URL(c.req.url).search}`
      const name = await welcome(identity.desk, await provider.finish(oidc, { url: back, flow }))
      const session = await identity.begin({ name, method: 'oidc', carrier: 'cookie' })
      return await welcomed(context, c, { text: session.text, next: flow.next })
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== 'sign_in_failed') throw error
      context.log.warn('sign_in_failed', { method: 'oidc', detail: error.detail })
      return shown(context, c, error)
    }
  })
}

const callbackPath = '/sign-in/oidc/callback'

const flowCookie = (url: string): string => `${url.startsWith('https:') ? '__Host-' : ''}slu-flow`

const signInOwner = async (
  { engine, log }: ApiContext,
  given: string,
  token: string,
): Promise<{ readonly text: string }> => {
  if (isSame(given, token)) return engine.identity.begin({ name: ownerName, method: 'root', carrier: 'cookie' })
  log.warn('sign_in_failed', { method: 'root' })
  throw new SluiceError('sign_in_failed', {
    detail: 'that is not the token of this control plane',
    hint: 'read .sluice/token',
  })
}

const noProvider = (): SluiceError =>
  new SluiceError('not_found', {
    detail: 'no provider is configured to sign in at',
    hint: 'access.oidc in sluice.config.ts, with access.url',
  })
