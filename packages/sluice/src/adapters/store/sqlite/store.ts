/**
 * The store on one machine: SQLite, written by one thread of its own, read here.
 *
 * Reads see everything that was acknowledged. Once a write has failed with unknown outcome every call is refused: leave, and open again.
 */
import { mkdirSync } from 'node:fs'
import { SluiceError } from '../../../core/errors.ts'
import { limits } from '../../../core/limits.ts'
import { formatCursor, parseCursor } from '../../../core/list-cursor.ts'
import { checkCommit } from '../checks.ts'
import { effectOf, ledgerRowOf, listedOf, type ListedRow, requestOf, storedOf } from '../rows.ts'
import { openReader } from './connection.ts'
import { failureError } from './failures.ts'
import { databasePath } from './files.ts'
import { lockDirectory } from './lock.ts'
import { readSpan } from './tree.ts'
import { packCommit, rowsOf } from './pack.ts'
import { sqliteTexts } from './texts.ts'
import { WriterLink } from './link.ts'
import { takeThread } from './thread.ts'
import { aggregateKinds } from '../../../core/ledger/entry.ts'
import { ledgerStart } from '../../../core/ledger/verify.ts'
import type { AggregateKey, AggregateKind, LedgerRow } from '../../../core/ledger/entry.ts'
import type { HashSpan } from '../../../core/ledger/merkle-proof.ts'
import type { Anchor } from '../../../core/ledger/verify.ts'
import type {
  Commit,
  Lease,
  LedgerQuery,
  Listed,
  ListQuery,
  OldAggregates,
  RequestRecord,
  RowSpan,
  Store,
  Stored,
  StoredEffect,
} from '../../../ports/store.ts'
import type { ReadStatements } from '../read-statements.ts'
import type { Statement } from '../statement.ts'
import type { Tables } from '../schema.ts'
import type { Connection, Synchronous } from './connection.ts'
import type { DirectoryLock } from './lock.ts'
import type { WriterStart } from './messages.ts'

/** Where the store is, and what tests may change about it. */
export type SqliteStoreOptions = {
  /** The state directory; made when missing, mode 0700. */
  readonly directory: string
  /** `full` unless a test shows what would be lost. */
  readonly synchronous?: Synchronous
  /** Room set aside for a full disk, bytes. */
  readonly ballastBytes?: number
  /** Pages in the write-ahead log that are worth a checkpoint. */
  readonly checkpointPages?: number
}

/** The oldest SQLite without the WAL-reset bug that lost acknowledged writes (sqlite.org/releaselog/3_51_3.html, 2026-03). */
const sqliteVersionMin = [3, 51, 3] as const

/** Opens the store. `server_running`, `store_corrupt`, `store_newer`, `store_full`, `store_failed`, `node_too_old`. */
export const openSqliteStore = async (options: SqliteStoreOptions): Promise<Store> => {
  const { directory } = options
  refuseOldSqlite(process.versions['sqlite'] ?? '0')
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw failureError(error, 'made', directory)
  }
  const path = databasePath(directory)
  // The thread takes longest to start: it does so while the lock is taken, and touches nothing before that.
  const worker = takeThread()
  const link = new WriterLink(worker, path)
  const lock = await lockDirectory(directory).catch(async (error: unknown) => {
    await worker.terminate()
    throw error
  })
  try {
    await link.open(startOf(options))
    return new SqliteStore({ link, lock, path })
  } catch (error) {
    await worker.terminate()
    lock.release()
    throw failureError(error, 'opened', path)
  }
}

const startOf = (options: SqliteStoreOptions): WriterStart => ({
  directory: options.directory,
  synchronous: options.synchronous ?? 'full',
  ballastBytes: options.ballastBytes ?? limits.ballastBytes,
  checkpointPages: options.checkpointPages ?? limits.checkpointPages,
})

