import type { Actor, Sha256, Where } from '../model.ts'

/** What the ledger is about. Every kind is one machine or one immutable record. */
export type AggregateKind =
  | 'run'
  | 'release'
  | 'rollout'
  | 'environment'
  | 'maintenance'
  | 'train'
  | 'incident'
  | 'message'
  | 'watch'
  | 'drill'
  | 'line'
  | 'arrival'
  | 'remote'
  | 'ledger'
  | 'person'
  | 'token'
  | 'session'
  | 'secret'

/** Names one aggregate; the id of an environment, and of its maintenance, is `<service>/<environment>`. */
export type AggregateKey = { readonly kind: AggregateKind; readonly id: string }

/** One accepted event, as it is appended. `body` is the machine's event, JSON-safe; folding the bodies gives the stored state. */
export type LedgerEntry = {
  readonly key: AggregateKey
  /** The aggregate's version after this entry; 1 for the first. */
  readonly version: number
  readonly type: string
  /** Version of the event's form; older forms are lifted by an upcaster when read. */
  readonly form: number
  readonly at: number
  readonly actor: Actor
  /** Why, in the words of whoever asked; null where the event says it. */
  readonly reason: string | null
  readonly body: unknown
  /** Where whoever asked was. Absent where nobody asked, and in rows of before this was kept. */
  readonly where?: Where
}

/** An entry in its place in the chain. */
export type LedgerRow = LedgerEntry & {
  /** 1, 2, 3 … without gaps. */
  readonly seq: number
  readonly previousHash: string
  readonly hash: string
  /** Its text was taken out: who, why and the body are not known any more, and stand empty. */
  readonly isPruned?: true
}

/** Who a row without a text is said to be of. */
export const unknownActor: Actor = { kind: 'system', name: 'pruned' }

/** Hash before the first row. */
export const genesisHash: string = '0'.repeat(64)

/** What of an entry's text does not depend on its place: the text without its leading `seq`. */
export const entryTail = (entry: LedgerEntry): string =>
  JSON.stringify([
    entry.key.kind,
    entry.key.id,
    entry.version,
    entry.type,
    entry.form,
    entry.at,
    entry.actor,
    entry.reason,
    entry.body,
    ...(entry.where === undefined ? [] : [entry.where]),
  ])

/** Puts a tail in its place: the exact bytes that are hashed and stored. */
export const placeTail = (seq: number, tail: string): string => `[${seq},${tail.slice(1)}`

/** The exact bytes that are hashed and stored; a JSON array in this fixed order. */
export const entryText = (seq: number, entry: LedgerEntry): string => placeTail(seq, entryTail(entry))

/** Hash of a row: SHA-256 over the previous hash, a newline, and the stored text. */
export const chainHash = (previousHash: string, text: string, sha256: Sha256): string =>
  sha256(`${previousHash}\n${text}`)

/** Every kind of aggregate, for parsers and for whoever walks them all. */
export const aggregateKinds: readonly AggregateKind[] = [
  'run',
  'release',
  'rollout',
  'environment',
  'maintenance',
  'train',
  'incident',
  'message',
  'watch',
  'drill',
  'line',
  'arrival',
  'remote',
  'ledger',
  'person',
  'token',
  'session',
  'secret',
]

/** An entry and its place, as its stored text says it. */
export type PlacedEntry = LedgerEntry & { readonly seq: number }

/** Reads a stored text; null for anything that `entryText` cannot have written. The body is taken as it is. */
export const parseEntryText = (text: string): PlacedEntry | null => {
  const fields = parseArray(text)
  return fields === null ? null : readEntryFields(fields)
}

/** Reads the fields of a text, in its order; null for any that `entryText` cannot have written. */
export const readEntryFields = (fields: readonly unknown[]): PlacedEntry | null => {
  if (fields.length !== 10 && fields.length !== 11) return null
  const [seq, kindText, id, version, type, form, at, actor, reason, body, where] = fields
  const kind = aggregateKinds.find((known) => known === kindText)
  if (kind === undefined || !isActor(actor)) return null
  if (!isCount(seq) || !isCount(version) || !isCount(form) || typeof at !== 'number') return null
  if (typeof id !== 'string' || typeof type !== 'string' || (reason !== null && typeof reason !== 'string')) return null
  const entry = { seq, key: { kind, id }, version, type, form, at, actor, reason, body }
  if (fields.length === 10) return entry
  return isWhere(where) ? { ...entry, where } : null
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 1

const parseArray = (text: string): readonly unknown[] | null => {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

// Where it was, as it is: the same holds for it as for the actor.
const isWhere = (value: unknown): value is Where => typeof value === 'object' && value !== null && !Array.isArray(value)

// The actor is handed on as it is, not made anew: its members' order is part of the hashed text.
const isActor = (value: unknown): value is Actor =>
  typeof value === 'object' &&
  value !== null &&
  'kind' in value &&
  'name' in value &&
  (value.kind === 'person' || value.kind === 'system') &&
  typeof value.name === 'string'
