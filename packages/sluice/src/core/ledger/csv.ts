/**
 * Rows of the ledger as comma-separated values (RFC 4180), for people with a spreadsheet. A spreadsheet takes a cell that begins with `=`, `+`, `-`,
 * `@`, a tab or a return for a formula, and what is in the ledger was written by whoever pushed a commit: such a cell gets an apostrophe before it
 * (OWASP, CSV Injection).
 */
import { isoTime } from '../iso-time.ts'
import type { LedgerRow } from './entry.ts'

/** The columns, in their order. */
export const csvColumns = [
  'seq',
  'time',
  'actor_kind',
  'actor',
  'address',
  'client',
  'kind',
  'id',
  'environment',
  'version',
  'event',
  'reason',
  'body',
  'hash',
] as const

/** The first line. */
export const csvHead: string = `${csvColumns.join(',')}\r\n`

/** A row's line. */
export const csvLine = (row: LedgerRow, environment: string | null): string => {
  const { seq, at, actor, where, key, version, type, reason, body, hash } = row
  const cells: readonly (string | number)[] = [
    seq,
    isoTime(at),
    actor.kind,
    actor.name,
    where?.address ?? '',
    where?.client ?? '',
    key.kind,
    key.id,
    environment ?? '',
    version,
    type,
    reason ?? '',
    JSON.stringify(body ?? null),
    hash,
  ]
  return `${cells.map(csvCell).join(',')}\r\n`
}

/** A cell: text in quotes, and never a formula. */
export const csvCell = (value: string | number): string => {
  if (typeof value === 'number') return String(value)
  // What a reader strips before it looks must not hide a formula either.
  const safe = /^[\s\p{Cc}\uFEFF]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|^[\t\r\n]/u.test(value) ? `'${value}` : value
  return `"${safe.replaceAll('"', '""')}"`
}
