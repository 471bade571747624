/** The schema as JSON Schema, and questions about it: which keys and values a place takes. */
import { z } from 'zod'
import { builtinNames, builtinSchemas } from './builtins.ts'
import type { KeyPath } from './locate.ts'
import { configSchema } from './schema.ts'

/** A node of a JSON Schema (draft 2020-12), as far as the config uses it. */
export type Shape = {
  readonly type?: string
  readonly description?: string
  readonly unit?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Shape>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Shape | boolean
  readonly items?: Shape
  readonly anyOf?: readonly Shape[]
  readonly oneOf?: readonly Shape[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly pattern?: string
}

/** The JSON Schema of what a person writes. */
export const configShape = (): Shape => shapeOf(configSchema)

const shapeOf = (schema: z.ZodType): Shape => {
  const shape = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // zod drops the examples of whatever is transformed, because it takes them for examples of the result; ours show what is written.
      const { samples, optionsOf } = jsonSchema
      delete jsonSchema['samples']
      if (Array.isArray(samples)) jsonSchema.examples = samples
      // Options of a built-in step are kept as they were written, and checked by a schema of their own.
      const name = builtinNames.find((one) => one === optionsOf)
      if (name === undefined) return
      delete jsonSchema['optionsOf']
      delete jsonSchema['propertyNames']
      const { type, properties, required, additionalProperties } = shapeOf(builtinSchemas[name])
      Object.assign(jsonSchema, { type, properties, additionalProperties, ...(required ? { required } : {}) })
    },
  })
  // Trusted: zod's JSON Schema of the config or of a step's options, whose keys `Shape` names.
  return shape as Shape
}

/** The keys that the object at `path` takes, of a union only the branches of its `kind`; empty when any name goes. */
export const keysAt = (whole: Shape, path: KeyPath, kind: unknown): readonly string[] => {
  const shapes = shapesAt(whole, path).filter(
    (shape) => shape.properties?.['kind'] === undefined || shape.properties['kind'].const === kind,
  )
  return [...new Set(shapes.flatMap((shape) => Object.keys(shape.properties ?? {})))]
}

/** The fixed texts that the value at `path` may be. */
export const valuesAt = (whole: Shape, path: KeyPath): readonly string[] =>
  shapesAt(whole, path).flatMap((shape) =>
    [...(shape.enum ?? []), shape.const].filter((value) => typeof value === 'string'),
  )

const shapesAt = (whole: Shape, path: KeyPath): readonly Shape[] =>
  path.reduce<readonly Shape[]>(
    (shapes, part) => shapes.flatMap((shape) => alternatives(stepInto(shape, part))),
    alternatives(whole),
  )

/** The node itself and, of a union, every branch. */
export const alternatives = (shape: Shape | null): readonly Shape[] =>
  shape === null ? [] : [shape, ...[...(shape.anyOf ?? []), ...(shape.oneOf ?? [])].flatMap(alternatives)]

const stepInto = (shape: Shape, part: string | number): Shape | null => {
  if (typeof part === 'number') return shape.items ?? null
  const named = shape.properties?.[part]
  if (named !== undefined) return named
  return typeof shape.additionalProperties === 'object' ? shape.additionalProperties : null
}
