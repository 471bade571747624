/**
 * GitHub's own schemas of workflows and action files, as data: `workflow-v1.0` and `action-v1.0` of `@actions/workflow-parser`. Only the data is taken from there: that package cannot
 * be imported as a whole by Node (it imports JSON without an attribute), and its typed model drops what a runner needs. Parser: the package's file is trusted to have the form it has
 * upstream (https://github.com/actions/languageservices, `workflow-parser/src/workflow-v1.0.json`, version 0.3.61).
 */
import { readFileSync } from 'node:fs'

/** One definition of the schema language. Exactly one of the fields beside `context` is there. */
export type Definition = {
  /** Contexts (`github`) and functions (`hashFiles(1,255)`) that expressions in here may use, on top of those of what contains it. */
  readonly context?: readonly string[]
  readonly null?: object
  readonly boolean?: object
  readonly number?: object
  readonly string?: {
    readonly constant?: string
    readonly 'require-non-empty'?: boolean
    readonly 'is-expression'?: boolean
  }
  readonly sequence?: { readonly 'item-type': string }
  readonly mapping?: {
    readonly properties?: Readonly<Record<string, string | { readonly type: string; readonly required?: boolean }>>
    readonly 'loose-key-type'?: string
    readonly 'loose-value-type'?: string
  }
  readonly 'one-of'?: readonly string[]
  readonly 'allowed-values'?: readonly string[]
}

/** A schema: definitions by their names. */
export type Schema = Readonly<Record<string, Definition>>

/** Reads a schema from the package that carries it; once for each call. */
export const readSchema = (name: 'workflow' | 'action'): Schema => {
  const beside = import.meta.resolve('@actions/workflow-parser/model/converter/cron')
  const text = readFileSync(new URL(`../../${name}-v1.0.min.json`, beside), 'utf8')
  const { definitions } = JSON.parse(text) as { readonly definitions: Schema }
  return { ...builtIn, ...definitions }
}

const builtIn: Schema = {
  null: { null: {} },
  boolean: { boolean: {} },
  number: { number: {} },
  string: { string: {} },
  sequence: { sequence: { 'item-type': 'any' } },
  mapping: { mapping: { 'loose-key-type': 'string', 'loose-value-type': 'any' } },
  any: { 'one-of': ['null', 'boolean', 'number', 'string', 'sequence', 'mapping'] },
}
