/** Rows of the API's table. The ledger, and its rows as they become durable. */
import { z } from 'zod'
import { aggregateKinds } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import { at, because, count, moment, none, read, seq } from './parts.ts'
import type { Rows } from './spec.ts'

/** Which rows are meant. */
const filter = {
  who: z.string().max(200).optional().meta({ description: 'The name of whoever did it.' }),
  what: z.string().max(100).optional().meta({ description: 'The type of the event.' }),
  kind: z.enum(aggregateKinds).optional(),
  environment: z.string().max(200).optional(),
  from: moment.optional(),
  to: moment.optional().meta({ description: 'epoch ms; up to, not including' }),
}

/** The ledger, and its rows as they become durable. */
export const ledgerRows: Rows<'ledger' | 'events'> = {
  'ledger.page': {
    ...read,
    needs: 'view',
    summary:
      'Rows of the ledger in order: of everything, of one aggregate (`kind` and `id`), or those that are meant. An answer looks at a bounded number of rows, so that it may have none and a `next`.',
    query: z.strictObject({
      after: seq.optional(),
      limit: count(limits.pageItemsMax).optional(),
      ...filter,
      order: z
        .enum(['oldest', 'newest'])
        .optional()
        .meta({ description: '`newest`: backwards; then `next` is the next `before`.' }),
      before: seq.optional(),
      id: z.string().max(200).optional(),
    }),
    response: 'LedgerPage',
    errors: [],
  },
  'ledger.verify': {
    ...read,
    needs: 'view',
    summary: 'Checks the whole chain of hashes, and that the versions of every aggregate follow each other.',
    cli: 'ledger verify',
    response: 'LedgerVerification',
    errors: [],
  },
  'ledger.export': {
    ...read,
    needs: 'view',
    summary:
      'The ledger as JSON lines that `sluice ledger verify --file` checks without this server; with a filter those rows alone, out of their chain. `format=csv` for a spreadsheet.',
    cli: 'ledger export',
    query: z.strictObject({ after: seq.optional(), format: z.enum(['jsonl', 'csv']).optional(), ...filter }),
    response: 'ndjson',
  },
  'ledger.prune': {
    summary:
      'Takes the texts of rows of before a moment out of the ledger; their hashes stay, so that chain, tree and all other proofs hold. Rows of what is not over keep theirs. Is a row itself. Asked again under its idempotency key, it does what was left undone, and counts that.',
    cli: 'ledger prune',
    query: none,
    body: z.strictObject({ before: at, reason: because }),
    response: 'LedgerPruned',
    errors: ['ledger_broken', 'store_full', 'command_conflict'],
    needs: 'admin',
  },
  'ledger.checkpoint': {
    ...read,
    needs: 'view',
    summary: 'A signed checkpoint of the ledger: its number of rows and the root of their Merkle tree (RFC 9162).',
    cli: 'ledger checkpoint',
    query: z.strictObject({ size: seq.optional().meta({ description: 'of the first rows; of all when left out' }) }),
    response: 'LedgerCheckpoint',
    errors: ['not_found', 'ledger_broken'],
  },
  'ledger.inclusion': {
    ...read,
    needs: 'view',
    summary: 'The proof that a row is in the ledger of a checkpoint.',
    cli: 'ledger prove',
    query: z.strictObject({ seq, size: seq.optional() }),
    response: 'LedgerInclusion',
    errors: ['not_found', 'ledger_broken'],
  },
  'ledger.consistency': {
    ...read,
    needs: 'view',
    summary: 'The proof that the ledger begins with the rows that it had at an earlier checkpoint.',
    query: z.strictObject({ from: seq, to: seq.optional() }),
    response: 'LedgerConsistency',
    errors: ['not_found', 'ledger_broken'],
  },
  'events.stream': {
    ...read,
    needs: 'view',
    summary:
      'Ledger rows as they become durable (server-sent events). Ids are ledger numbers; `Last-Event-ID` or `after` goes on from there, else from now. A comment every 15 s. With `gap=snapshot`, who has missed too much gets one `snapshot` (as `environments.list` answers) and goes on from there.',
    query: z.strictObject({
      after: seq.optional(),
      kind: z.string().optional(),
      id: z.string().max(200).optional(),
      gap: z.literal('snapshot').optional(),
    }),
    response: 'sse',
    errors: ['overloaded'],
  },
}
