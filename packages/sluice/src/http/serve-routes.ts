/** Every route of the table, served: who asks, whether they may, what they send, the answer. */
import type { Hono, MiddlewareHandler } from 'hono'
import { SluiceError } from '../core/errors.ts'
import type { Principal } from '../core/identity/access.ts'
import { answerRoute } from './answer-route.ts'
import { nobody } from './authenticate.ts'
import { authorizeAtAll } from './authorize.ts'
import { bodiesBounded, hooksBounded } from './bounded-bodies.ts'
import { paths, type RouteId } from './client/paths.ts'
import type { ApiContext } from './context.ts'
import { isHook } from './handlers/hooks.ts'
import type { Incoming } from './incoming.ts'
import type { Rates } from './rate-limit.ts'
import { routes } from './routes/table.ts'

/** What a request carries through the API. */
export type RequestEnvironment = {
  readonly Bindings: { readonly from: string | undefined }
  /** Who asks, once it was let in. */
  readonly Variables: { readonly principal: Principal }
}

/** What the routes share. */
export type Serving = Pick<Incoming, 'streams' | 'tally' | 'recognise'> & {
  readonly context: ApiContext
  readonly rates: Rates
  /** In process: there is no wire, and nobody to keep out. */
  readonly isOpen: boolean
}

/** Adds the routes to an API. */
export const serveRoutes = (app: Hono<RequestEnvironment>, serving: Serving): void => {
  const { context, isOpen, streams, tally, rates, recognise } = serving
  for (const id of Object.keys(paths).filter(isRoute)) {
    const { method, path } = paths[id]
    const { needs } = routes[id]
    const count: MiddlewareHandler<RequestEnvironment> = async (c, next) => {
      const startedAt = performance.now()
      await next()
      if (c.res.status === 401) rates.wrong(c.env.from)
      tally.count(id, c.res.status, (performance.now() - startedAt) / 1_000)
    }
    // Nothing of a body is read before it is known whose it is, and that they may do such a thing at all.
    const check: MiddlewareHandler<RequestEnvironment> = async (c, next) => {
      const principal = needs === 'open' ? nobody : await recognise(c.req.raw)
      authorizeAtAll(principal, needs)
      if ((needs !== 'open' || isHook(id)) && !isOpen && !context.isStarted()) throw notReady()
      c.set('principal', principal)
      await next()
    }
    app.on(method.toUpperCase(), path, count, check, isHook(id) ? hooksBounded : bodiesBounded, (c) => {
      const [request, principal, from] = [c.req.raw, c.get('principal'), c.env.from]
      return answerRoute(context, id, { request, params: c.req.param(), streams, tally, principal, recognise, from })
    })
  }
}

const notReady = (): SluiceError =>
  new SluiceError('server_unreachable', {
    detail: 'recovery is not over',
    hint: 'ask again in a second',
    retry: 'same',
  })

const isRoute = (id: string): id is RouteId => Object.hasOwn(paths, id)
