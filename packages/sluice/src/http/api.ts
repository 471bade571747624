/** The HTTP API: the table of routes and what stands beside it, served. Pure of sockets: it answers a `Request` with a `Response`, in process or behind a server. */
import { Hono } from 'hono'
import { errorTable, SluiceError } from '../core/errors.ts'
import type { Principal } from '../core/identity/access.ts'
import { authenticate } from './authenticate.ts'
import { bodiesBounded } from './bounded-bodies.ts'
import { cachePrefix } from './cache-access.ts'
import type { ApiContext } from './context.ts'
import { checkHost } from './guard.ts'
import { answerMcp, mcpPath } from './handlers/mcp.ts'
import { RequestTally } from './metrics/request-tally.ts'
import { openApi } from './openapi.ts'
import { dashboardAnswer, isPage } from './page.ts'
import { problemAnswer } from './problem-answer.ts'
import { Rates } from './rate-limit.ts'
import { commonHeaders, dataPolicy } from './security-headers.ts'
import { type RequestEnvironment, serveRoutes } from './serve-routes.ts'
import { signInRoutes } from './sign-in.ts'

/** Who may ask an API: the token it wants (null in process, where there is no wire), and the host it answers for. */
export type ApiAccess = { readonly token: string | null; readonly host: string }

/** An API that answers requests. */
export type Api = {
  /** `from` is the address that asks; without one (in process) nobody is counted. */
  readonly fetch: (request: Request, from?: string) => Promise<Response>
}

/** Builds the API from the table. */
export const createApi = (context: ApiContext, access: ApiAccess): Api => {
  const app = new Hono<RequestEnvironment>()
  const api: Api = { fetch: async (request, from) => app.fetch(request, { from }) }
  const streams = { open: 0 }
  const tally = new RequestTally()
  const rates = new Rates()
  const recognise = async (request: Request): Promise<Principal> => {
    const { identity } = context.engine
    const { stateDir } = context.server
    return authenticate(request, { identity, token: access.token, rules: context.access, stateDir })
  }
  app.use(async (c, next) => {
    rates.check(c.env.from, c.req.method)
    if (access.token !== null)
      await checkHost(c.req.header('host'), access.host, async () => (await context.access()).url)
    await next()
    if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store')
    for (const [name, value] of Object.entries(commonHeaders)) c.header(name, value)
    if (!c.res.headers.has('content-security-policy')) c.header('content-security-policy', dataPolicy)
  })
  // Without a limit of this place: who asks is looked at before any of a body is read, and what is read is counted as it comes.
  app.all(`${cachePrefix}*`, (c) => context.cache(c.req.raw, access.token))
  // Hono's pattern has `/sign-in` itself, too.
  app.use('/sign-in/*', bodiesBounded, async (c, next) => {
    await next()
    if (c.res.status === 401) rates.wrong(c.env.from)
  })
  if (access.token !== null) app.route('/', signInRoutes(context, access.token))
  serveRoutes(app, { context, isOpen: access.token === null, streams, tally, rates, recognise })
  // A client of this API like any other: it asks with the token of who asks, so that it may what they may.
  app.all(mcpPath, bodiesBounded, async (c) => {
    await recognise(c.req.raw)
    return answerMcp(context, { request: c.req.raw, api, from: c.env.from })
  })
  app.get('/openapi.json', async (c) => {
    await recognise(c.req.raw)
    return c.json(openApi(context.server.version))
  })
  app.get('*', async (c, next) => {
    if (isPage(c.req.path) && (await recognise(c.req.raw).catch(unrecognised)) === null)
      return c.redirect(signInFor(c.req.raw), 303)
    const answer = await dashboardAnswer(c.req.path, c.req.header('accept-encoding') ?? '')
    return answer ?? next()
  })
  app.notFound((c) => {
    tally.count(null, 404, 0)
    const detail = `there is no ${c.req.method} ${c.req.path.slice(0, 200)}`
    return problemAnswer(new SluiceError('not_found', { detail, hint: 'GET /openapi.json lists every route' }))
  })
  app.onError((error) => {
    if (!(error instanceof SluiceError))
      context.log.error('request_failed', { error: String(error), stack: error.stack })
    return problemAnswer(error)
  })
  return api
}

/** Where to sign in, and to come back from. */
const signInFor = ({ url }: Request): string => {
  const { pathname, search } = new URL(url)
  return pathname === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(pathname + search)}`
}

/** Who is not known is shown where to sign in, instead of an error. */
const unrecognised = (error: unknown): null => {
  if (error instanceof SluiceError && errorTable[error.code].status === 401) return null
  throw error
}
