/**
 * The single writer. Takes groups of requests and writes each group in one transaction, so that many commits share one sync.
 *
 * Within a group each request is checked against what the ones before it wrote, and refused before it writes anything; so one that is fenced
 * leaves no trace and spoils nothing. Nothing is answered before the transaction is durable, refusals included: they may rest on it.
 */
import { hash } from 'node:crypto'
import { chainHash, genesisHash, placeTail } from '../../../core/ledger/entry.ts'
import { limits } from '../../../core/limits.ts'
import { assert } from '../../../core/machine.ts'
import { refuseEpoch, refuseMissing, refuseRequest, refuseVersion } from '../refusals.ts'
import { failureError, failureKind } from './failures.ts'
import { growTree, openTree } from './tree.ts'
import { databasePath } from './files.ts'
import type { SluiceError } from '../../../core/errors.ts'
import type { Frontier } from '../../../core/ledger/merkle.ts'
import type { Lease, OldAggregates } from '../../../ports/store.ts'
import type { Refusal } from '../refusals.ts'
import type { WriteStatements } from '../write-statements.ts'
import type { Ballast } from './ballast.ts'
import type { Connection } from './connection.ts'
import type { Failed, Outcome, PackedTransition, WriteRequest, Written } from './messages.ts'

/** Where the chain stands. */
type Head = { readonly seq: number; readonly hash: string }

const scope = 'writer'
const sha256 = (text: string): string => hash('sha256', text)

/** What the writer works with. */
export type WriterParts = {
  readonly directory: string
  readonly connection: Connection
  readonly statements: WriteStatements
  readonly ballast: Ballast
  /** Pages in the log that are worth a checkpoint. */
  readonly checkpointPages: number
}

/** Writes groups. After a failure with unknown outcome it refuses everything: the file must be opened again and read. */
export class Writer {
  readonly #parts: WriterParts
  #head: Head
  /** The Merkle tree over the rows up to the head. */
  #tree: Frontier
  #lease: Lease | null
  #failed: Failed | null = null
  /** Up to when kept answers were looked at, epoch ms. */
  #forgottenAt = 0

  constructor(parts: WriterParts) {
    this.#parts = parts
    this.#head = parts.connection.get<Head>(parts.statements.head, {}) ?? { seq: 0, hash: genesisHash }
    this.#tree = openTree(parts.connection, parts.statements, this.#head.seq)
    this.#lease = parts.connection.get<Lease>(parts.statements.lease, { scope })
  }

