/**
 * The tables of the store, written once for every SQL dialect, and the migrations that lead to them.
 *
 * Migrations go forward only and are never edited once released: an existing database holds what they did then.
 */
import type { CreateTableBuilder, Kysely } from 'kysely'

/** The rows as SQL gives them. JSON is kept as text, so that what was hashed and what was decided on is kept byte for byte. */
export type Tables = {
  readonly aggregate: {
    readonly kind: string
    readonly id: string
    readonly version: number
    readonly machine_version: number
    readonly state: string
    /** The version that `state` is of; entries of the ledger lead from it to `version`. */
    readonly state_version: number
    /** 0 or 1. */
    readonly settled: number
    readonly next_at: number | null
    readonly claims: number
    readonly updated_at: number
  }
  readonly ledger: {
    readonly seq: number
    readonly kind: string
    readonly id: string
    readonly version: number
    readonly type: string
    readonly form: number
    readonly at: number
    /** The exact text that `hash` covers; actor, reason and body are in it. The columns beside it are for finding rows. */
    readonly text: string
    readonly previous_hash: string
    readonly hash: string
  }
  /** Roots of complete subtrees of the ledger's Merkle tree: `256 ** level` rows each, the `place`-th of its level. Made of the ledger's hashes alone. */
  readonly tree: { readonly level: number; readonly place: number; readonly hash: string }
  readonly effect: {
    readonly aggregate_kind: string
    readonly aggregate_id: string
    readonly key: string
    readonly kind: string
    readonly fence_token: number
    readonly fence_sequence: number
    readonly status: string
    readonly at: number
  }
  readonly summary: { readonly kind: string; readonly id: string; readonly text: string }
  readonly request: { readonly key: string; readonly digest: string; readonly answer: string; readonly at: number }
  readonly lease: { readonly scope: string; readonly epoch: number; readonly owner: string; readonly at: number }
  readonly meta: { readonly name: string; readonly value: string }
}

/** What differs between the dialects. */
export type Dialect = {
  /** The type of counts and times: 64 bits. In SQLite only `integer` makes a primary key the row's own number. */
  readonly integer: 'integer' | 'bigint'
  /** Statements that make the ledger refuse changes to what it holds. */
  readonly guards: readonly string[]
  /** Statements that let texts be taken out of rows, up to the row that `pruned` of the meta table names, and nothing else. */
  readonly pruning: readonly string[]
}

/** One step of the schema: its number and its statements. */
export type SchemaStep = { readonly version: number; readonly statements: readonly string[] }

/** All steps, in order. `db` only compiles. */
export const schemaSteps = (db: Kysely<Tables>, dialect: Dialect): readonly SchemaStep[] => [
  { version: 1, statements: firstTables(db, dialect) },
  { version: 2, statements: stateVersions(db, dialect) },
  { version: 3, statements: summaries(db) },
  { version: 4, statements: [...tree(db, dialect), ...dialect.pruning] },
]

/**
 * What lists tell of an aggregate, in a table of its own: beside a state of megabytes each change of it would write those anew. What was there before
 * gets one with its next step; until then a list reads its state.
 */
const summaries = (db: Kysely<Tables>): readonly string[] => [
  db.schema
    .createTable('summary')
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('text', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('summary_key', ['kind', 'id'])
    .compile().sql,
]

/** The ledger's Merkle tree. What an older Sluice wrote gets it when it is opened next. */
const tree = (db: Kysely<Tables>, { integer }: Dialect): readonly string[] => [
  db.schema
    .createTable('tree')
    .addColumn('level', integer, (column) => column.notNull())
    .addColumn('place', integer, (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('tree_key', ['level', 'place'])
    .compile().sql,
]

/** Not every step writes the whole state: the version of the one that did. */
const stateVersions = (db: Kysely<Tables>, { integer }: Dialect): readonly string[] => [
  db.schema
    .alterTable('aggregate')
    .addColumn('state_version', integer, (column) => column.notNull().defaultTo(0))
    .compile().sql,
  'update "aggregate" set "state_version" = "version"',
]

/** The schema that this Sluice writes; a database beyond it is `store_newer`. */
export const schemaVersion = 4

type Columns = {
  readonly text: readonly string[]
  readonly integer: readonly string[]
  readonly nullable?: readonly string[]
}

const firstTables = (db: Kysely<Tables>, dialect: Dialect): readonly string[] => {
  const table = (name: string, key: readonly string[], columns: Columns): string => {
    const typed = [
      ...columns.text.map((column) => ({ column, type: 'text' as const })),
      ...columns.integer.map((column) => ({ column, type: dialect.integer })),
    ]
    const made = typed.reduce<CreateTableBuilder<string, string>>(
      (builder, { column, type }) =>
        builder.addColumn(column, type, (of) => (columns.nullable?.includes(column) ? of : of.notNull())),
      db.schema.createTable(name),
    )
    return made.addPrimaryKeyConstraint(`${name}_key`, [...key]).compile().sql
  }
  const index = (name: string, on: string, columns: readonly string[]): string =>
    db.schema
      .createIndex(name)
      .on(on)
      .columns([...columns])
      .compile().sql
  return [
    table('meta', ['name'], { text: ['name', 'value'], integer: [] }),
    table('lease', ['scope'], { text: ['scope', 'owner'], integer: ['epoch', 'at'] }),
    table('aggregate', ['kind', 'id'], {
      text: ['kind', 'id', 'state'],
      integer: ['version', 'machine_version', 'settled', 'next_at', 'claims', 'updated_at'],
      nullable: ['next_at'],
    }),
    index('aggregate_open', 'aggregate', ['settled', 'kind', 'id']),
    index('aggregate_newest', 'aggregate', ['kind', 'updated_at', 'id']),
    table('ledger', ['seq'], {
      text: ['kind', 'id', 'type', 'text', 'previous_hash', 'hash'],
      integer: ['seq', 'version', 'form', 'at'],
    }),
    db.schema.createIndex('ledger_aggregate').unique().on('ledger').columns(['kind', 'id', 'version']).compile().sql,
    table('effect', ['aggregate_kind', 'aggregate_id', 'key'], {
      text: ['aggregate_kind', 'aggregate_id', 'key', 'kind', 'status'],
      integer: ['fence_token', 'fence_sequence', 'at'],
    }),
    table('request', ['key'], { text: ['key', 'digest', 'answer'], integer: ['at'] }),
    index('request_at', 'request', ['at']),
    ...dialect.guards,
  ]
}
