/** What the ledger's routes take and give. */
import type { AggregateKind } from '../../core/ledger/entry.ts'
import type { Actor, Where } from '../../core/model.ts'

/** One row of the ledger. */
export type LedgerRowView = {
  readonly seq: number
  readonly key: { readonly kind: AggregateKind; readonly id: string }
  readonly version: number
  readonly type: string
  readonly form: number
  readonly at: number
  readonly actor: Actor
  readonly reason: string | null
  readonly body: unknown
  /** Its text was taken out: who, why and the body stand empty. */
  readonly isPruned?: true
  /** Where whoever asked was, as far as is known. */
  readonly where?: Where
  readonly previousHash: string
  readonly hash: string
}

/** Rows of the ledger in order; ask again with `after: next`. */
export type LedgerPageView = { readonly rows: readonly LedgerRowView[]; readonly next: number | null }

/** What checking the whole chain found. */
export type LedgerVerificationView =
  | {
      readonly status: 'whole'
      readonly rows: number
      readonly head: { readonly seq: number; readonly hash: string }
      /** Rows whose texts were taken out; absent where there are none. */
      readonly pruned?: number
    }
  | { readonly status: 'broken'; readonly seq: number; readonly why: string; readonly detail: string }

/** Which rows are meant; a part that is left out means any. */
export type LedgerFilterInput = {
  /** Whoever asked for it, as the ledger names them. */
  readonly who?: string | undefined
  /** What happened: the type of an event. */
  readonly what?: string | undefined
  /** To what: runs, releases, rollouts, … */
  readonly kind?: AggregateKind | undefined
  readonly environment?: string | undefined
  /** From this moment on, epoch ms. */
  readonly from?: number | undefined
  /** Before this moment, epoch ms. */
  readonly to?: number | undefined
}

/** Which rows, and in which form. */
export type LedgerExportInput = LedgerFilterInput & {
  readonly after?: number | undefined
  readonly format?: 'jsonl' | 'csv' | undefined
}

/** A signed checkpoint. */
export type LedgerCheckpointView = {
  /** The signed note itself (C2SP tlog-checkpoint): what is to be kept elsewhere. */
  readonly note: string
  readonly origin: string
  readonly size: number
  /** 64 hexadecimal digits. */
  readonly root: string
  /** The public key, as `--key` takes it. */
  readonly key: string
}

/** The proof that a row is in the ledger. */
export type LedgerInclusionView = {
  readonly seq: number
  /** Rows of the checkpoint. */
  readonly size: number
  /** The whole proof as a file (C2SP tlog-proof), which `sluice ledger verify --proof` checks without this server. */
  readonly proof: string
  readonly checkpoint: LedgerCheckpointView
}

/** The proof that the ledger begins with what it was. */
export type LedgerConsistencyView = {
  readonly from: { readonly size: number; readonly root: string }
  readonly to: LedgerCheckpointView
  /** Hashes, 64 hexadecimal digits each (RFC 9162, section 2.1.4). */
  readonly hashes: readonly string[]
}

/** What was pruned: texts up to row `until` are gone, `rows` of them just now. */
export type LedgerPrunedView = { readonly until: number; readonly rows: number }
