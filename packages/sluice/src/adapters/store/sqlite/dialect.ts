/**
 * SQLite's side of the schema and statements, and the query builder that compiles them. It never runs a query, and a control plane never loads it
 * (28 MB and 70 ms): what it compiles is kept in `texts.ts`, and a test holds the two together.
 */
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { readStatements } from '../read-statements.ts'
import { schemaSteps } from '../schema.ts'
import { writeStatements } from '../write-statements.ts'
import type { Dialect, Tables } from '../schema.ts'
import type { SqliteTexts } from './messages.ts'

/** Triggers that make the ledger refuse to be changed. Replacing a row is a quiet delete, so an insert must come after all others. */
const dialect: Dialect = {
  integer: 'integer',
  guards: [
    `create trigger ledger_kept before update on ledger begin select raise(abort, 'the ledger is append-only'); end`,
    `create trigger ledger_whole before delete on ledger begin select raise(abort, 'the ledger is append-only'); end`,
    `create trigger ledger_onward before insert on ledger when
      new.seq <= (select max(seq) from ledger)
      or exists (select 1 from ledger where kind = new.kind and id = new.id and version = new.version)
      begin select raise(abort, 'the ledger is append-only'); end`,
  ],
  pruning: [
    `drop trigger ledger_kept`,
    `create trigger ledger_kept before update on ledger when
      new.text <> '' or new.seq <> old.seq or new.kind <> old.kind or new.id <> old.id or new.version <> old.version
      or new.type <> old.type or new.form <> old.form or new.at <> old.at
      or new.previous_hash <> old.previous_hash or new.hash <> old.hash
      or new.seq > coalesce((select cast(value as integer) from meta where name = 'pruned'), 0)
      begin select raise(abort, 'the ledger is append-only'); end`,
  ],
}

/** Compiles every statement. */
export const compileTexts = (): SqliteTexts => {
  const db = new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (of) => new SqliteIntrospector(of),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  })
  return { write: writeStatements(db), read: readStatements(db), schema: schemaSteps(db, dialect) }
}
