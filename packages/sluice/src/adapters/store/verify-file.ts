/** Checks a ledger that lies in a file: an export, or the database itself, whether or not a control plane is at work on it. */
import { hash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { SluiceError } from '../../core/errors.ts'
import { type ExportLine, parseExportLine } from '../../core/ledger/export.ts'
import { createVerifier, type VerifyOptions } from '../../core/ledger/verify.ts'
import { limits } from '../../core/limits.ts'
import { openReader } from './sqlite/connection.ts'
import { failureError } from './sqlite/failures.ts'
import { databasePath, headOf } from './sqlite/files.ts'
import type { Broken, Verification, Verifier } from '../../core/ledger/verify.ts'
import type { Tables } from './schema.ts'
import type { Connection } from './sqlite/connection.ts'

/** What was checked, and what was found. */
export type FileVerification = {
  readonly kind: 'export' | 'database'
  readonly path: string
  readonly found: Verification
}

/** What was noted elsewhere, to check against. */
export type NotedElsewhere = Pick<VerifyOptions, 'anchor' | 'tree'>

const sha256 = (text: string): string => hash('sha256', text)

/**
 * Checks an export, a database, or the database of a state directory. With what was noted elsewhere (a row's number and hash, or checkpoints) also rows
 * cut off the end and a ledger written anew are found. `not_found`, `store_corrupt`, `store_failed`; `usage_invalid` when checkpoints are to be held
 * against an export that does not begin at the first row.
 */
export const verifyLedgerFile = async (path: string, noted: NotedElsewhere = {}): Promise<FileVerification> => {
  const found = statSync(path, { throwIfNoEntry: false })
  const file = found?.isDirectory() ? databasePath(path) : path
  try {
    const kind = headOf(file, 16) === 'SQLite format 3\0' ? 'database' : 'export'
    const check = kind === 'database' ? verifyDatabase : verifyExport
    return { kind, path: file, found: await check(file, noted) }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw failureError(error, 'read', file)
    throw new SluiceError('not_found', {
      detail: `There is no file ${file}.`,
      hint: 'Name an export or a state directory.',
    })
  }
}

const verifyExport = async (path: string, noted: NotedElsewhere): Promise<Verification> => {
  let verifier: Verifier | null = null
  let seq = 0
  for await (const texts of linesOf(path)) {
    for (const text of texts) {
      const line = parseExportLine(text)
      if (verifier === null) {
        if (line?.kind !== 'first') return broken(0, 'text', `${path} does not begin as an export of a ledger does`)
        verifier = verifierFrom(line, noted)
        seq = line.start.seq
      } else if (line?.kind === 'row') {
        const fault = verifier.add(line.line)
        if (fault !== null) return fault
        seq += 1
      } else {
        const said = line?.kind === 'last' ? verifier.end() : null
        if (said === null) return broken(seq + 1, 'text', `the line after row ${seq} cannot be read`)
        return said
      }
    }
  }
  return broken(seq + 1, 'gap', `the export ends after row ${seq} without its last line; it was cut short`)
}

const verifierFrom = ({ start }: Extract<ExportLine, { kind: 'first' }>, noted: NotedElsewhere): Verifier => {
  if (noted.tree !== undefined && start.seq > 0)
    throw new SluiceError('usage_invalid', {
      detail: `The export begins after row ${start.seq}; a checkpoint is of all rows.`,
      hint: 'Export the whole ledger: sluice ledger export.',
    })
  return createVerifier({ sha256, start, ...noted })
}

/** Lines, as many at a time as a piece of the file has; a line that is longer than any row is cut off, and so is none. */
async function* linesOf(path: string): AsyncGenerator<readonly string[], void, undefined> {
  const input = createReadStream(path, { encoding: 'utf8', highWaterMark: 1_048_576 })
  let rest = ''
  try {
    for await (const piece of input) {
      const lines = (rest + String(piece)).split('\n')
      rest = lines.pop() ?? ''
      yield lines
      if (rest.length > limits.ledgerBodyBytesMax * 2) break
    }
    if (rest !== '') yield [rest]
  } finally {
    input.destroy()
  }
}

const verifyDatabase = async (path: string, noted: NotedElsewhere): Promise<Verification> => {
  const reader = openReader(path)
  try {
    // One snapshot, so that the ledger and the states that it led to belong together.
    reader.exec('begin')
    const verifier = createVerifier({ sha256, ...noted })
    return verifyRows(reader, verifier) ?? verifyAggregates(reader, verifier) ?? verifier.end()
  } finally {
    reader.close()
  }
}

const verifyRows = (reader: Connection, verifier: Verifier): Broken | null => {
  const rows = reader.each<Tables['ledger']>({ text: 'select * from ledger order by seq', parameters: [] }, {})
  for (const row of rows) {
    const { seq, text, previous_hash: previousHash, hash: rowHash } = row
    const fault = verifier.add({ seq, text, previousHash, hash: rowHash, columns: row })
    if (fault !== null) return fault
  }
  return null
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
