/** Renders `docs/api.md` from the table of routes. Pure. */
import { publicCode } from '../../packages/sluice/src/core/errors.ts'
import { paths, type RouteId } from '../../packages/sluice/src/http/client/paths.ts'
import { commonErrors, keylessText, openApi } from '../../packages/sluice/src/http/openapi.ts'
import { routes } from '../../packages/sluice/src/http/routes/table.ts'

const opening = [
  '# The HTTP API',
  '',
  'Made from the table of routes by `npm run docs`. The control plane describes it at `/openapi.json` (OpenAPI 3.1), with the form of every answer.',
  '',
  '- It listens on loopback unless told otherwise, and answers only to requests for that host. Its address is in `.sluice/server.json`.',
  '- Every route but `/health/…`, those that sign somebody in and the webhooks (which are signed) wants `Authorization: Bearer <token>`, or the cookie of a sign-in; the owner’s token is in `.sluice/token`, which only its owner may read.',
  '- A write takes `Idempotency-Key`: the same key and the same request give the earlier answer, for a day, without doing it twice; the same key and another request are refused. A key is its principal’s own (a person’s with any of their tokens). Which writes keep none, and why, stands with them. See [server.md](server.md#asking-again). `X-Sluice-Actor` (percent-encoded) is the name in the ledger.',
  '- A write answers once it is durable; what it sets in motion goes on by itself.',
  '- Times are epoch milliseconds, shares hundredths of a percent.',
  '- Errors are `application/problem+json` (RFC 9457) with `code`, `name`, `retry`, `hint` and `evidence`; the codes are those of [errors.md](errors.md).',
  `  Any route may answer ${commonErrors.map(publicCode).join(', ')}.`,
  '- Lists are pages, newest first: ask again with `cursor` = `next`. Parameters beside `limit` and `cursor` say which items are meant, and all of them must hold. What is meant is looked for among at most 5,000 items for one answer, so that a page may hold fewer than were asked for, or none, and still have a `next`: only a `next` of null is the end.',
  '- `/v1/events` sends ledger rows as server-sent events. Their ids are ledger numbers, so that `Last-Event-ID` goes on without a gap.',
  '',
]

/** The whole page. */
export const apiPage = (): string => {
  const groups = [...new Set(ids().map((id) => id.split('.')[0] ?? ''))]
  const described: Operations = JSON.parse(JSON.stringify(openApi('')))['paths']
  return [
    ...opening,
    ...groups.flatMap((group) => [
      `## ${group}`,
      '',
      ...ids()
        .filter((id) => id.startsWith(`${group}.`))
        .flatMap((id) => section(id, described)),
    ]),
  ].join('\n')
}

const ids = (): readonly RouteId[] => Object.keys(paths).filter((id): id is RouteId => Object.hasOwn(paths, id))

const streams: Readonly<Record<string, string>> = {
  sse: 'a stream of events',
  ndjson: 'JSON lines',
  file: 'the bytes of a file',
}

const section = (id: RouteId, described: Operations): readonly string[] => {
  const { method, path } = paths[id]
  const { summary, cli, response, errors, withoutKey } = routes[id]
  const words = cli === null ? '' : ` The command line's word: \`sluice ${cli}\`.`
  return [
    `### ${method.toUpperCase()} ${path}`,
    '',
    `${summary}${words}`,
    '',
    ...(withoutKey === undefined ? [] : [keylessText(withoutKey), '']),
    ...fields(id, described),
    `Answers ${streams[response] ?? `\`${response}\``}.${errors.length === 0 ? '' : ` May answer ${errors.map(publicCode).join(', ')}.`}`,
    '',
  ]
}

type Schema = {
  readonly type?: string
  readonly description?: string
  readonly enum?: readonly string[]
  readonly anyOf?: readonly Schema[]
}
type Operation = {
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[]
  readonly requestBody?: {
    readonly content: Readonly<
      Record<
        string,
        {
          readonly schema: {
            readonly properties?: Readonly<Record<string, Schema>>
            readonly required?: readonly string[]
          }
        }
      >
    >
  }
}

/** By path and method. */
type Operations = Readonly<Record<string, Readonly<Record<string, Operation>>>>

const fields = (id: RouteId, described: Operations): readonly string[] => {
  const { method, path } = paths[id]
  const operation = described[path.replace(/:(\w+)/g, '{$1}')]?.[method]
  const body = operation?.requestBody?.content['application/json']?.schema
  const rows = [
    ...(operation?.parameters ?? [])
      .filter((one) => one.in === 'query')
      .map(({ name, schema }) => row(name, 'query', { schema, isRequired: false })),
    ...Object.entries(body?.properties ?? {}).map(([name, schema]) =>
      row(name, 'body', { schema, isRequired: body?.required?.includes(name) === true }),
    ),
  ]
  return rows.length === 0 ? [] : ['| name | in | type | |', '|---|---|---|---|', ...rows, '']
}

const row = (
  name: string,
  where: string,
  { schema, isRequired }: { readonly schema: Schema; readonly isRequired: boolean },
): string =>
  `| \`${name}\`${isRequired ? ' (required)' : ''} | ${where} | ${typeOf(schema)} | ${(schema.description ?? schema.anyOf?.find(({ description }) => description !== undefined)?.description ?? '').replaceAll('|', '\\|')} |`

const typeOf = (schema: Schema): string => {
  if (schema.enum !== undefined) return schema.enum.map((one) => `\`${one}\``).join(' ')
  return (
    schema.type ??
    schema.anyOf
      ?.map(typeOf)
      .filter((one) => one !== 'null')
      .join(' or ') ??
    'any'
  )
}
