/** What goes between the control plane's thread and the writer's: plain data, JSON already written. */
import type { AggregateKey } from '../../../core/ledger/entry.ts'
import type { ErrorCode } from '../../../core/errors.ts'
import type { EffectIntent, Lease, OldAggregates } from '../../../ports/store.ts'
import type { ReadStatements } from '../read-statements.ts'
import type { SchemaStep } from '../schema.ts'
import type { WriteStatements } from '../write-statements.ts'
import type { Synchronous } from './connection.ts'

/** Everything that is said to the database, as text. */
export type SqliteTexts = {
  readonly write: WriteStatements
  readonly read: ReadStatements
  readonly schema: readonly SchemaStep[]
}

/** What the writer needs to begin. */
export type WriterStart = {
  readonly directory: string
  readonly synchronous: Synchronous
  readonly ballastBytes: number
  readonly checkpointPages: number
}

/** An entry whose text lacks only its place. */
export type PackedEntry = { readonly type: string; readonly form: number; readonly at: number; readonly tail: string }

/** A transition as it is written. */
export type PackedTransition = {
  readonly key: AggregateKey
  readonly expectedVersion: number
  readonly machineVersion: number
  /** Null: only the entries are written. */
  readonly state: string | null
  /** Null: it is as it was. */
  readonly summary: string | null
  readonly settled: 0 | 1
  readonly nextAt: number | null
  readonly updatedAt: number
  readonly entries: readonly PackedEntry[]
  readonly effects: readonly EffectIntent[]
  readonly finished: readonly string[]
}

/** Things to write. Many of them share one transaction. */
export type WriteRequest =
  | {
      readonly kind: 'commit'
      readonly lease: Lease
      readonly transitions: readonly PackedTransition[]
      readonly request: {
        readonly key: string
        readonly digest: string
        readonly answer: string
        readonly at: number
      } | null
    }
  | { readonly kind: 'take_lease'; readonly owner: string; readonly at: number }
  | { readonly kind: 'claim'; readonly key: AggregateKey; readonly lease: Lease }
  | { readonly kind: 'prune'; readonly after: number; readonly until: number }
  | { readonly kind: 'forget'; readonly old: OldAggregates }

/** What was written. */
export type Written =
  // `hashes` are those of the rows from `seq` on.
  | {
      readonly kind: 'committed'
      readonly seq: number
      readonly previousHash: string
      readonly hashes: readonly string[]
    }
  | { readonly kind: 'lease_taken'; readonly lease: Lease }
  | { readonly kind: 'claimed'; readonly claims: number }
  | { readonly kind: 'pruned'; readonly rows: number }
  | { readonly kind: 'forgotten'; readonly aggregates: number }

/** A failure as data. */
export type Failed = { readonly code: ErrorCode; readonly detail: string; readonly hint: string | null }

/** What became of a request. */
export type Outcome = { readonly ok: true; readonly written: Written } | { readonly ok: false; readonly failed: Failed }

/** Lines to the writer. A `write` carries several requests; `release_ballast` and `close` are done between groups. */
export type ToWriter =
  | { readonly kind: 'write'; readonly id: number; readonly request: WriteRequest }
  | { readonly kind: 'release_ballast'; readonly id: number }
  | { readonly kind: 'close'; readonly id: number }

/** Lines from the writer. */
export type FromWriter =
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused'; readonly failed: Failed }
  | { readonly kind: 'outcomes'; readonly outcomes: readonly { readonly id: number; readonly outcome: Outcome }[] }
  | { readonly kind: 'done'; readonly id: number }
