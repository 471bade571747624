/** Compiles queries of the builder, once per dialect, into statements with named parameters. */
import { sql } from 'kysely'
import type { RawBuilder } from 'kysely'
import type { Statement } from './statement.ts'

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
