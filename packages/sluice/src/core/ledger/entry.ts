import type { Actor, Sha256 } from '../model.ts'

/** What the ledger is about. Every kind is one machine or one immutable record. */
export type AggregateKind = 'run' | 'release' | 'rollout' | 'environment'

/** Names one aggregate; an environment's id is `<service>/<environment>`. */
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
}

/** An entry in its place in the chain. */
export type LedgerRow = LedgerEntry & {
  /** 1, 2, 3 … without gaps. */
  readonly seq: number
  readonly previousHash: string
  readonly hash: string
}

/** Hash before the first row. */
export const genesisHash: string = '0'.repeat(64)

/** The exact bytes that are hashed and stored; JSON with keys in this fixed order. */
export const entryText = (seq: number, entry: LedgerEntry): string =>
  JSON.stringify([seq, entry.key.kind, entry.key.id, entry.version, entry.type, entry.form, entry.at, entry.actor, entry.reason, entry.body])

/** Hash of a row: SHA-256 over the previous hash, a newline, and the stored text. */
export const chainHash = (previousHash: string, text: string, sha256: Sha256): string => sha256(`${previousHash}\n${text}`)
