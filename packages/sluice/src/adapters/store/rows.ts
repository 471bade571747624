/** Rows of the tables as the domain's records. A row is what a transaction of ours wrote, so its JSON is read without doubt. */
import { parseEntryText, unknownActor } from '../../core/ledger/entry.ts'
import { SluiceError } from '../../core/errors.ts'
import { aggregateKinds } from '../../core/ledger/entry.ts'
import type { AggregateKind, LedgerRow } from '../../core/ledger/entry.ts'
import type { Listed, RequestRecord, Stored, StoredEffect } from '../../ports/store.ts'
import type { Tables } from './schema.ts'

/** An aggregate's row, and the ledger rows since its state was written. */
export const storedOf = (row: Tables['aggregate'], since: readonly Tables['ledger'][]): Stored => ({
  key: { kind: kindOf(row.kind), id: row.id },
  version: row.version,
  machineVersion: row.machine_version,
  state: JSON.parse(row.state),
  stateVersion: row.state_version,
  since: since.map(ledgerRowOf),
  settled: row.settled === 1,
  nextAt: row.next_at,
  claims: row.claims,
  updatedAt: row.updated_at,
})

/** What a list without states selects. */
export type ListedRow = Pick<Tables['aggregate'], 'kind' | 'id' | 'updated_at'> & { readonly text: string | null }

/** A row of such a list. */
export const listedOf = (row: ListedRow): Listed => ({
  key: { kind: kindOf(row.kind), id: row.id },
  updatedAt: row.updated_at,
  summary: row.text === null ? null : JSON.parse(row.text),
})

/** A ledger row; `ledger_broken` when its text cannot be read. */
export const ledgerRowOf = (row: Tables['ledger']): LedgerRow => {
  if (row.text === '') return prunedRowOf(row)
  const entry = parseEntryText(row.text)
  if (entry === null) {
    throw new SluiceError('ledger_broken', {
      detail: `Row ${row.seq} of the ledger cannot be read.`,
      hint: 'Run sluice ledger verify to see the first row that is not as it was written.',
    })
  }
  return { ...entry, previousHash: row.previous_hash, hash: row.hash }
}

const prunedRowOf = ({ seq, kind, id, version, type, form, at, previous_hash, hash }: Tables['ledger']): LedgerRow => ({
  seq,
  key: { kind: kindOf(kind), id },
  version,
  type,
  form,
  at,
  actor: unknownActor,
  reason: null,
  body: null,
  previousHash: previous_hash,
  hash,
  isPruned: true,
})

/** An effect's row. */
export const effectOf = (row: Tables['effect']): StoredEffect => ({
  key: row.key,
  kind: row.kind,
  fence: { token: row.fence_token, sequence: row.fence_sequence },
  aggregate: { kind: kindOf(row.aggregate_kind), id: row.aggregate_id },
  status: row.status === 'finished' ? 'finished' : 'intent',
  at: row.at,
})

/** A request's row. */
export const requestOf = (row: Tables['request']): RequestRecord => ({
  key: row.key,
  digest: row.digest,
  answer: JSON.parse(row.answer),
})

const kindOf = (text: string): AggregateKind => {
  const kind = aggregateKinds.find((known) => known === text)
  if (kind !== undefined) return kind
  throw new SluiceError('store_newer', {
    detail: `The state holds a ${JSON.stringify(text)}, which this Sluice does not know.`,
    hint: 'Use the Sluice that wrote it, or a newer one.',
  })
}
