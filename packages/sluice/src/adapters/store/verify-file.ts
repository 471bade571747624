/** Checks a ledger that lies in a file: an export, or the database itself, whether or not a control plane is at work on it. */
import { hash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { SluiceError } from '../../core/errors.ts'
import { parseEntryText } from '../../core/ledger/entry.ts'
import { parseExportLine } from '../../core/ledger/export.ts'
import { createVerifier } from '../../core/ledger/verify.ts'
import { openReader } from './sqlite/connection.ts'
import { failureError } from './sqlite/failures.ts'
import { databasePath, headOf } from './sqlite/files.ts'
import type { Anchor, Broken, Verification, Verifier } from '../../core/ledger/verify.ts'
import type { Tables } from './schema.ts'
import type { Connection } from './sqlite/connection.ts'

/** What was checked, and what was found. */
export type FileVerification = {
  readonly kind: 'export' | 'database'
  readonly path: string
  readonly found: Verification
}

const sha256 = (text: string): string => hash('sha256', text)

/**
 * Checks an export, a database, or the database of a state directory. With an `anchor` (a row's number and hash, noted elsewhere) also rows
 * cut off the end and a ledger written anew are found. `not_found`, `store_corrupt`, `store_failed`.
 */
export const verifyLedgerFile = async (path: string, anchor?: Anchor): Promise<FileVerification> => {
  const found = statSync(path, { throwIfNoEntry: false })
  const file = found?.isDirectory() ? databasePath(path) : path
  try {
    const kind = headOf(file, 16) === 'SQLite format 3\0' ? 'database' : 'export'
    const check = kind === 'database' ? verifyDatabase : verifyExport
    return { kind, path: file, found: await check(file, anchor) }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw failureError(error, 'read', file)
    throw new SluiceError('not_found', {
      detail: `There is no file ${file}.`,
      hint: 'Name an export or a state directory.',
    })
  }
}

const verifyExport = async (path: string, anchor: Anchor | undefined): Promise<Verification> => {
  let verifier: Verifier | null = null
  let seq = 0
  const input = createReadStream(path)
  try {
    for await (const text of createInterface({ input, crlfDelay: Infinity })) {
      const line = parseExportLine(text)
      if (verifier === null) {
        if (line?.kind !== 'first') return broken(0, 'text', `${path} does not begin as an export of a ledger does`)
        verifier = createVerifier({ sha256, start: line.start, ...(anchor === undefined ? {} : { anchor }) })
        seq = line.start.seq
      } else if (line?.kind === 'row') {
        const fault = verifier.add(line.line)
        if (fault !== null) return fault
        seq += 1
      } else {
        return line?.kind === 'last'
          ? verifier.end()
          : broken(seq + 1, 'text', `the line after row ${seq} cannot be read`)
      }
    }
  } finally {
    input.destroy()
  }
  return broken(seq + 1, 'gap', `the export ends after row ${seq} without its last line; it was cut short`)
}

const verifyDatabase = async (path: string, anchor: Anchor | undefined): Promise<Verification> => {
  const reader = openReader(path)
  try {
    // One snapshot, so that the ledger and the states that it led to belong together.
    reader.exec('begin')
    const verifier = createVerifier({ sha256, ...(anchor === undefined ? {} : { anchor }) })
    return verifyRows(reader, verifier) ?? verifyAggregates(reader, verifier) ?? verifier.end()
  } finally {
    reader.close()
  }
}

const verifyRows = (reader: Connection, verifier: Verifier): Broken | null => {
  const rows = reader.each<Tables['ledger']>({ text: 'select * from ledger order by seq', parameters: [] }, {})
  for (const row of rows) {
    const fault =
      verifier.add({ seq: row.seq, text: row.text, previousHash: row.previous_hash, hash: row.hash }) ??
      columnFault(row)
    if (fault !== null) return fault
  }
  return null
}

const columnFault = (row: Tables['ledger']): Broken | null => {
  const entry = parseEntryText(row.text)
  const same =
    entry !== null &&
    entry.key.kind === row.kind &&
    entry.key.id === row.id &&
    entry.version === row.version &&
    entry.type === row.type &&
    entry.form === row.form &&
    entry.at === row.at
  return same ? null : broken(row.seq, 'text', `the columns of row ${row.seq} are not what its text says`)
}

type Reached = Pick<Tables['aggregate'], 'kind' | 'id' | 'version'>

const verifyAggregates = (reader: Connection, verifier: Verifier): Broken | null => {
  const left = new Map(verifier.versions)
  for (const { kind, id, version } of reader.each<Reached>(
    { text: 'select kind, id, version from aggregate order by kind, id', parameters: [] },
    {},
  )) {
    const last = left.get(`${kind}/${id}`) ?? 0
    left.delete(`${kind}/${id}`)
    if (last !== version) {
      return broken(0, 'version', `${kind} ${id} is at version ${version}, but its last row is version ${last}`)
    }
  }
  const [lost] = left.keys()
  return lost === undefined ? null : broken(0, 'version', `the ledger tells of ${lost}, whose state is gone`)
}

const broken = (seq: number, why: Broken['why'], detail: string): Broken => ({ status: 'broken', seq, why, detail })
