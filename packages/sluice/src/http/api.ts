/** The HTTP API: the table of routes, served. Pure of sockets: it answers a `Request` with a `Response`, in process or behind a server. */
import { Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { z } from 'zod'
import { errorTable, SluiceError } from '../core/errors.ts'
import { allows, type Principal } from '../core/identity/access.ts'
import { aggregateKinds } from '../core/ledger/entry.ts'
import { limits } from '../core/limits.ts'
import type { Where } from '../core/model.ts'
import type { ApiContext, Call } from './context.ts'
import { eventStream, type Snapshot } from './events.ts'
import { actorFor, authenticate, keyOwnerOf, nobody } from './authenticate.ts'
import { authorize, authorizeAtAll } from './authorize.ts'
import { checkHost } from './guard.ts'
import { handlers } from './handlers/all.ts'
import { overview } from './handlers/environments.ts'
import { cachePrefix } from './cache-access.ts'
import { type AttachmentStream, openAttachment } from './handlers/attachments.ts'
import { exportLines } from './handlers/ledger-rows.ts'
import { isHook, takeHook } from './handlers/hooks.ts'
import { answerMcp, mcpPath } from './handlers/mcp.ts'
import { metricsText } from './handlers/metrics.ts'
import { expositionType } from './metrics/exposition.ts'
import { RequestTally } from './metrics/request-tally.ts'
import { openApi } from './openapi.ts'
import { dashboardAnswer, isPage } from './page.ts'
import { commonHeaders, dataPolicy } from './security-headers.ts'
import { signInRoutes } from './sign-in.ts'
import { stillAllowed } from './still-allowed.ts'
import { paths } from './client/paths.ts'
import type { RouteId } from './client/paths.ts'
import { problemOf, problemType } from './client/problem.ts'
import { Rates } from './rate-limit.ts'
import { routes } from './routes/table.ts'

/** Who may ask an API: the token it wants (null in process, where there is no wire), and the host it answers for. */
export type ApiAccess = { readonly token: string | null; readonly host: string }

/** An API that answers requests. */
export type Api = {
  /** `from` is the address that asks; without one (in process) nobody is counted. */
  readonly fetch: (request: Request, from?: string) => Promise<Response>
}

type Env = {
  readonly Bindings: { readonly from: string | undefined }
  /** Who asks, once it was let in. */
  readonly Variables: { readonly principal: Principal }
}

/** Builds the API from the table. */
export const createApi = (context: ApiContext, access: ApiAccess): Api => {
  const app = new Hono<Env>()
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
  serveTable(app, { context, isOpen: access.token === null, streams, tally, rates, recognise })
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
    return problem(new SluiceError('not_found', { detail, hint: 'GET /openapi.json lists every route' }))
  })
  app.onError((error) => {
    if (!(error instanceof SluiceError))
      context.log.error('request_failed', { error: String(error), stack: error.stack })
    return problem(error)
  })
  return api
}

/** What the routes of the table share. */
type Serving = Pick<Incoming, 'streams' | 'tally' | 'recognise'> & {
  readonly context: ApiContext
  readonly rates: Rates
  /** In process: there is no wire, and nobody to keep out. */
  readonly isOpen: boolean
}

