/** One connection to a database file, with its prepared statements. */
import { DatabaseSync } from 'node:sqlite'
import { bind } from '../statement.ts'
import type { StatementSync } from 'node:sqlite'
import type { Statement, Values } from '../statement.ts'

/** How hard a commit is pressed to the disk. `normal` loses acknowledged commits at a power cut; only tests that prove so ask for it. */
export type Synchronous = 'full' | 'normal'

/** A connection. Every method throws SQLite's own errors. */
export type Connection = {
  /** Runs a statement; gives the number of rows changed. */
  readonly run: (statement: Statement, values: Values) => number
  /** All rows; `Row` is what the statement selects, which the schema says and nothing checks. */
  readonly all: <Row>(statement: Statement, values: Values) => readonly Row[]
  /** Rows one at a time, for results of any length. */
  readonly each: <Row>(statement: Statement, values: Values) => Iterable<Row>
  /** The first row, or null. */
  readonly get: <Row>(statement: Statement, values: Values) => Row | null
  readonly exec: (text: string) => void
  /** The rows of a statement in SQLite's own words, such as a pragma. */
  readonly ask: (text: string) => readonly Readonly<Record<string, unknown>>[]
  /** Whether a transaction is open. */
  readonly inTransaction: () => boolean
  readonly close: () => void
}

/** Opens for reading only; nothing on disk is repaired or checkpointed by it. */
export const openReader = (path: string): Connection => {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 1_000 })
  database.exec('pragma query_only = on; pragma trusted_schema = off')
  return connectionOf(database)
}

/**
 * Opens for writing: write-ahead log, each commit synced (also past the drive's cache where the platform tells them apart).
 * Checkpoints are the writer's to start, so that none delays an acknowledgement and none fails unseen.
 */
export const openWriter = (path: string, synchronous: Synchronous): Connection => {
  const database = new DatabaseSync(path, { timeout: 5_000 })
  database.exec(`
    pragma trusted_schema = off;
    pragma cell_size_check = on;
    pragma recursive_triggers = on;
    pragma journal_mode = wal;
    pragma synchronous = ${synchronous};
    pragma fullfsync = on;
    pragma checkpoint_fullfsync = on;
    pragma wal_autocheckpoint = 0;
    pragma journal_size_limit = 16777216`)
  return connectionOf(database)
}

/** Rows are cast, not parsed: a statement's columns are those that it names, of the types that the schema gives them. */
const connectionOf = (database: DatabaseSync): Connection => {
  const prepared = new Map<string, StatementSync>()
  const prepare = (text: string): StatementSync => {
    const known = prepared.get(text)
    if (known !== undefined) return known
    const made = database.prepare(text)
    prepared.set(text, made)
    return made
  }
  const all = <Row>(statement: Statement, values: Values): readonly Row[] =>
    prepare(statement.text).all(...bind(statement, values)) as unknown as readonly Row[]
  return {
    run: (statement, values) => Number(prepare(statement.text).run(...bind(statement, values)).changes),
    all,
    each: <Row>(statement: Statement, values: Values) =>
      database.prepare(statement.text).iterate(...bind(statement, values)) as unknown as Iterable<Row>,
    get: <Row>(statement: Statement, values: Values) => all<Row>(statement, values)[0] ?? null,
    exec: (text) => database.exec(text),
    ask: (text) => prepare(text).all(),
    inTransaction: () => database.isTransaction,
    close: () => database.close(),
  }
}
