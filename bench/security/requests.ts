/** Requests made from an OpenAPI document: what it describes, and what it does not. Seeded, so that one that does harm can be sent again. */

/** A node of the document; its members are looked at one by one. */
export type Json = Readonly<Record<string, unknown>>

/** A request to be sent. */
export type FuzzedRequest = {
  readonly operation: string
  readonly method: string
  readonly path: string
  readonly body: string | null
  readonly headers: Readonly<Record<string, string>>
}

/** Draws a whole number from 0 to `below` − 1. */
export type Draw = (below: number) => number

/** mulberry32 (Tommy Ettinger, public domain). */
export const drawFrom = (seed: number): Draw => {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}

/** Texts that have broken programs before. */
const hostile: readonly string[] = [
  '',
  ' ',
  '0',
  '-1',
  'latest',
  'none',
  'staging',
  'production',
  '__proto__',
  'constructor',
  'toString',
  '../../../../etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  'a'.repeat(5_000),
  '\u0000',
  'line\r\nX-Injected: yes',
  '${{ secrets.TOKEN }}',
  '$(id)',
  '`id`',
  '"; drop table ledger; --',
  "' or '1'='1",
  '<script>alert(1)</script>',
  '\ud800',
  '\u202e',
  '😀'.repeat(50),
  '9007199254740993',
  '1e309',
  'NaN',
  'rel_'.padEnd(68, '0'),
  'rol_1',
  'run_1',
  'tok_0000000000000000001',
  'sha256:',
  '%00',
  '%ff',
  '{}',
  '[]',
  'null',
]

const hostileValues: readonly unknown[] = [null, true, false, 0, -1, 1.5, 1e308, [], {}, [[]], { __proto__: null }]

/** Makes requests of a document, without an end. */
export const createFuzzer = (document: Json, draw: Draw): (() => FuzzedRequest) => {
  const operations = operationsOf(document)
  const components = objectAt(objectAt(document, 'components'), 'schemas')
  const make = (schema: Json, depth: number): unknown => valueOf({ schema, depth, components, draw })
  return () => {
    const { id, method, path, parameters, body } = pick(operations, draw)
    const ofPath = parameters.filter((one) => one['in'] === 'path').map((one) => String(one['name']))
    const filled = ofPath.reduce((text, name) => text.replace(`{${name}}`, encode(textOf(draw))), path)
    const query = new URLSearchParams()
    for (const parameter of parameters.filter((one) => one['in'] === 'query')) {
      if (draw(3) > 0) continue
      const value = draw(2) === 0 ? textOf(draw) : make(objectAt(parameter, 'schema'), 0)
      query.append(
        String(parameter['name']),
        (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).toWellFormed(),
      )
    }
    if (draw(20) === 0) query.append(textOf(draw).toWellFormed() || 'x', 'x')
    const search = query.size === 0 ? '' : `?${query.toString()}`
    const hasBody = method !== 'GET' && (body !== null || draw(4) === 0)
    return {
      operation: id,
      method,
      path: `${filled}${search}`,
      body: hasBody ? bodyText(body === null ? {} : make(body, 0), draw) : null,
      headers: {
        ...(draw(3) === 0 ? {} : { 'content-type': 'application/json' }),
        ...(draw(10) === 0 ? { 'idempotency-key': `key-${draw(50)}` } : {}),
        ...(draw(10) === 0 ? { 'x-sluice-actor': encode(textOf(draw)).slice(0, 500) } : {}),
        ...(draw(30) === 0 ? { 'last-event-id': String(draw(1_000)) } : {}),
      },
    }
  }
}

type Operation = {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly parameters: readonly Json[]
  readonly body: Json | null
}

const operationsOf = (document: Json): readonly Operation[] =>
  Object.entries(objectAt(document, 'paths')).flatMap(([path, item]) =>
    Object.entries(asObject(item)).map(([method, operation]): Operation => {
      const content = objectAt(objectAt(asObject(operation), 'requestBody'), 'content')
      const schema = objectAt(objectAt(content, 'application/json'), 'schema')
      const parameters = asObject(operation)['parameters']
      return {
        id: String(asObject(operation)['operationId']),
        method: method.toUpperCase(),
        path,
        parameters: Array.isArray(parameters) ? parameters.map(asObject) : [],
        body: Object.keys(schema).length === 0 ? null : schema,
      }
    }),
  )

type Making = { readonly schema: Json; readonly depth: number; readonly components: Json; readonly draw: Draw }

/** A value of a schema; now and then one that is not of it. */
const valueOf = ({ schema, depth, components, draw }: Making): unknown => {
  const inner = (one: unknown): unknown => valueOf({ schema: asObject(one), depth: depth + 1, components, draw })
  if (depth > 6 || draw(12) === 0) return draw(2) === 0 ? textOf(draw) : pick(hostileValues, draw)
  const reference = schema['$ref']
  if (typeof reference === 'string') return inner(components[reference.split('/').at(-1) ?? ''])
  const alternatives = schema['anyOf'] ?? schema['oneOf']
  if (Array.isArray(alternatives) && alternatives.length > 0) return inner(pick(alternatives, draw))
  if (Array.isArray(schema['enum'])) return pick(schema['enum'], draw)
  if ('const' in schema) return schema['const']
  switch (schema['type']) {
    case 'object': {
      const required = Array.isArray(schema['required']) ? schema['required'] : []
      const properties = Object.entries(objectAt(schema, 'properties'))
      const given = properties.filter(([name]) => (required.includes(name) ? draw(15) > 0 : draw(2) === 0))
      const extra = draw(15) === 0 ? [[pick(['__proto__', 'constructor', 'extra'], draw), 1] as const] : []
      const open = asObject(schema['additionalProperties'])
      const free = Object.keys(open).length > 0 ? [[textOf(draw).toWellFormed(), inner(open)] as const] : []
      return Object.fromEntries([...given.map(([name, one]) => [name, inner(one)] as const), ...free, ...extra])
    }
    case 'array':
      return Array.from({ length: draw(4) }, () => inner(schema['items']))
    case 'integer':
    case 'number':
      return pick([0, 1, 2, -1, 60_000, 1.5, Number.MAX_SAFE_INTEGER, 1e300, Date.now() + 60_000], draw)
    case 'boolean':
      return draw(2) === 0
    default:
      return textOf(draw)
  }
}

/** Text of a body: mostly JSON, sometimes cut short, sometimes nested beyond reason. */
const bodyText = (value: unknown, draw: Draw): string => {
  const text = JSON.stringify(value) ?? 'null'
  if (draw(40) === 0) return text.slice(0, draw(text.length + 1))
  if (draw(200) === 0) return '['.repeat(20_000)
  if (draw(200) === 0) return `{"a":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_001)}`
  return text
}

const textOf = (draw: Draw): string => pick(hostile, draw)

const pick = <Value>(values: readonly Value[], draw: Draw): Value => {
  const value = values[draw(values.length)]
  if (value === undefined) throw new Error('nothing to draw from')
  return value
}

const encode = (text: string): string => encodeURIComponent(text.toWellFormed()) || '-'

const asObject = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})

const objectAt = (value: Json, name: string): Json => asObject(value[name])
