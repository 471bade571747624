/**
 * Brings a state directory to the point where it can be written: makes it, or checks what is there and lifts its schema.
 *
 * A database is made beside its place and renamed into it once it is whole and synced, so a file that is empty or cut short can only be
 * damage, never a beginning; damage is reported and left as it is.
 */
import { renameSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { SluiceError } from '../../../core/errors.ts'
import { limits } from '../../../core/limits.ts'
import { lastChecked, noteChecked } from './checked.ts'
import { openReader, openWriter } from './connection.ts'
import { corruptError, failureError } from './failures.ts'
import { databasePath, headOf, removeFile, sizeOf, syncDirectory, syncFile } from './files.ts'
import type { SchemaStep } from '../schema.ts'
import type { Connection, Synchronous } from './connection.ts'

/** What there is to do it with. */
export type Preparation = {
  readonly directory: string
  readonly schema: readonly SchemaStep[]
  readonly synchronous: Synchronous
}

/** A database that can be written. `close` notes that it was sound. */
export type Prepared = { readonly connection: Connection; readonly close: () => void }

/** The database, ready to be written. `store_corrupt`, `store_newer`, `store_full`, `store_failed`. */
export const prepareDatabase = (preparation: Preparation): Prepared => {
  const path = databasePath(preparation.directory)
  try {
    if (sizeOf(path) === null) create(preparation, path)
    const checkedAt = checkFile(path, preparation.schema)
    const connection = openWriter(path, preparation.synchronous)
    migrate(connection, path, preparation.schema)
    const close = (): void => {
      connection.close()
      if (checkedAt !== null) noteChecked(path, checkedAt)
    }
    return { connection, close }
  } catch (error) {
    throw failureError(error, 'opened', path)
  }
}

const create = ({ directory, schema }: Preparation, path: string): void => {
  if ((sizeOf(`${path}-wal`) ?? 0) > 0) throw corruptError(path, 'it is missing, but its write-ahead log is there')
  const fresh = `${path}.new`
  for (const suffix of ['', '-wal', '-shm']) removeFile(`${fresh}${suffix}`)
  const database = new DatabaseSync(fresh)
  try {
    // In its final mode from the start: changing it later would take a rollback journal, which only a writer can undo after a power cut.
    database.exec('pragma journal_mode = wal; pragma synchronous = off; begin')
    for (const { statements } of schema) for (const statement of statements) database.exec(statement)
    database.prepare(`insert into meta (name, value) values ('schema', ?)`).run(String(schema.at(-1)?.version ?? 0))
    database.exec('commit')
  } finally {
    database.close()
  }
  syncFile(fresh)
  renameSync(fresh, path)
  syncDirectory(directory)
}

/** When the pages of the database were read, epoch ms; null for one that is too large for it. */
const checkFile = (path: string, schema: readonly SchemaStep[]): number | null => {
  const size = sizeOf(path) ?? 0
  if (size === 0) throw corruptError(path, 'it is empty')
  if (headOf(path, 16) !== 'SQLite format 3\0') throw corruptError(path, 'it does not begin as a database does')
  // A reader, because a writer that closes would move the log into the damaged file.
  const reader = openReader(path)
  const now = Date.now()
  const isSmall = size <= limits.quickCheckBytesMax
  const checkedAt = isSmall ? lastChecked(path, now) : null
  try {
    if (isSmall && checkedAt === null) {
      const [first] = reader.ask('pragma quick_check(1)')
      if (first?.['quick_check'] !== 'ok') throw corruptError(path, String(first?.['quick_check']))
    }
    const found = schemaOf(reader, path)
    const known = schema.at(-1)?.version ?? 0
    if (found > known) throw newerError(path, found, known)
    return isSmall ? (checkedAt ?? now) : null
  } finally {
    reader.close()
  }
}

/** The number of the schema that a database has. */
const schemaOf = (connection: Connection, path: string): number => {
  const tables = connection.ask(`select 1 from sqlite_schema where name = 'meta'`)
  const [row] = tables.length === 0 ? [] : connection.ask(`select value from meta where name = 'schema'`)
  const version = Number(row?.['value'])
  if (!Number.isSafeInteger(version) || version < 1) throw corruptError(path, 'it is not a state of Sluice')
  return version
}

const migrate = (connection: Connection, path: string, schema: readonly SchemaStep[]): void => {
  const found = schemaOf(connection, path)
  for (const { version, statements } of schema) {
    if (version <= found) continue
    connection.exec('begin immediate')
    for (const statement of statements) connection.exec(statement)
    connection.exec(`update meta set value = '${version}' where name = 'schema'`)
    connection.exec('commit')
  }
}

const newerError = (path: string, found: number, known: number): SluiceError =>
  new SluiceError('store_newer', {
    detail: `${path} has schema ${found}; this Sluice knows schemas up to ${known}.`,
    hint: 'Use the Sluice that wrote it, or a newer one.',
  })