/** Every route of the table: who asks, whether they may, what they send, the answer. */
const serveTable = (app: Hono<Env>, { context, isOpen, streams, tally, rates, recognise }: Serving): void => {
  for (const id of Object.keys(paths).filter(isRoute)) {
    const { method, path } = paths[id]
    const { needs } = routes[id]
    const count: MiddlewareHandler<Env> = async (c, next) => {
      const startedAt = performance.now()
      await next()
      if (c.res.status === 401) rates.wrong(c.env.from)
      tally.count(id, c.res.status, (performance.now() - startedAt) / 1_000)
    }
    // Nothing of a body is read before it is known whose it is, and that they may do such a thing at all.
    const check: MiddlewareHandler<Env> = async (c, next) => {
      const principal = needs === 'open' ? nobody : await recognise(c.req.raw)
      authorizeAtAll(principal, needs)
      if ((needs !== 'open' || isHook(id)) && !isOpen && !context.isStarted()) throw notReady()
      c.set('principal', principal)
      await next()
    }
    app.on(method.toUpperCase(), path, count, check, isHook(id) ? hooksBounded : bodiesBounded, (c) => {
      const [request, principal, from] = [c.req.raw, c.get('principal'), c.env.from]
      return answer(context, id, { request, params: c.req.param(), streams, tally, principal, recognise, from })
    })
  }
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

const bounded = (maxSize: number): MiddlewareHandler =>
  bodyLimit({
    maxSize,
    onError: () => {
      const detail = `the body is larger than ${maxSize} bytes`
      const response = problem(new SluiceError('usage_invalid', { detail, hint: 'send less' }))
      // The rest of the body is not read, so nothing can follow on this connection.
      response.headers.set('connection', 'close')
      return response
    },
  })

const bodiesBounded = bounded(limits.requestBodyBytesMax)
const hooksBounded = bounded(limits.hookBodyBytesMax)

const notReady = (): SluiceError =>
  new SluiceError('server_unreachable', {
    detail: 'recovery is not over',
    hint: 'ask again in a second',
    retry: 'same',
  })

const isRoute = (id: string): id is RouteId => Object.hasOwn(paths, id)

const problem = (error: unknown): Response => {
  const body = problemOf(error)
  const headers = {
    'content-type': problemType,
    ...(body.status === 401 ? { 'www-authenticate': 'Bearer realm="sluice"' } : {}),
    ...(body.status === 429 ? { 'retry-after': '1' } : {}),
  }
  return Response.json(body, { status: body.status, headers })
}

type Incoming = {
  readonly request: Request
  readonly params: Readonly<Record<string, string>>
  readonly streams: { open: number }
  readonly tally: RequestTally
  readonly principal: Principal
  /** Who sends it, looked at anew. */
  readonly recognise: (request: Request) => Promise<Principal>
  /** The address that asks. */
  readonly from: string | undefined
}

/** Its casts are trusted: the call was read by the schemas of the route, which are those of its handler's type; types cannot walk two tables together. */
const answer = async (context: ApiContext, id: RouteId, incoming: Incoming): Promise<Response> => {
  if (isHook(id)) {
    const { request, from } = incoming
    return Response.json(await takeHook(context, id, { ...incoming, where: whereOf(request, from) }), { status: 202 })
  }
  const call = await readCall(id, incoming)
  await authorize(context, call.principal, { ...call, needs: routes[id].needs })
  if (id === 'events.stream') return answerEvents(context, call as Call<'events.stream'>, incoming)
  if (id === 'ledger.export') return answerExport(context, call as Call<'ledger.export'>, incoming)
  if (id === 'metrics.show') {
    const text = await metricsText(context, { tally: incoming.tally, eventStreams: incoming.streams.open })
    return new Response(text, { headers: { 'content-type': expositionType } })
  }
  if (id === 'runs.attachment') return answerFile(context, call as Call<'runs.attachment'>)
  const handle = handlers[id] as (context: ApiContext, call: Call<RouteId>) => Promise<unknown>
  return Response.json(await handle(context, call))
}

/** What the engine is told of who asks. The owner may deploy wherever a run does; of anybody else that is asked. */
const callerOf = (principal: Principal, idempotencyKey: string | null): Call<RouteId>['caller'] => ({
  by: actorFor(principal),
  groups: principal.groups,
  idempotencyKey,
  keyOwner: keyOwnerOf(principal),
  ...(principal.kind === 'root'
    ? {}
    : { mayDeploy: (environment: string) => allows(principal, 'deploy', { service: null, environment }) }),
})

/** Parser of a request by its route's schemas. */
const readCall = async (id: RouteId, { request, params, principal, from }: Incoming): Promise<Call<RouteId>> => {
  const { query, body } = routes[id]
  const key = request.headers.get('idempotency-key')
  if (key !== null && !/^[\x21-\x7e]{1,200}$/.test(key)) {
    throw new SluiceError('usage_invalid', {
      detail: 'the Idempotency-Key is not 1 to 200 visible ASCII characters',
      hint: 'use a UUID',
    })
  }
  const call = {
    params,
    query: check(query, Object.fromEntries(new URL(request.url).searchParams), 'query'),
    body: request.method === 'GET' ? {} : check(body, await bodyOf(request), 'body'),
    caller: { ...callerOf(principal, key), where: whereOf(request, from) },
    principal,
    signal: request.signal,
  } as const
  return call as unknown as Call<RouteId>
}

/** Where the request came from, for the ledger; a client may call itself what it likes, in bounds. */
const whereOf = ({ headers }: Request, from: string | undefined): Where => {
  const client = (headers.get('user-agent') ?? '')
    .replaceAll(/[^\x20-\x7e]/g, '')
    .slice(0, limits.whereClientCharactersMax)
  const address = from?.replace(/^::ffff:/, '')
  return { ...(address === undefined ? {} : { address }), ...(client === '' ? {} : { client }) }
}

const bodyOf = async (request: Request): Promise<unknown> => {
  const text = await request.text()
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new SluiceError('usage_invalid', {
      detail: `the body is not JSON: ${String(cause)}`,
      hint: 'send JSON',
      cause,
    })
  }
}

const check = (schema: z.ZodType, value: unknown, where: string): unknown => {
  const read = schema.safeParse(value)
  if (read.success) return read.data
  const issues = read.error.issues.map(({ path, message }) => `${[where, ...path].join('.')}: ${message}`)
  throw new SluiceError('usage_invalid', {
    detail: `the request is off: ${issues[0] ?? 'unreadable'}`,
    hint: 'GET /openapi.json says what each route takes',
    evidence: issues.slice(0, limits.evidenceLinesMax),
  })
}

