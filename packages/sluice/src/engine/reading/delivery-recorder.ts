/**
 * Keeps the record of deliveries up with the ledger. Each row is looked at once: the record is kept, and goes on where it stood, also after a restart. Only rows of
 * the kinds that it is made of are read, and a rollout's own once it is over.
 */
import { SluiceError } from '../../core/errors.ts'
import { foldDelivery } from '../../core/dora/delivery.ts'
import {
  type DeliveredCommit,
  type DeliveryRecord,
  emptyRecord,
  foldRecord,
  type Found,
  lookupOf,
  type Recorded,
  recordedKinds,
  recordForm,
} from '../../core/dora/record.ts'
import type { LedgerRow } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import { type Commit, type ReleaseId, rolloutId } from '../../core/model.ts'
import type { Clock, Log } from '../../ports/clock.ts'
import type { Projections } from '../../ports/projections.ts'
import type { Source } from '../../ports/source.ts'
import type { Store } from '../../ports/store.ts'
import type { Reading } from './reading.ts'

/** What it works with. */
export type DeliveryRecorderParts = {
  readonly store: Pick<Store, 'anchor' | 'ledger' | 'rowsOf'>
  readonly reading: Pick<Reading, 'release' | 'run'>
  readonly source: Pick<Source, 'commitsBetween'>
  readonly projections: Projections
  readonly clock: Clock
  readonly log: Log
}

const projectionName = 'deliveries'

/** See the file's header. */
export class DeliveryRecorder {
  readonly #parts: DeliveryRecorderParts
  #record: DeliveryRecord | null = null
  #keptSeq = 0
  #catchingUp: Promise<DeliveryRecord> | null = null

  constructor(parts: DeliveryRecorderParts) {
    this.#parts = parts
  }

  /** The record up to the last row that is durable. Who asks while another one waits gets the same answer. */
  record(signal: AbortSignal): Promise<DeliveryRecord> {
    this.#catchingUp ??= this.#catchUp(signal).finally(() => (this.#catchingUp = null))
    return this.#catchingUp
  }

  async #catchUp(signal: AbortSignal): Promise<DeliveryRecord> {
    const { store } = this.#parts
    let record = this.#record ?? (await this.#read())
    const head = await store.anchor()
    while (record.seq < head.seq) {
      const until = Math.min(head.seq, record.seq + limits.recordPortionRows)
      for (const row of await store.rowsOf({ after: record.seq, until, kinds: recordedKinds }))
        record = foldRecord(record, row, await this.#lookUp(record, row, signal))
      const hash =
        until === head.seq ? head.hash : ((await store.ledger({ after: until - 1, limit: 1 }))[0]?.hash ?? '')
      record = { ...record, seq: until, hash }
      this.#record = record
      // What is read is read without a wait: everybody else has their turn.
      await new Promise<void>((resolve) => this.#parts.clock.after(0, resolve))
    }
    this.#record = record
    if (record.seq - this.#keptSeq >= limits.recordKeptRows) await this.#keep(record)
    return record
  }

  async #keep(record: DeliveryRecord): Promise<void> {
    try {
      await this.#parts.projections.keep(projectionName, JSON.stringify(record))
      this.#keptSeq = record.seq
    } catch (error) {
      this.#parts.log.warn('record_not_kept', { error: String(error) })
    }
  }

  /** What was kept, if it is of this ledger. */
  async #read(): Promise<DeliveryRecord> {
    const record = parseRecord(await this.#parts.projections.read(projectionName))
    if (record === null || record.seq === 0) return emptyRecord
    const [row] = await this.#parts.store.ledger({ after: record.seq - 1, limit: 1 })
    if (row?.hash !== record.hash) return emptyRecord
    this.#keptSeq = record.seq
    return record
  }

  async #lookUp(record: DeliveryRecord, row: LedgerRow, signal: AbortSignal): Promise<Found> {
    const lookup = lookupOf(row)
    if (lookup === null) return {}
    if (lookup.kind === 'run') return { runMs: await this.#runMs(lookup.run) }
    const delivery = foldDelivery(await this.#rowsOfRollout(lookup.rollout))
    if (delivery === null) return { delivery: null }
    const commits = await this.#commitsOf(record, delivery, signal)
    return { delivery: { ...delivery, ...commits } }
  }

  async #rowsOfRollout(id: string): Promise<readonly LedgerRow[]> {
    const rows: LedgerRow[] = []
    for (;;) {
      const key = { kind: 'rollout', id: rolloutId(id) } as const
      const page = await this.#parts.store.ledger({ after: rows.at(-1)?.seq ?? 0, limit: limits.pageItemsMax, key })
      rows.push(...page)
      if (page.length < limits.pageItemsMax) return rows
    }
  }

  async #runMs(id: string): Promise<number | null> {
    try {
      const run = await this.#parts.reading.run(id)
      return 'settledAt' in run ? run.settledAt - run.startedAt : null
    } catch (error) {
      if (error instanceof SluiceError && error.code === 'not_found') return null
      throw error
    }
  }

  /** The commits between what served and what came; the release's own where the history is not here to ask. */
  async #commitsOf(
    record: DeliveryRecord,
    {
      from,
      release,
      purpose,
    }: { readonly from: ReleaseId | null; readonly release: ReleaseId; readonly purpose: string },
    signal: AbortSignal,
  ): Promise<Pick<Recorded, 'commits' | 'commitsFrom'>> {
    const commitOf = async (id: ReleaseId): Promise<Commit | null> =>
      this.#parts.reading.release(id).then(
        ({ content }) => content.commit,
        () => null,
      )
    const own = await commitOf(release)
    const before = from === null ? null : await commitOf(from)
    const alone = { commits: own === null ? [] : [delivered(own)], commitsFrom: 'release' } as const
    if (own === null || before === null || purpose === 'rollback' || before.id === own.id) return alone
    try {
      const between = await this.#parts.source.commitsBetween(before.id, own.id, limits.deliveredCommitsMax, signal)
      const commits = between.filter(({ subject }) => !isMerge(subject)).map(delivered)
      return commits.length === 0 ? alone : { commits, commitsFrom: 'history' }
    } catch (error) {
      this.#parts.log.warn('commits_unknown', { release, rows: record.seq, error: String(error) })
      return alone
    }
  }
}

const delivered = ({ id, committedAt, author }: Commit): DeliveredCommit => ({ id, committedAt, author })

const isMerge = (subject: string): boolean =>
  /^Merge (?:branch|pull request|remote-tracking branch|tag|commit) /.test(subject)

/** Parser of what was kept: another form, or anything else, is none. Its content is trusted once its hash is a row's of this ledger. */
const parseRecord = (text: string | null): DeliveryRecord | null => {
  if (text === null) return null
  try {
    const value = JSON.parse(text) as DeliveryRecord | null
    return value !== null && typeof value === 'object' && value.form === recordForm ? value : null
  } catch {
    return null
  }
}
