/**
 * Every statement of the store, compiled once per dialect into a text and the names of its parameters. Compiled statements are plain data,
 * so the thread that writes needs no query builder.
 */
import { sql } from 'kysely'
import type { RawBuilder } from 'kysely'

/** A compiled statement; `parameters` are names, in the order in which values are bound. */
export type Statement = { readonly text: string; readonly parameters: readonly string[] }

/** Values by parameter name. */
export type Values = Readonly<Record<string, string | number | null>>

/** A finished query of the builder. */
export type Compiles = { readonly compile: () => { readonly sql: string; readonly parameters: readonly unknown[] } }

class Parameter {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** Stands for a value that is bound when the statement runs. */
export const p = <Value>(name: string): RawBuilder<Value> => sql<Value>`${new Parameter(name)}`

/** Compiles a query that holds parameters only. */
export const compiled = (query: Compiles): Statement => {
  const { sql: text, parameters } = query.compile()
  return {
    text,
    parameters: parameters.map((parameter) => {
      if (!(parameter instanceof Parameter)) throw new Error(`bug: ${text} holds the value ${String(parameter)}`)
      return parameter.name
    }),
  }
}

/** The values of a statement, in its order. */
export const bind = (statement: Statement, values: Values): readonly (string | number | null)[] =>
  statement.parameters.map((name) => {
    const value = values[name]
    if (value === undefined) throw new Error(`bug: no value for ${name} of ${statement.text}`)
    return value
  })
