/** From a request to the call of its route, checked by the route's schemas. */
import type { z } from 'zod'
import { SluiceError } from '../core/errors.ts'
import { allows, type Principal } from '../core/identity/access.ts'
import { limits } from '../core/limits.ts'
import type { Where } from '../core/model.ts'
import { actorFor, keyOwnerOf } from './authenticate.ts'
import type { RouteId } from './client/paths.ts'
import type { Call } from './context.ts'
import type { Incoming } from './incoming.ts'
import { routes } from './routes/table.ts'

/** Parser of a request by its route's schemas. `usage_invalid`. */
export const readCall = async (id: RouteId, { request, params, principal, from }: Incoming): Promise<Call<RouteId>> => {
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
export const whereOf = ({ headers }: Request, from: string | undefined): Where => {
  const client = (headers.get('user-agent') ?? '')
    .replaceAll(/[^\x20-\x7e]/g, '')
    .slice(0, limits.whereClientCharactersMax)
  const address = from?.replace(/^::ffff:/, '')
  return { ...(address === undefined ? {} : { address }), ...(client === '' ? {} : { client }) }
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
