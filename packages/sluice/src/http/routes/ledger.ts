/** Rows of the API's table. The ledger, and its rows as they become durable. */
import { z } from 'zod'
import { aggregateKinds } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import { count, read, seq } from './parts.ts'
import type { Rows } from './spec.ts'

/** The ledger, and its rows as they become durable. */
export const ledgerRows: Rows<'ledger' | 'events'> = {
  'ledger.page': {
    ...read,
    needs: 'view',
    summary: 'Rows of the ledger in order, of everything or of one aggregate.',
    query: z.strictObject({
      after: seq.optional(),
      limit: count(limits.pageItemsMax).optional(),
      kind: z.enum(aggregateKinds).optional(),
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
    summary: 'The ledger as JSON lines that `sluice ledger verify --file` checks without this server.',
    cli: 'ledger export',
    query: z.strictObject({ after: seq.optional() }),
    response: 'ndjson',
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
