/**
 * A store in memory for the simulators, with the faults of a real disk on request.
 *
 * The *disk* outlives a crash of the control plane; a *store* is one control plane's hold on it. After an outcome that is unknown to the
 * caller the store refuses everything, as the SQLite one does, and the caller opens the disk again. Nothing here reads a clock or is random:
 * the same calls give the same rows.
 */
import { SluiceError } from '../../core/errors.ts'
import { chainHash, genesisHash, placeTail, unknownActor } from '../../core/ledger/entry.ts'
import { foldPerfect, leafOfRow, tileWidth } from '../../core/ledger/merkle.ts'
import { formatCursor, listedByMaking, parseCursor } from '../../core/list-cursor.ts'
import { ledgerStart } from '../../core/ledger/verify.ts'
import { sha256Bytes } from '../../lib/hash-bytes.ts'
import { checkCommit, madeAt, tailsOf, versionAfter } from './checks.ts'
import { refusalError, refuseEpoch, refuseMissing, refuseRequest, refuseVersion } from './refusals.ts'
import type { AggregateKey, AggregateKind, LedgerRow } from '../../core/ledger/entry.ts'
import type { HashSpan } from '../../core/ledger/merkle-proof.ts'
import type { Anchor } from '../../core/ledger/verify.ts'
import type { Sha256 } from '../../core/model.ts'
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
  Transition,
} from '../../ports/store.ts'

/**
 * What the disk does with a commit. `full`: refused, nothing written. `failed_before` and `failed_after`: the caller learns only that it
 * failed; in truth it was not, or was, written.
 */
export type CommitFault = 'none' | 'full' | 'failed_before' | 'failed_after'

/** Faults of one store, asked at each call; without them nothing fails and nothing waits. */
export type MemoryFaults = {
  /** Asked once for each commit that is not refused for its own sake. */
  readonly commit?: (commit: Commit) => CommitFault
  /** Awaited before a commit reaches the disk, and between its being durable and its being acknowledged. */
  readonly pause?: (stage: 'sent' | 'durable') => Promise<void>
}

/** What survives a crash. The plain getters are for invariants of simulations: no promise, no copy. */
export type MemoryDisk = {
  /** A new control plane's store on this disk. */
  readonly open: (faults?: MemoryFaults) => Store
  /** Another control plane takes the right to write, now. */
  readonly takeLease: (owner: string) => Lease
  readonly aggregates: () => Iterable<Stored>
  readonly rows: () => readonly LedgerRow[]
  readonly effects: () => Iterable<StoredEffect>
}

type Data = {
  lease: Lease | null
  readonly aggregates: Map<string, Stored>
  readonly unsettled: Map<string, Stored>
  readonly rows: LedgerRow[]
  readonly rowsByAggregate: Map<string, LedgerRow[]>
  readonly effects: Map<string, Map<string, StoredEffect>>
  readonly summaries: Map<string, unknown>
  readonly requests: Map<string, RequestRecord>
  readonly sha256: Sha256
}

const nameOf = (key: AggregateKey): string => `${key.kind}/${key.id}`

/** An empty disk. `sha256` hashes the ledger; a simulation that does not verify hashes may pass a cheaper function. */
export const createMemoryDisk = (sha256: Sha256): MemoryDisk => {
  const data: Data = {
    lease: null,
    aggregates: new Map(),
    unsettled: new Map(),
    rows: [],
    rowsByAggregate: new Map(),
    effects: new Map(),
    summaries: new Map(),
    requests: new Map(),
    sha256,
  }
  return {
    open: (faults = {}) => new MemoryStore(data, faults),
    takeLease: (owner) => takeLease(data, owner),
    aggregates: () => data.aggregates.values(),
    rows: () => data.rows,
    effects: function* () {
      for (const effects of data.effects.values()) yield* effects.values()
    },
  }
}

class MemoryStore implements Store {
  readonly #data: Data
  readonly #faults: MemoryFaults
  #ended: string | null = null

  constructor(data: Data, faults: MemoryFaults) {
    this.#data = data
    this.#faults = faults
  }

