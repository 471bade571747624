import type { AggregateKey, AggregateKind, LedgerEntry, LedgerRow } from '../core/ledger/entry.ts'
import type { HashSpan } from '../core/ledger/merkle-proof.ts'
import type { Anchor } from '../core/ledger/verify.ts'
import type { Fence } from '../core/model.ts'

/** An effect that may be performed once this is durable. */
export type EffectIntent = {
  /** `rolloutId/phase/step/target`: never an attempt, a time or a node. */
  readonly key: string
  readonly kind: string
  readonly fence: Fence
}

/** One aggregate's step from a version to the next versions; all parts of it are committed together or not at all. */
export type Transition = {
  readonly key: AggregateKey
  /** Version the decision was made on; 0 for a new aggregate. */
  readonly expectedVersion: number
  readonly machineVersion: number
  readonly state: unknown
  /** `state`: written whole. `entries`: only the ledger rows are; whoever loads the aggregate folds them into the state that was written last. */
  readonly writes: 'state' | 'entries'
  /** What lists tell of it: small, where the state may be large. Absent when it is as it was. */
  readonly summary?: unknown
  readonly settled: boolean
  /** When to wake it, epoch ms. */
  readonly nextAt: number | null
  /** At least one; the new version is `expectedVersion + entries.length`. */
  readonly entries: readonly LedgerEntry[]
  readonly effects: readonly EffectIntent[]
  /** Keys of earlier intents whose outcome this step records. Once the aggregate is settled, all of its intents are forgotten. */
  readonly finished?: readonly string[]
}

/** The right to write. `epoch` grows with each acquisition. */
export type Lease = { readonly owner: string; readonly epoch: number }

/** A caller's idempotency key, kept with the answer so that the same request asked again gets the same answer. */
export type RequestRecord = { readonly key: string; readonly digest: string; readonly answer: unknown }

/** What one transaction holds. */
export type Commit = {
  readonly lease: Lease
  readonly transitions: readonly Transition[]
  readonly request: RequestRecord | null
}

/** A stored aggregate: its state as it was written last, at `stateVersion`, and the entries since. */
export type Stored = {
  readonly key: AggregateKey
  readonly version: number
  readonly machineVersion: number
  readonly state: unknown
  readonly stateVersion: number
  readonly since: readonly LedgerEntry[]
  readonly settled: boolean
  readonly nextAt: number | null
  readonly claims: number
  /** When something happened to it last, epoch ms; to a release, first. Lists go by it. */
  readonly updatedAt: number
}

/** What lists tell of an aggregate; a null summary for one that an older Sluice wrote. */
export type Listed = { readonly key: AggregateKey; readonly updatedAt: number; readonly summary: unknown }

/** An intent as it is kept until its aggregate settles; `finished` once a transition recorded its outcome. */
export type StoredEffect = EffectIntent & {
  readonly aggregate: AggregateKey
  readonly status: 'intent' | 'finished'
  /** When the transition that issued it (last) was made, epoch ms. */
  readonly at: number
}

/** The durable state and ledger. Every method rejects with SluiceError only. */
export interface Store {
  /** Takes the right to write from whoever had it; older epochs are refused from now on. */
  acquireLease(owner: string, now: number): Promise<Lease>
  /**
   * Commits all transitions or none; durable when it resolves. `store_fenced`: a version or the epoch has moved on, drop all local state.
   * `store_full`: nothing was written. `store_failed`: unknown; exit, reopen, read. `command_conflict`: the idempotency key is already
   * used, nothing was written; `request` gives the earlier answer.
   */
  commit(commit: Commit): Promise<readonly LedgerRow[]>
  /** The aggregate, or null. */
  load(key: AggregateKey): Promise<Stored | null>
  /** Unsettled aggregates that this binary's machines understand (`machineVersion` ≤ the given one). */
  open(machineVersions: Readonly<Record<AggregateKind, number>>): Promise<readonly Stored[]>
  /** Counts one claim without progress and gives the new count; any commit of the aggregate resets it. `store_fenced`, `not_found`. */
  claim(key: AggregateKey, lease: Lease): Promise<number>
  /** Newest first, by when something happened to it last, releases by when they were cut: one that is held is not the newest for that; `before` is an `updatedAt`-ordered cursor given by the previous page. */
  list(query: ListQuery): Promise<{ readonly items: readonly Stored[]; readonly next: string | null }>
  /** The same list without the states. */
  summaries(
    query: Omit<ListQuery, 'idPrefix'>,
  ): Promise<{ readonly items: readonly Listed[]; readonly next: string | null }>
  /** Rows with `seq` > after, in order. */
  ledger(query: LedgerQuery): Promise<readonly LedgerRow[]>
  /** Takes the texts out of rows with `after` < `seq` ≤ `until` whose aggregates are settled; gives how many lost theirs now. Hashes stay. Safe to repeat. */
  prune(span: Omit<RowSpan, 'kinds'>): Promise<number>
  /** Forgets settled aggregates to which nothing happened since a moment, oldest first; gives how many. Their rows of the ledger stay, and so nobody may make one by such a key again. Safe to repeat. */
  forget(old: OldAggregates): Promise<number>
  /** Rows of some kinds with `after` < `seq` ≤ `until`, in order; whoever asks keeps the two so near that it fits into memory. */
  rowsOf(span: RowSpan): Promise<readonly LedgerRow[]>
  /** The last row and its hash; before the first row the start of the chain. */
  anchor(): Promise<Anchor>
  /** Hashes of the ledger's tree: at level 0 leaves, above it the roots of `256 ** level` leaves each. As many of the span as there are. */
  treeHashes(span: HashSpan): Promise<readonly Uint8Array[]>
  /** The number of the newest row; 0 when there is none. */
  head(): Promise<number>
  /** The intents of an unsettled aggregate, by key. */
  effects(key: AggregateKey): Promise<readonly StoredEffect[]>
  /** The answer given earlier to this idempotency key, or null. */
  request(key: string): Promise<RequestRecord | null>
  /** Frees the ballast, so that a full disk still takes a rollback. */
  releaseBallast(): Promise<void>
  close(): Promise<void>
}

/** A page of aggregates of one kind; `idPrefix` for an environment's or a service's. */
export type ListQuery = {
  readonly kind: AggregateKind
  readonly idPrefix?: string
  readonly limit: number
  readonly cursor?: string
}

/** A page of the ledger, of everything or of one aggregate. */
export type LedgerQuery = { readonly after: number; readonly limit: number; readonly key?: AggregateKey }

/** Aggregates of a kind to which nothing happened since `before`, epoch ms; at most `limit` of them. */
export type OldAggregates = { readonly kind: AggregateKind; readonly before: number; readonly limit: number }

/** Rows of some kinds, of at most four, between two numbers. */
export type RowSpan = { readonly after: number; readonly until: number; readonly kinds: readonly AggregateKind[] }
