/**
 * Holds a conversation to a published OpenAPI document (3.0): every request with its path, query and body, every answer with its body. Stricter than the
 * document in one thing: a query parameter or a field of a body that it does not name is a fault, because the host would pass over it in silence.
 */
import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'

type Json = Readonly<Record<string, unknown>>

/** One operation of the document. */
export type Operation = {
  /** `post /repos/{owner}/{repo}/deployments`. */
  readonly name: string
  /** Parameters of the path by name. */
  readonly path: Readonly<Record<string, string>>
  readonly query: URLSearchParams
}

/** A document, ready to hold others to it. */
export type Conversation = {
  /** Finds the operation; null where the document has none such. */
  readonly find: (method: string, url: URL) => Operation | null
  /** What the document does not allow in a request; nothing where it does. */
  readonly request: (operation: Operation, body: unknown) => readonly string[]
  /** What the document does not allow in an answer. Failures that it does not name are let through. */
  readonly answer: (operation: Operation, status: number, body: unknown) => readonly string[]
}

/** The smallest value that a schema of a document allows: its required fields alone, null where that goes. */
export const smallestOf = (file: URL, name: string): Json => {
  const document: Json = JSON.parse(readFileSync(file, 'utf8'))
  return smallest(document, at(document, 'components', 'schemas', name)) as Json
}

const smallest = (document: Json, schema: Json): unknown => {
  const { type, nullable, format, required, properties, enum: words, ...rest } = resolved(document, schema)
  if (nullable === true) return null
  const first = (rest['anyOf'] ?? rest['oneOf'] ?? rest['allOf']) as readonly Json[] | undefined
  if (first !== undefined) return smallest(document, first[0] ?? {})
  if (Array.isArray(words)) return words[0]
  if (type === 'array') return []
  if (type === 'integer' || type === 'number') return 1
  if (type === 'boolean') return false
  if (type === 'string' && format === 'date-time') return '2026-11-27T03:00:00Z'
  if (type === 'string') return 'https://github.com/acme/storefront'
  const names = (required ?? []) as readonly string[]
  return Object.fromEntries(names.map((one) => [one, smallest(document, at(properties as Json, one))]))
}

/** Reads a document. */
export const conversationOf = (file: URL): Conversation => {
  const document: Json = JSON.parse(readFileSync(file, 'utf8'))
  const ajv = new Ajv({ strict: false, allErrors: true, coerceTypes: false })
  formats.default(ajv)
  ajv.addSchema(plain({ ...document, $id: 'document' }, 'document') as Json, 'document')
  const compiled = new Map<string, ValidateFunction>()
  const check = (key: string, schema: unknown, value: unknown): readonly string[] => {
    const found = compiled.get(key) ?? ajv.compile(plain(schema, 'document') as Json)
    compiled.set(key, found)
    if (found(value)) return []
    return (found.errors ?? []).map(({ instancePath, message }) => `${key}${instancePath}: ${message ?? 'is wrong'}`)
  }
  const operationOf = (operation: Operation): Json => {
    const [method = '', path = ''] = operation.name.split(' ')
    return at(document, 'paths', path, method)
  }
  const parametersOf = (operation: Operation): readonly Json[] =>
    (operationOf(operation)['parameters'] as readonly Json[]).map((one) => resolved(document, one))
  return {
    find: (method, url) => findOperation(document, method.toLowerCase(), url),
    request: (operation, body) => {
      const named = new Map(parametersOf(operation).map((one) => [`${String(one['in'])} ${String(one['name'])}`, one]))
      const given = [
        ...Object.entries(operation.path).map(([name, value]) => [`path ${name}`, value] as const),
        ...[...operation.query].map(([name, value]) => [`query ${name}`, value] as const),
      ]
      const faults = given.flatMap(([name, value]) => {
        const parameter = named.get(name)
        if (parameter === undefined) return [`${operation.name}: there is no ${name}`]
        return check(`${operation.name} ${name}`, parameter['schema'], typed(parameter['schema'] as Json, value))
      })
      const missing = [...named].filter(([name, one]) => one['required'] === true && !given.some(([g]) => g === name))
      const wanted = operationOf(operation)['requestBody'] as Json | undefined
      return [
        ...faults,
        ...missing.map(([name]) => `${operation.name}: ${name} is missing`),
        ...bodyFaults(operation, { wanted, body, document, check }),
      ]
    },
    answer: (operation, status, body) => {
      const responses = operationOf(operation)['responses'] as Json
      const response = responses[String(status)] as Json | undefined
      if (response === undefined)
        return status >= 400 ? [] : [`${operation.name}: the document has no status ${status}`]
      const schema = schemaOf(resolved(document, response))
      return schema === undefined ? [] : check(`${operation.name} ${status}`, schema, body)
    },
  }
}

type BodyCheck = {
  readonly wanted: Json | undefined
  readonly body: unknown
  readonly document: Json
  readonly check: (key: string, schema: unknown, value: unknown) => readonly string[]
}

const bodyFaults = (operation: Operation, { wanted, body, document, check }: BodyCheck): readonly string[] => {
  if (wanted === undefined) return body === null ? [] : [`${operation.name}: it takes no body`]
  const schema = schemaOf(wanted)
  if (schema === undefined) return [`${operation.name}: it takes no JSON`]
  return check(`${operation.name} body`, { ...resolved(document, schema), additionalProperties: false }, body)
}

const schemaOf = (holder: Json): Json | undefined =>
  ((holder['content'] as Json | undefined)?.['application/json'] as Json | undefined)?.['schema'] as Json | undefined

const at = (document: Json, ...names: readonly string[]): Json =>
  names.reduce<Json>((value, name) => (value[name] ?? {}) as Json, document)

const resolved = (document: Json, value: Json): Json => {
  const reference = value['$ref']
  return typeof reference === 'string' ? at(document, ...reference.slice(2).split('/')) : value
}

/** A query and a path carry texts; what the schema calls a number is one in its digits. */
const typed = (schema: Json, value: string): unknown => {
  if (schema['type'] === 'integer') return /^-?\d+$/.test(value) ? Number(value) : value
  if (schema['type'] === 'boolean') return value === 'true' || value === 'false' ? value === 'true' : value
  return value
}

const findOperation = (document: Json, method: string, url: URL): Operation | null => {
  const given = url.pathname.split('/')
  for (const [path, methods] of Object.entries(at(document, 'paths'))) {
    const parts = path.split('/')
    if (parts.length !== given.length || !(method in (methods as Json))) continue
    const isSame = parts.every((part, index) => part.startsWith('{') || part === given[index])
    if (!isSame) continue
    const named = parts.flatMap((part, index) =>
      part.startsWith('{') ? [[part.slice(1, -1), decodeURIComponent(given[index] ?? '')] as const] : [],
    )
    return { name: `${method} ${path}`, path: Object.fromEntries(named), query: url.searchParams }
  }
  return null
}

/** A schema of OpenAPI 3.0 as one of JSON Schema: `nullable` is a type there, and references name the document. */
const plain = (value: unknown, base: string): unknown => {
  if (Array.isArray(value)) return value.map((one) => plain(one, base))
  if (typeof value !== 'object' || value === null) return value
  const inner = Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      key === '$ref' && typeof one === 'string' && one.startsWith('#') ? `${base}${one}` : plain(one, base),
    ]),
  )
  if (inner['nullable'] !== true) return inner
  const { nullable: _, ...rest } = inner
  return { anyOf: [rest, { type: 'null' }] }
}