  async acquireLease(owner: string): Promise<Lease> {
    this.#assertOpen()
    return takeLease(this.#data, owner)
  }

  async commit(commit: Commit): Promise<readonly LedgerRow[]> {
    this.#assertOpen()
    checkCommit(commit)
    const tails = tailsOf(commit)
    if (this.#faults.pause !== undefined) {
      await this.#faults.pause('sent')
      this.#assertOpen()
    }
    refuseStale(this.#data, commit)
    const fault = this.#faults.commit?.(commit) ?? 'none'
    if (fault === 'full') throw new SluiceError('store_full', { detail: 'The disk is full.' })
    if (fault === 'failed_before') this.#fail()
    const rows = write(this.#data, commit, tails)
    if (fault === 'failed_after') this.#fail()
    if (this.#faults.pause !== undefined) await this.#faults.pause('durable')
    return rows
  }

  async load(key: AggregateKey): Promise<Stored | null> {
    this.#assertOpen()
    return this.#data.aggregates.get(nameOf(key)) ?? null
  }

  async open(machineVersions: Readonly<Record<AggregateKind, number>>): Promise<readonly Stored[]> {
    this.#assertOpen()
    return [...this.#data.unsettled.values()]
      .filter((stored) => stored.machineVersion <= machineVersions[stored.key.kind])
      .sort((a, b) => compareText(a.key.kind, b.key.kind) || compareText(a.key.id, b.key.id))
  }

  async claim(key: AggregateKey, lease: Lease): Promise<number> {
    this.#assertOpen()
    if (!holds(this.#data, lease)) throw refusalError(refuseEpoch(lease, this.#data.lease))
    const stored = this.#data.aggregates.get(nameOf(key))
    if (stored === undefined) throw refusalError(refuseMissing(key))
    put(this.#data, { ...stored, claims: stored.claims + 1 })
    return stored.claims + 1
  }

  async list(query: ListQuery): Promise<{ readonly items: readonly Stored[]; readonly next: string | null }> {
    this.#assertOpen()
    const after = query.cursor === undefined ? null : parseCursor(query.cursor)
    const found = [...this.#data.aggregates.values()]
      .filter(({ key }) => key.kind === query.kind && key.id.startsWith(query.idPrefix ?? ''))
      .sort((a, b) => b.updatedAt - a.updatedAt || compareText(b.key.id, a.key.id))
      .filter(
        ({ key, updatedAt }) =>
          after === null || updatedAt < after.updatedAt || (updatedAt === after.updatedAt && key.id < after.id),
      )
    const items = found.slice(0, query.limit)
    const last = items.at(-1)
    const more = found.length > items.length && last !== undefined
    return { items, next: more ? formatCursor({ updatedAt: last.updatedAt, id: last.key.id }) : null }
  }

  async summaries(query: ListQuery): Promise<{ readonly items: readonly Listed[]; readonly next: string | null }> {
    const { items, next } = await this.list(query)
    return {
      items: items.map(({ key, updatedAt }) => ({
        key,
        updatedAt,
        summary: this.#data.summaries.get(nameOf(key)) ?? null,
      })),
      next,
    }
  }

  async ledger(query: LedgerQuery): Promise<readonly LedgerRow[]> {
    this.#assertOpen()
    if (query.key === undefined) return this.#data.rows.slice(query.after, query.after + query.limit)
    const rows = this.#data.rowsByAggregate.get(nameOf(query.key)) ?? []
    return rows.filter(({ seq }) => seq > query.after).slice(0, query.limit)
  }

  async rowsOf({ after, until, kinds }: RowSpan): Promise<readonly LedgerRow[]> {
    this.#assertOpen()
    return this.#data.rows.slice(after, until).filter(({ key }) => kinds.includes(key.kind))
  }

  async prune({ after, until }: Omit<RowSpan, 'kinds'>): Promise<number> {
    this.#assertOpen()
    const { rows, rowsByAggregate, unsettled } = this.#data
    let count = 0
    for (const row of rows.slice(after, until)) {
      const name = nameOf(row.key)
      if (row.isPruned === true || unsettled.has(name)) continue
      const { where: _where, ...rest } = row
      const pruned = { ...rest, actor: unknownActor, reason: null, body: null, isPruned: true } as const
      rows[row.seq - 1] = pruned
      rowsByAggregate.set(
        name,
        (rowsByAggregate.get(name) ?? []).map((own) => (own.seq === row.seq ? pruned : own)),
      )
      count += 1
    }
    return count
  }

  async forget({ kind, before, limit }: OldAggregates): Promise<number> {
    this.#assertOpen()
    const { aggregates, summaries } = this.#data
    const old = [...aggregates.values()]
      .filter(({ key, settled, updatedAt }) => key.kind === kind && settled && updatedAt < before)
      .sort((a, b) => a.updatedAt - b.updatedAt || compareText(a.key.id, b.key.id))
      .slice(0, limit)
    for (const { key } of old) {
      aggregates.delete(nameOf(key))
      summaries.delete(nameOf(key))
    }
    return old.length
  }

  async anchor(): Promise<Anchor> {
    this.#assertOpen()
    const last = this.#data.rows.at(-1)
    return last === undefined ? ledgerStart : { seq: last.seq, hash: last.hash }
  }

  async treeHashes({ level, from, count }: HashSpan): Promise<readonly Uint8Array[]> {
    this.#assertOpen()
    const width = tileWidth ** level
    const rows = this.#data.rows.slice(from * width, (from + count) * width)
    const leaves = rows.map((row) => leafOfRow(row.hash, sha256Bytes))
    return Array.from({ length: Math.floor(leaves.length / width) }, (_, at) =>
      foldPerfect(leaves.slice(at * width, (at + 1) * width), sha256Bytes),
    )
  }

  async head(): Promise<number> {
    this.#assertOpen()
    return this.#data.rows.length
  }

  async effects(key: AggregateKey): Promise<readonly StoredEffect[]> {
    this.#assertOpen()
    const effects = this.#data.effects.get(nameOf(key))?.values() ?? []
    return [...effects].sort((a, b) => compareText(a.key, b.key))
  }

  async request(key: string): Promise<RequestRecord | null> {
    this.#assertOpen()
    return this.#data.requests.get(key) ?? null
  }

  async releaseBallast(): Promise<void> {
    this.#assertOpen()
  }

  async close(): Promise<void> {
    this.#ended ??= 'The store was closed.'
  }

  #fail(): never {
    this.#ended = 'An earlier commit failed with an unknown outcome.'
    throw new SluiceError('store_failed', { detail: 'The disk reported an error while committing.' })
  }

  #assertOpen(): void {
    if (this.#ended !== null) throw new SluiceError('store_failed', { detail: this.#ended })
  }
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const takeLease = (data: Data, owner: string): Lease => {
  data.lease = { owner, epoch: (data.lease?.epoch ?? 0) + 1 }
  return data.lease
}

const holds = (data: Data, lease: Lease): boolean =>
  data.lease !== null && data.lease.epoch === lease.epoch && data.lease.owner === lease.owner

const refuseStale = (data: Data, commit: Commit): void => {
  if (!holds(data, commit.lease)) throw refusalError(refuseEpoch(commit.lease, data.lease))
  for (const { key, expectedVersion } of commit.transitions) {
    const version = data.aggregates.get(nameOf(key))?.version ?? 0
    if (version !== expectedVersion) throw refusalError(refuseVersion(key, expectedVersion, version))
  }
  if (commit.request !== null && data.requests.has(commit.request.key))
    throw refusalError(refuseRequest(commit.request.key))
}

const put = (data: Data, stored: Stored): void => {
  const name = nameOf(stored.key)
  data.aggregates.set(name, stored)
  if (stored.settled) data.unsettled.delete(name)
  else data.unsettled.set(name, stored)
}

const write = (data: Data, commit: Commit, tails: readonly (readonly string[])[]): readonly LedgerRow[] => {
  const before = data.rows.length
  for (const [index, transition] of commit.transitions.entries()) {
    append(data, transition, tails[index] ?? [])
    keepEffects(data, transition)
    const { key, machineVersion, state, settled, nextAt } = transition
    const version = versionAfter(transition)
    const before = data.aggregates.get(nameOf(key))
    if (transition.summary !== undefined) data.summaries.set(nameOf(key), transition.summary)
    const known = {
      key,
      version,
      settled,
      nextAt,
      claims: 0,
      updatedAt: key.kind === listedByMaking && before !== undefined ? before.updatedAt : madeAt(transition),
    }
    if (transition.writes === 'state' || before === undefined)
      put(data, { ...known, machineVersion, state, stateVersion: version, since: [] })
    else put(data, { ...before, ...known, since: [...before.since, ...transition.entries] })
  }
  if (commit.request !== null) data.requests.set(commit.request.key, commit.request)
  return data.rows.slice(before)
}

const append = (data: Data, transition: Transition, tails: readonly string[]): void => {
  const name = nameOf(transition.key)
  const own = data.rowsByAggregate.get(name) ?? []
  data.rowsByAggregate.set(name, own)
  for (const [index, entry] of transition.entries.entries()) {
    const seq = data.rows.length + 1
    const previousHash = data.rows.at(-1)?.hash ?? genesisHash
    const row = {
      ...entry,
      seq,
      previousHash,
      hash: chainHash(previousHash, placeTail(seq, tails[index] ?? ''), data.sha256),
    }
    data.rows.push(row)
    own.push(row)
  }
}

const keepEffects = (data: Data, transition: Transition): void => {
  const name = nameOf(transition.key)
  if (transition.settled) {
    data.effects.delete(name)
    return
  }
  const effects = data.effects.get(name) ?? new Map<string, StoredEffect>()
  data.effects.set(name, effects)
  for (const key of transition.finished ?? []) {
    const effect = effects.get(key)
    if (effect !== undefined) effects.set(key, { ...effect, status: 'finished' })
  }
  for (const effect of transition.effects) {
    effects.set(effect.key, { ...effect, aggregate: transition.key, status: 'intent', at: madeAt(transition) })
  }
}