  /** Writes the requests in order in one transaction and gives their outcomes, in the same order. Never throws. */
  write(group: readonly WriteRequest[]): readonly Outcome[] {
    if (this.#failed !== null) return refuseAll(group, this.#failed)
    const [head, tree, lease] = [this.#head, this.#tree, this.#lease]
    try {
      return this.#transact(group)
    } catch (error) {
      this.#head = head
      this.#tree = tree
      this.#lease = lease
      return this.#recover(group, error)
    }
  }

  /** Moves the log into the database when it has grown; call it when nobody waits. */
  maintain(): void {
    if (this.#failed !== null) return
    try {
      const [log] = this.#parts.connection.ask('pragma wal_checkpoint(noop)')
      const pages = Number(log?.['log']) - Number(log?.['checkpointed'])
      if (pages < this.#parts.checkpointPages) return
      this.#parts.ballast.keep()
      this.#parts.connection.ask('pragma wal_checkpoint(passive)')
    } catch (error) {
      // A full disk only keeps the log long. Anything else leaves pages of unknown fate, and the log still has them: open again.
      if (failureKind(error) !== 'full') this.#fail(this.#errorFor(error, 'checkpointed'))
    }
  }

  #transact(group: readonly WriteRequest[]): readonly Outcome[] {
    const { connection } = this.#parts
    connection.exec('begin immediate')
    this.#lease = connection.get<Lease>(this.#parts.statements.lease, { scope })
    const outcomes = group.map((request) => this.#perform(request))
    connection.exec('commit')
    return outcomes
  }

  #perform(request: WriteRequest): Outcome {
    switch (request.kind) {
      case 'commit': {
        const refusal = this.#refusalOf(request)
        return refusal === null ? { ok: true, written: this.#commit(request) } : { ok: false, failed: refusal }
      }
      case 'take_lease':
        return { ok: true, written: { kind: 'lease_taken', lease: this.#takeLease(request) } }
      case 'claim':
        return this.#claim(request)
      case 'prune':
        return { ok: true, written: { kind: 'pruned', rows: this.#prune(request) } }
      case 'forget':
        return { ok: true, written: { kind: 'forgotten', aggregates: this.#forget(request.old) } }
    }
  }

  #refusalOf(commit: Extract<WriteRequest, { kind: 'commit' }>): Refusal | null {
    const { connection, statements } = this.#parts
    if (!this.#holds(commit.lease)) return refuseEpoch(commit.lease, this.#lease)
    for (const { key, expectedVersion } of commit.transitions) {
      const version = connection.get<{ readonly version: number }>(statements.version, key)?.version ?? 0
      if (version !== expectedVersion) return refuseVersion(key, expectedVersion, version)
    }
    const { request } = commit
    const used = request !== null && connection.get(statements.hasRequest, { key: request.key }) !== null
    return used ? refuseRequest(request.key) : null
  }

  #commit(commit: Extract<WriteRequest, { kind: 'commit' }>): Written {
    const { connection, statements } = this.#parts
    const before = this.#head
    const hashes = commit.transitions.flatMap((transition) => this.#write(transition))
    if (commit.request !== null) {
      connection.run(statements.keepRequest, commit.request)
      if (commit.request.at >= this.#forgottenAt + limits.requestsLookMs) this.#forgetRequests(commit.request.at)
    }
    return { kind: 'committed', seq: before.seq + 1, previousHash: before.hash, hashes }
  }

  #write(transition: PackedTransition): readonly string[] {
    const { connection, statements } = this.#parts
    const { key, expectedVersion: expected } = transition
    const { state } = transition
    const written = expected === 0 ? statements.insertAggregate : statements.updateAggregate
    const changed = connection.run(state === null ? statements.advanceAggregate : written, {
      ...key,
      expected,
      version: expected + transition.entries.length,
      settled: transition.settled,
      next_at: transition.nextAt,
      updated_at: transition.updatedAt,
      ...(state === null ? {} : { state, machine_version: transition.machineVersion }),
    })
    assert(changed === 1, `a checked transition of ${key.kind}/${key.id} finds its row`)
    if (transition.summary !== null) connection.run(statements.keepSummary, { ...key, text: transition.summary })
    this.#keepEffects(transition)
    return transition.entries.map((entry, index) => {
      const seq = this.#head.seq + 1
      const text = placeTail(seq, entry.tail)
      const next = chainHash(this.#head.hash, text, sha256)
      const { type, form, at } = entry
      const place = { seq, ...key, version: expected + index + 1, previous_hash: this.#head.hash, hash: next }
      connection.run(statements.appendLedger, { ...place, type, form, at, text })
      this.#head = { seq, hash: next }
      this.#tree = growTree(connection, statements, { frontier: this.#tree, hash: next })
      return next
    })
  }

  #keepEffects(transition: PackedTransition): void {
    const { connection, statements } = this.#parts
    const aggregate = { aggregate_kind: transition.key.kind, aggregate_id: transition.key.id }
    if (transition.settled === 1) {
      connection.run(statements.forgetEffects, aggregate)
      return
    }
    for (const key of transition.finished) connection.run(statements.finishEffect, { ...aggregate, key })
    for (const { key, kind, fence } of transition.effects) {
      const fences = { fence_token: fence.token, fence_sequence: fence.sequence }
      connection.run(statements.keepEffect, { ...aggregate, key, kind, ...fences, at: transition.updatedAt })
    }
  }

  #takeLease(request: Extract<WriteRequest, { kind: 'take_lease' }>): Lease {
    const { connection, statements } = this.#parts
    const lease = { owner: request.owner, epoch: (this.#lease?.epoch ?? 0) + 1 }
    connection.run(statements.takeLease, { scope, ...lease, at: request.at })
    this.#forgetRequests(request.at)
    this.#lease = lease
    return lease
  }

  /** Whoever keeps an answer takes the old ones away, so that a control plane that runs for months keeps no more than those of a day. */
  #forgetRequests(now: number): void {
    const { connection, statements } = this.#parts
    connection.run(statements.forgetRequests, { before: now - limits.requestKeptMs })
    this.#forgottenAt = now
  }

  #claim({ key, lease }: Extract<WriteRequest, { kind: 'claim' }>): Outcome {
    if (!this.#holds(lease)) return { ok: false, failed: refuseEpoch(lease, this.#lease) }
    const row = this.#parts.connection.get<{ readonly claims: number }>(this.#parts.statements.claim, key)
    return row === null
      ? { ok: false, failed: refuseMissing(key) }
      : { ok: true, written: { kind: 'claimed', claims: row.claims } }
  }

  #prune({ after, until }: Extract<WriteRequest, { kind: 'prune' }>): number {
    const { connection, statements } = this.#parts
    connection.run(statements.pruneUntil, { until: String(until), until_number: until })
    return connection.run(statements.prune, { after, until })
  }

  #forget(old: OldAggregates): number {
    const { connection, statements } = this.#parts
    connection.run(statements.forgetSummaries, old)
    return connection.run(statements.forgetAggregates, old)
  }

  #holds(lease: Lease): boolean {
    return this.#lease !== null && this.#lease.epoch === lease.epoch && this.#lease.owner === lease.owner
  }

  #recover(group: readonly WriteRequest[], error: unknown): readonly Outcome[] {
    try {
      // SQLite has rolled back by itself after some errors, not after others.
      if (this.#parts.connection.inTransaction()) this.#parts.connection.exec('rollback')
    } catch (second) {
      return refuseAll(group, this.#fail(this.#errorFor(second, 'rolled back')))
    }
    if (failureKind(error) !== 'full') return refuseAll(group, this.#fail(this.#errorFor(error, 'written')))
    const [only] = group
    // What one cannot have, a smaller one may: a rollback must not fail for its neighbours' size.
    if (group.length > 1) return group.flatMap((request) => this.write([request]))
    if (only?.kind === 'take_lease' && this.#parts.ballast.release()) return this.write(group)
    return refuseAll(group, failedOf(this.#errorFor(error, 'written')))
  }

  #errorFor(error: unknown, doing: string): SluiceError {
    return failureError(error, doing, databasePath(this.#parts.directory))
  }

  #fail(error: SluiceError): Failed {
    this.#failed ??= failedOf(error)
    return this.#failed
  }
}

/** An error as data. */
export const failedOf = ({ code, detail, hint }: SluiceError): Failed => ({ code, detail, hint })

const refuseAll = (group: readonly WriteRequest[], failed: Failed): readonly Outcome[] =>
  group.map(() => ({ ok: false, failed }))
