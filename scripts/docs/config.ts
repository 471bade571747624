/** Renders `docs/config.md` and the JSON Schema from the schema of the config. Pure. */
import { alternatives, configShape, type Shape } from '../../packages/sluice/src/core/config/shape.ts'

/** The reference page. */
export const configPage = (): string => {
  const shape = configShape()
  return [
    '# `sluice.config.ts`',
    '',
    '> Generated from the schema by `npm run docs`; do not edit.',
    '',
    'The file exports one value, checked by its types in the editor and again before anything runs. It is evaluated in a process of its own that sees',
    'only `PATH`, `HOME`, `LANG` and `TMPDIR`, so that one commit means one config. `sluice.config.mts`, `.js`, `.mjs` and `.json` do as well;',
    'JSON editors find the schema in `docs/schema/sluice.config.schema.json`.',
    '',
    '```ts',
    "import { defineConfig } from 'sluice'",
    '',
    'export default defineConfig({',
    "  service: 'storefront',",
    "  pipeline: { jobs: { build: { steps: 'npm run build', artifacts: { app: ['dist', 'package.json'] } } } },",
    "  start: { command: 'node dist/server.js' },",
    "  environments: { staging: { listen: 8081 }, production: { listen: 8080, instances: 2, strategy: 'canary' } },",
    '})',
    '```',
    '',
    "A **duration** is text with a unit: `'250ms'`, `'30s'`, `'5m'`, `'2h'`, `'1d'`. A **share** is text with a percent sign and at most two decimals: `'5%'`.",
    '',
    '## Keys',
    '',
    ...entries(shape, '').flatMap(renderKey),
  ].join('\n')
}

/** The JSON Schema, as a file. */
export const configJsonSchema = (): string => `${JSON.stringify(configShape(), null, 2)}\n`

type Entry = {
  readonly path: string
  readonly shape: Shape
  readonly isRequired: boolean
  readonly kind: string | null
}

/** Every key, in the order of the schema; a key that several branches of a union share is there once. */
const entries = (shape: Shape, path: string): readonly Entry[] => {
  const all = alternatives(shape).flatMap((one): readonly Entry[] => {
    const kind = one.properties?.['kind']?.const
    const uses = one.properties?.['uses']?.const
    const own = Object.entries(one.properties ?? {}).filter(([name]) => name !== 'kind')
    return [
      ...own.flatMap(([name, inner]) => {
        const at = path === '' ? name : `${path}.${name}`
        const isRequired = (one.required ?? []).includes(name)
        return [
          { path: at, shape: inner, isRequired, kind: typeof kind === 'string' ? kind : null },
          ...entries(inner, typeof uses === 'string' && name === 'with' ? `${path}.with (${uses})` : at),
        ]
      }),
      ...(typeof one.additionalProperties === 'object' ? entries(one.additionalProperties, `${path}.<name>`) : []),
      ...(one.items === undefined ? [] : entries(one.items, `${path}[]`)),
    ]
  })
  return merge(all)
}

const merge = (all: readonly Entry[]): readonly Entry[] => {
  const byPath = new Map<string, Entry>()
  for (const entry of all) {
    const known = byPath.get(entry.path)
    const kinds = [known?.kind, entry.kind].filter((kind) => kind !== null && kind !== undefined)
    byPath.set(entry.path, known === undefined ? entry : { ...known, kind: [...new Set(kinds)].join(', ') || null })
  }
  return [...byPath.values()]
}

const renderKey = ({ path, shape, isRequired, kind }: Entry): readonly string[] => {
  const facts = [
    kind === null
      ? null
      : `with \`kind: ${kind
          .split(', ')
          .map((one) => `'${one}'`)
          .join('` or `')}\``,
    `type: ${typeText(shape)}`,
    shape.unit === undefined ? null : `unit: ${shape.unit}`,
    isRequired ? 'required' : `default: ${shape.default === undefined ? 'none' : code(shape.default)}`,
    `example${(shape.examples ?? []).length > 1 ? 's' : ''}: ${(shape.examples ?? []).map(code).join(', ')}`,
  ]
  return [
    `### \`${path}\``,
    '',
    shape.description ?? '',
    '',
    ...facts.filter((fact) => fact !== null).map((fact) => `- ${fact}`),
    '',
  ]
}

const typeText = (shape: Shape): string => [...new Set(typesOf(shape))].join(' or ')

const typesOf = (shape: Shape): readonly string[] => {
  const branches = [...(shape.anyOf ?? []), ...(shape.oneOf ?? [])]
  if (branches.length > 0) return branches.flatMap(typesOf)
  if (shape.const !== undefined) return [code(shape.const)]
  if (shape.enum !== undefined) return shape.enum.map(code)
  if (shape.pattern?.includes('ms|s|m|h|d') === true) return ['duration']
  if (shape.pattern?.endsWith('%$') === true) return ['share']
  if (shape.type === 'array') return [shape.items === undefined ? 'list' : `list of ${typeText(shape.items)}`]
  if (shape.type === 'object') return [typeof shape.additionalProperties === 'object' ? 'object by name' : 'object']
  return [
    { string: 'text', integer: 'whole number', boolean: '`true` or `false`', null: '`null`' }[shape.type ?? ''] ??
      shape.type ??
      'any',
  ]
}

/** A value as it is written in TypeScript. */
const code = (value: unknown): string => `\`${literal(value)}\``

const literal = (value: unknown): string => {
  if (typeof value === 'string') return `'${value}'`
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const members = Object.entries(value).map(
    ([name, inner]) => `${/^[\w$]+$/.test(name) ? name : `'${name}'`}: ${literal(inner)}`,
  )
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}
