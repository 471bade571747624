/**
 * The ledger as a file of JSON lines, to keep elsewhere and to check without Sluice's state: a first line that says what it is, a line for
 * each row, and a last line without which the file was cut short. Here a line is written and read; whoever has rows makes the file.
 */
import { type LedgerRow, readEntryFields } from './entry.ts'
import type { Anchor, LedgerLine } from './verify.ts'

/** One line of an export, read. */
export type ExportLine =
  | { readonly kind: 'first'; readonly start: Anchor }
  | { readonly kind: 'row'; readonly line: LedgerLine }
  | { readonly kind: 'last'; readonly end: Anchor }

/** The first line: the rows after `start` follow. */
export const formatExportStart = (start: Anchor): string => JSON.stringify({ sluice: 'ledger', format: 1, start })

/** A row's line. */
export const formatExportRow = ({
  seq,
  key,
  version,
  type,
  form,
  at,
  actor,
  reason,
  body,
  where,
  previousHash,
  hash,
  isPruned,
}: LedgerRow): string =>
  JSON.stringify(
    isPruned === true
      ? { seq, ...key, version, type, form, at, isPruned, previousHash, hash }
      : {
          seq,
          ...key,
          version,
          type,
          form,
          at,
          actor,
          reason,
          body,
          ...(where === undefined ? {} : { where }),
          previousHash,
          hash,
        },
  ).replace(
    // Many a reader of lines, Node's own included, takes these two for line ends; JSON does not.
    /[\u2028\u2029]/g,
    (separator) => (separator === '\u2028' ? '\\u2028' : '\\u2029'),
  )

/** The last line: the last row and its hash. */
export const formatExportEnd = (end: Anchor): string => JSON.stringify({ end })

/** Reads a line of an export; null for any text that the functions above did not write. */
export const parseExportLine = (text: string): ExportLine | null => {
  const value = parseObject(text)
  if (value === null) return null
  const [start, end] = [anchorOf(value['start']), anchorOf(value['end'])]
  if (value['sluice'] === 'ledger') return value['format'] === 1 && start !== null ? { kind: 'first', start } : null
  if (end !== null) return { kind: 'last', end }
  const { seq, previousHash, hash } = value
  if (typeof seq !== 'number' || typeof previousHash !== 'string' || typeof hash !== 'string') return null
  if (value['isPruned'] === true) return prunedLine(value, { seq, previousHash, hash })
  // The hashed text, made again from its values: JSON that was read and is written once more is the same text.
  const fields = fieldNames.map((name) => value[name])
  if (value['where'] !== undefined) fields.push(value['where'])
  return {
    kind: 'row',
    line: { seq, text: JSON.stringify(fields), previousHash, hash, entry: readEntryFields(fields) },
  }
}

const prunedLine = (
  { kind, id, version, type, form, at }: Readonly<Record<string, unknown>>,
  place: Pick<LedgerLine, 'seq' | 'previousHash' | 'hash'>,
): ExportLine | null => {
  if (typeof kind !== 'string' || typeof id !== 'string' || typeof type !== 'string') return null
  if (typeof version !== 'number' || typeof form !== 'number' || typeof at !== 'number') return null
  return { kind: 'row', line: { ...place, text: '', columns: { kind, id, version, type, form, at } } }
}

const fieldNames = ['seq', 'kind', 'id', 'version', 'type', 'form', 'at', 'actor', 'reason', 'body'] as const

const parseObject = (text: string): Readonly<Record<string, unknown>> | null => {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : null
  } catch {
    return null
  }
}

const anchorOf = (value: unknown): Anchor | null =>
  isRecord(value) && typeof value['seq'] === 'number' && typeof value['hash'] === 'string'
    ? { seq: value['seq'], hash: value['hash'] }
    : null

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