/** Refuses a SQLite that loses data: `node_too_old`. */
export const refuseOldSqlite = (version: string): void => {
  const parts = version.split('.').map(Number)
  const difference = sqliteVersionMin.map((least, index) => (parts[index] ?? 0) - least).find((part) => part !== 0) ?? 0
  if (difference >= 0) return
  throw new SluiceError('node_too_old', {
    detail: `This Node has SQLite ${version}, which can lose acknowledged writes; ${sqliteVersionMin.join('.')} does not.`,
    hint: 'Use a newer Node 24.',
  })
}

type SqliteStoreParts = {
  readonly link: WriterLink
  readonly lock: DirectoryLock
  readonly path: string
}

class SqliteStore implements Store {
  readonly #parts: SqliteStoreParts
  readonly #reader: Connection

  constructor(parts: SqliteStoreParts) {
    this.#parts = parts
    this.#reader = openReader(parts.path)
  }

  async acquireLease(owner: string, now: number): Promise<Lease> {
    const written = await this.#parts.link.write({ kind: 'take_lease', owner, at: now })
    return written.kind === 'lease_taken' ? written.lease : unexpected(written.kind)
  }

  async commit(commit: Commit): Promise<readonly LedgerRow[]> {
    checkCommit(commit)
    const written = await this.#parts.link.write(packCommit(commit, Date.now()))
    return written.kind === 'committed' ? rowsOf(commit, written) : unexpected(written.kind)
  }

  async claim(key: AggregateKey, lease: Lease): Promise<number> {
    const written = await this.#parts.link.write({ kind: 'claim', key, lease })
    return written.kind === 'claimed' ? written.claims : unexpected(written.kind)
  }

  async prune({ after, until }: Omit<RowSpan, 'kinds'>): Promise<number> {
    const written = await this.#parts.link.write({ kind: 'prune', after, until })
    return written.kind === 'pruned' ? written.rows : unexpected(written.kind)
  }

  async forget(old: OldAggregates): Promise<number> {
    const written = await this.#parts.link.write({ kind: 'forget', old })
    return written.kind === 'forgotten' ? written.aggregates : unexpected(written.kind)
  }

