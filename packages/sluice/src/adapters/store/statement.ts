/** A statement as plain data: so the thread that writes needs no query builder. */

/** A compiled statement; `parameters` are names, in the order in which values are bound. */
export type Statement = { readonly text: string; readonly parameters: readonly string[] }

/** Values by parameter name. */
export type Values = Readonly<Record<string, string | number | null>>

/** The values of a statement, in its order. */
export const bind = (statement: Statement, values: Values): readonly (string | number | null)[] =>
  statement.parameters.map((name) => {
    const value = values[name]
    if (value === undefined) throw new Error(`bug: no value for ${name} of ${statement.text}`)
    return value
  })