const answerEvents = (context: ApiContext, { query, signal }: Call<'events.stream'>, incoming: Incoming): Response => {
  const { streams, request, recognise } = incoming
  if (streams.open >= limits.eventStreamsMax) {
    throw new SluiceError('overloaded', {
      detail: `${limits.eventStreamsMax} event streams are open already`,
      hint: 'close one, or ask the routes instead',
    })
  }
  const kinds = aggregateKinds
  const kind = kinds.find((one) => one === query.kind)
  if ((query.kind === undefined) !== (query.id === undefined) || (query.kind !== undefined && kind === undefined)) {
    throw new SluiceError('usage_invalid', {
      detail: `kind (${kinds.join(', ')}) and id name an aggregate together`,
      hint: 'give both or none',
    })
  }
  const key = kind === undefined || query.id === undefined ? null : { kind, id: query.id }
  const after = lastEventId(request.headers.get('last-event-id')) ?? query.after ?? null
  const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' }
  // The router asks this for a HEAD, too, and drops the body without ending it: a stream would be open for ever.
  if (request.method === 'HEAD') return new Response(null, { headers })
  streams.open += 1
  const { needs } = routes['events.stream']
  const allowed = stillAllowed(context, async () => authorizeAtAll(await recognise(request), needs))
  const onClose = (): void => {
    streams.open -= 1
    allowed.stop()
  }
  const ended = AbortSignal.any([signal, context.closing, allowed.signal])
  const source = { feed: context.feed, clock: context.clock, head: () => context.engine.reading.head() }
  const snapshot = query.gap === 'snapshot' ? () => snapshotOf(context) : null
  const stream = eventStream(source, { after, key, snapshot }, { ended, onClose })
  return new Response(stream, { headers })
}

/** Every environment, and the newest row before it was looked at: a row that came meanwhile is told again rather than missed. */
const snapshotOf = async (context: ApiContext): Promise<Snapshot> => {
  const seq = await context.engine.reading.head()
  return { seq, text: JSON.stringify(await overview(context)) }
}

const lastEventId = (header: string | null): number | null =>
  header !== null && /^\d{1,15}$/.test(header) ? Number(header) : null

const answerExport = async (
  context: ApiContext,
  { query, signal }: Call<'ledger.export'>,
  { request }: Incoming,
): Promise<Response> => {
  const lines = await exportLines(context, query)
  const headers = exportHeaders(query)
  if (request.method === 'HEAD') return new Response(null, { headers })
  const encoder = new TextEncoder()
  const stream = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { value, done } = signal.aborted ? { value: undefined, done: true } : await lines.next()
      if (value !== undefined) controller.enqueue(encoder.encode(value))
      if (done === true) controller.close()
    },
    cancel: async () => void (await lines.return(undefined)),
  })
  return new Response(stream, { headers })
}

const exportHeaders = ({ format }: Call<'ledger.export'>['query']): Readonly<Record<string, string>> =>
  format === 'csv'
    ? {
        'content-type': 'text/csv; charset=utf-8; header=present',
        'content-disposition': 'attachment; filename="ledger.csv"',
      }
    : { 'content-type': 'application/x-ndjson' }

const answerFile = async (context: ApiContext, call: Call<'runs.attachment'>): Promise<Response> => {
  const { attachment, pieces } = await openAttachment(context, call)
  const rest = pieces[Symbol.asyncIterator]()
  // Read before the answer begins: what is damaged and fits into one piece is an error, not an answer that breaks off.
  let next = await rest.next()
  const stream = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      if (next.done === true || call.signal.aborted) return controller.close()
      controller.enqueue(next.value)
      next = await rest.next().catch((error: unknown) => {
        context.log.warn('attachment_broken_off', { ...call.params, path: attachment.path, error: String(error) })
        throw error
      })
      if (next.done === true) controller.close()
    },
    cancel: async () => void (await rest.return?.()),
  })
  return new Response(stream, { headers: fileHeaders(attachment) })
}

const fileHeaders = ({ path, mediaType, kept }: AttachmentStream['attachment']): Readonly<Record<string, string>> => {
  const name = path.slice(path.lastIndexOf('/') + 1).replaceAll(/[^\p{L}\p{N}._ -]/gu, '_')
  return {
    'content-type': mediaType,
    'content-length': String(kept.bytes),
    // RFC 6266 and 8187; the plain name is for those who do not read the other one.
    'content-disposition': `attachment; filename="${name.replaceAll(/[^\w. -]/g, '_')}"; filename*=UTF-8''${encodeURIComponent(name)}`,
    // A page that a job made must not run as one of this address, whatever opens it.
    'content-security-policy': "default-src 'none'; sandbox",
  }
}
