/** The OpenAPI 3.1 description, made from the table of routes. */
import { z } from 'zod'
import { errorTable, publicCode } from '../core/errors.ts'
import type { ErrorCode } from '../core/errors.ts'
import { paths } from './client/paths.ts'
import type { RouteId } from './client/paths.ts'
import { problemType } from './client/problem.ts'
import { isHook } from './handlers/hooks.ts'
import { routes } from './routes/table.ts'
import { schemas } from './schemas/all.ts'

type Json = Readonly<Record<string, unknown>>

/** What every route may answer instead, besides its own errors. */
export const commonErrors: readonly ErrorCode[] = [
  'usage_invalid',
  'token_missing',
  'token_stale',
  'forbidden',
  'origin_refused',
  'host_refused',
  'unexpected',
]

/** The whole description. Pure. */
export const openApi = (version: string): Json => ({
  openapi: '3.1.0',
  info: {
    title: 'Sluice',
    version,
    description: 'Everything that the `sluice` command line does, it does through this API.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  security: [{ token: [] }],
  paths: pathItems(),
  components: {
    securitySchemes: {
      token: {
        type: 'http',
        scheme: 'bearer',
        description: 'A token of `sluice token create`, or the content of `.sluice/token`.',
      },
    },
    schemas: Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, jsonSchema(schema)])),
  },
})

const jsonSchema = (schema: z.ZodType): Json => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return rest
}

const pathItems = (): Json => {
  const items: Record<string, Record<string, Json>> = {}
  for (const id of Object.keys(paths).filter((one): one is RouteId => Object.hasOwn(paths, one))) {
    const { method, path } = paths[id]
    const name = path.replace(/:(\w+)/g, '{$1}')
    items[name] = { ...items[name], [method]: operation(id) }
  }
  return items
}

const operation = (id: RouteId): Json => {
  const { summary, needs, body, query, cli, withoutKey } = routes[id]
  const { method, path } = paths[id]
  const writes = method !== 'get'
  const bodySchema = jsonSchema(body)
  return {
    operationId: id,
    summary,
    ...(withoutKey === undefined ? {} : { description: keylessText(withoutKey) }),
    tags: [id.split('.')[0]],
    ...(cli === null ? {} : { 'x-cli': `sluice ${cli}` }),
    ...(needs === 'open' ? { security: [] } : { 'x-needs': needs }),
    parameters: [
      ...[...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
        name,
        in: 'path',
        required: true,
        schema: { type: 'string' },
      })),
      ...queryParameters(jsonSchema(query)),
      ...(writes && withoutKey === undefined ? [idempotencyKey] : []),
      ...(writes ? [actor] : []),
    ],
    ...(writes && hasProperties(bodySchema)
      ? { requestBody: { required: 'required' in bodySchema, content: { 'application/json': { schema: bodySchema } } } }
      : {}),
    responses: { [isHook(id) ? '202' : '200']: success(id), ...failures(id) },
  }
}

/** What is told of a write that keeps no idempotency key. */
export const keylessText = (why: string): string => `Keeps no idempotency key: ${why}.`

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  schema: { type: 'string', maxLength: 200 },
  description:
    'The same key of the same principal and the same request, its reason too, give the earlier answer, for a day, without doing it twice; with another request it is refused (`command_conflict`). The same key of somebody else is another key.',
}

const actor = {
  name: 'X-Sluice-Actor',
  in: 'header',
  required: false,
  schema: { type: 'string', maxLength: 100 },
  description:
    'Who asks, percent-encoded; the name in the ledger. Only the holder of the root token may say it: everybody else is who they are.',
}

const hasProperties = (schema: Json): boolean =>
  typeof schema['properties'] === 'object' && Object.keys(schema['properties'] ?? {}).length > 0

const queryParameters = (schema: Json): readonly Json[] => {
  const properties = schema['properties']
  if (typeof properties !== 'object' || properties === null) return []
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: 'query',
    required: false,
    schema: property,
  }))
}

const success = (id: RouteId): Json => {
  const { response, summary } = routes[id]
  if (response === 'sse') return { description: summary, content: { 'text/event-stream': {} } }
  if (response === 'ndjson') return { description: summary, content: { 'application/x-ndjson': {} } }
  if (response === 'metrics') return { description: summary, content: { 'text/plain': {} } }
  if (response === 'file') return { description: summary, content: { 'application/octet-stream': {} } }
  return {
    description: summary,
    content: { 'application/json': { schema: { $ref: `#/components/schemas/${response}` } } },
  }
}

/** Errors of a route by status; several codes may share one. */
const failures = (id: RouteId): Json => {
  const { errors, needs } = routes[id]
  const all = [
    ...new Set([...errors, ...(needs === 'open' ? (['host_refused', 'unexpected'] as const) : commonErrors)]),
  ]
  const statuses = [...new Set(all.map((code) => errorTable[code].status))].toSorted((a, b) => a - b)
  return Object.fromEntries(
    statuses.map((status) => [
      String(status),
      {
        description: all
          .filter((code) => errorTable[code].status === status)
          .map((code) => `${publicCode(code)} ${code}: ${errorTable[code].means}`)
          .join(' '),
        content: { [problemType]: { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  )
}