  async load(key: AggregateKey): Promise<Stored | null> {
    return this.#read((reader, texts) => {
      const row = reader.get<Tables['aggregate']>(texts.load, key)
      return row === null ? null : whole(reader, texts, row)
    })
  }

  async open(machineVersions: Readonly<Record<AggregateKind, number>>): Promise<readonly Stored[]> {
    return this.#read((reader, texts) =>
      [...aggregateKinds]
        .sort()
        .flatMap((kind) =>
          reader
            .all<Tables['aggregate']>(texts.open, { kind, machine_version: machineVersions[kind] })
            .map((row) => whole(reader, texts, row)),
        ),
    )
  }

  async list(query: ListQuery): Promise<{ readonly items: readonly Stored[]; readonly next: string | null }> {
    const { idPrefix } = query
    const after = query.cursor === undefined ? null : parseCursor(query.cursor)
    return this.#read((reader, texts) => {
      const page =
        idPrefix === undefined
          ? pageOf<Tables['aggregate']>(reader, { first: texts.newest, next: texts.newestAfter }, { ...query, after })
          : pageOf<Tables['aggregate']>(reader, { first: texts.list, next: texts.listAfter }, { ...query, after })
      return { items: page.rows.map((row) => whole(reader, texts, row)), next: page.next }
    })
  }

  async summaries(query: ListQuery): Promise<{ readonly items: readonly Listed[]; readonly next: string | null }> {
    const after = query.cursor === undefined ? null : parseCursor(query.cursor)
    return this.#read((reader, texts) => {
      const statements = { first: texts.summaries, next: texts.summariesAfter }
      const page = pageOf<ListedRow>(reader, statements, { ...query, after })
      return { items: page.rows.map(listedOf), next: page.next }
    })
  }

  async ledger({ after, limit, key }: LedgerQuery): Promise<readonly LedgerRow[]> {
    return this.#read((reader, texts) => {
      const page = { after, limit }
      const rows =
        key === undefined
          ? reader.all<Tables['ledger']>(texts.ledger, page)
          : reader.all<Tables['ledger']>(texts.ledgerOf, { ...page, ...key })
      return rows.map(ledgerRowOf)
    })
  }

  async rowsOf({ after, until, kinds }: RowSpan): Promise<readonly LedgerRow[]> {
    const [first = '', second = first, third = first, fourth = first] = kinds
    const parameters = { after, until, kind_1: first, kind_2: second, kind_3: third, kind_4: fourth }
    return this.#read((reader, texts) => reader.all<Tables['ledger']>(texts.rowsOf, parameters).map(ledgerRowOf))
  }

  async anchor(): Promise<Anchor> {
    return this.#read((reader, texts) => {
      const row = reader.get<Anchor>(texts.head, {})
      return row === null ? ledgerStart : { seq: row.seq, hash: row.hash }
    })
  }

  async treeHashes(span: HashSpan): Promise<readonly Uint8Array[]> {
    return this.#read((reader, texts) => readSpan(reader, texts, span))
  }

  async head(): Promise<number> {
    return this.#read((reader, texts) => reader.get<Pick<Tables['ledger'], 'seq'>>(texts.ledgerHead, {})?.seq ?? 0)
  }

  async effects(key: AggregateKey): Promise<readonly StoredEffect[]> {
    const aggregate = { aggregate_kind: key.kind, aggregate_id: key.id }
    return this.#read((reader, texts) => reader.all<Tables['effect']>(texts.effects, aggregate).map(effectOf))
  }

  async request(key: string): Promise<RequestRecord | null> {
    return this.#read((reader, texts) => {
      const row = reader.get<Tables['request']>(texts.request, { key })
      return row === null ? null : requestOf(row)
    })
  }

  async releaseBallast(): Promise<void> {
    await this.#parts.link.releaseBallast()
  }

  async close(): Promise<void> {
    if (!this.#parts.link.end()) return
    this.#reader.close()
    await this.#parts.link.close()
    this.#parts.lock.release()
  }

  #read<Result>(read: (reader: Connection, texts: ReadStatements) => Result): Result {
    this.#parts.link.assertOpen()
    try {
      return read(this.#reader, sqliteTexts.read)
    } catch (error) {
      throw failureError(error, 'read', this.#parts.path)
    }
  }
}

type PageStatements = { readonly first: Statement; readonly next: Statement }
type PageOfQuery = Omit<ListQuery, 'cursor'> & {
  readonly after: { readonly updatedAt: number; readonly id: string } | null
}

/** A page of rows, newest first, and the cursor of the next. */
const pageOf = <Row extends Pick<Tables['aggregate'], 'updated_at' | 'id'>>(
  reader: Connection,
  statements: PageStatements,
  { kind, limit, idPrefix = '', after }: PageOfQuery,
): { readonly rows: readonly Row[]; readonly next: string | null } => {
  // One more than asked for tells whether there is a next page. No id has a character beyond the last of Unicode.
  const range = { kind, id_from: idPrefix, id_before: `${idPrefix}\u{10ffff}`, limit: limit + 1 }
  const found =
    after === null
      ? reader.all<Row>(statements.first, range)
      : reader.all<Row>(statements.next, { ...range, updated_at: after.updatedAt, id: after.id })
  const rows = found.slice(0, limit)
  const last = rows.at(-1)
  const more = found.length > limit && last !== undefined
  return { rows, next: more ? formatCursor({ updatedAt: last.updated_at, id: last.id }) : null }
}

/** A row, with what happened since its state was written. */
const whole = (reader: Connection, texts: ReadStatements, row: Tables['aggregate']): Stored => {
  if (row.state_version === row.version) return storedOf(row, [])
  const { kind, id, state_version: version } = row
  return storedOf(row, reader.all<Tables['ledger']>(texts.since, { kind, id, version }))
}

const unexpected = (kind: string): never => {
  throw new Error(`bug: the writer answered ${kind}`)
}
