import { SluiceError } from '../../core/errors.ts'
import { entryText } from '../../core/ledger/entry.ts'
import { hexOfBytes } from '../../core/ledger/merkle.ts'
import { formatRowProof, hexOfAll } from '../../core/ledger/proof-file.ts'
import { createVerifier } from '../../core/ledger/verify.ts'
import type { LedgerLine } from '../../core/ledger/verify.ts'
import type { LedgerRow } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import type { SignedCheckpoint } from '../../engine/reading/ledger-book.ts'
import type { LedgerCheckpointView } from '../client/ledger-views.ts'
import type { Handlers } from '../context.ts'
import { filterOf, keyOfQuery, meansAll, meantPage, newestPage } from './ledger-rows.ts'
import { ledgerPages } from './lookup.ts'

/** Answers from the ledger. */
export const ledgerHandlers: Handlers<
  'ledger.page' | 'ledger.prune' | 'ledger.verify' | 'ledger.checkpoint' | 'ledger.inclusion' | 'ledger.consistency'
> = {
  'ledger.page': async ({ engine }, { query }) => {
    const { after = 0, limit = limits.pageItemsDefault } = query
    const key = keyOfQuery(query)
    const filter = filterOf(key === null ? query : { ...query, kind: undefined })
    if (query.order === 'newest') {
      if (key !== null) throw backwards()
      // There is nothing beyond the head to look through.
      const end = (await engine.reading.head()) + 1
      const before = Math.min(query.before ?? end, end)
      return newestPage(engine, filter, { before, limit })
    }
    if (key === null && !meansAll(filter)) return meantPage(engine, filter, { after, limit })
    const rows = await engine.ledger({ after, limit, ...(key === null ? {} : { key }) })
    return { rows, next: rows.length < limit ? null : (rows.at(-1)?.seq ?? null) }
  },
  'ledger.verify': async ({ engine, sha256 }) => {
    const verifier = createVerifier({ sha256 })
    for await (const page of ledgerPages(engine, {})) {
      for (const row of page) {
        const fault = verifier.add(lineOf(row))
        if (fault !== null) return fault
      }
    }
    return verifier.end()
  },
  'ledger.prune': ({ engine, book }, { body, caller }) =>
    engine.prune({ before: body.before, book }, { ...caller, reason: body.reason }),
  'ledger.checkpoint': async ({ book }, { query }) => checkpointView(await book.checkpoint(query.size ?? null)),
  'ledger.inclusion': async ({ book }, { query }) => {
    const { proof, by } = await book.inclusion(query.seq, query.size ?? null)
    return { seq: query.seq, size: by.checkpoint.size, proof: formatRowProof(proof), checkpoint: checkpointView(by) }
  },
  'ledger.consistency': async ({ book }, { query }) => {
    const { before, after, proof } = await book.consistency(query.from, query.to ?? null)
    return {
      from: { size: before.size, root: hexOfBytes(before.root) },
      to: checkpointView(after),
      hashes: hexOfAll(proof),
    }
  },
}

const backwards = (): SluiceError =>
  new SluiceError('usage_invalid', {
    detail: 'the rows of one aggregate come oldest first',
    hint: 'leave order=newest out, or the id',
  })

const checkpointView = ({ note, key, checkpoint }: SignedCheckpoint): LedgerCheckpointView => ({
  note,
  key,
  origin: checkpoint.origin,
  size: checkpoint.size,
  root: hexOfBytes(checkpoint.root),
})

const lineOf = (row: LedgerRow): LedgerLine =>
  row.isPruned === true
    ? { seq: row.seq, text: '', previousHash: row.previousHash, hash: row.hash, columns: { ...row, ...row.key } }
    : {
        seq: row.seq,
        text: entryText(row.seq, row),
        previousHash: row.previousHash,
        hash: row.hash,
        entry: row,
      }
