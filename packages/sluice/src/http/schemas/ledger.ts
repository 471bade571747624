/** Schemas of the ledger. */
import { z } from 'zod'
import { aggregateKinds } from '../../core/ledger/entry.ts'
import type { LedgerPageView, LedgerVerificationView } from '../client/views.ts'
import { actor, at } from './fields.ts'

/** Rows. */
export const ledgerPage: z.ZodType<LedgerPageView> = z.strictObject({
  rows: z.array(
    z.strictObject({
      seq: z.number(),
      key: z.strictObject({ kind: z.enum(aggregateKinds), id: z.string() }),
      version: z.number(),
      type: z.string(),
      form: z.number(),
      at,
      actor,
      reason: z.string().nullable(),
      body: z.unknown(),
      previousHash: z.string(),
      hash: z.string(),
    }),
  ),
  next: z.number().nullable(),
})

/** Whether it is whole. */
export const ledgerVerification: z.ZodType<LedgerVerificationView> = z.union([
  z.strictObject({
    status: z.literal('whole'),
    rows: z.number(),
    head: z.strictObject({ seq: z.number(), hash: z.string() }),
  }),
  z.strictObject({ status: z.literal('broken'), seq: z.number(), why: z.string(), detail: z.string() }),
])
