/** Schemas of the ledger. */
import { z } from 'zod'
import { aggregateKinds } from '../../core/ledger/entry.ts'
import type {
  LedgerCheckpointView,
  LedgerConsistencyView,
  LedgerInclusionView,
  LedgerPageView,
  LedgerPrunedView,
  LedgerVerificationView,
} from '../client/ledger-views.ts'
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
      isPruned: z.literal(true).exactOptional(),
      where: z
        .strictObject({ address: z.string().exactOptional(), client: z.string().exactOptional() })
        .exactOptional(),
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
    pruned: z.number().exactOptional().meta({ description: 'rows whose texts were taken out' }),
  }),
  z.strictObject({ status: z.literal('broken'), seq: z.number(), why: z.string(), detail: z.string() }),
])

const root = z.string().meta({ description: '64 hexadecimal digits' })

/** A signed checkpoint. */
export const ledgerCheckpoint: z.ZodType<LedgerCheckpointView> = z.strictObject({
  note: z.string().meta({ description: 'the signed note (C2SP tlog-checkpoint); keep it elsewhere' }),
  origin: z.string(),
  size: z.number(),
  root,
  key: z.string().meta({ description: 'the public key that signed it, as C2SP signed-note writes one' }),
})

/** A row's proof. */
export const ledgerInclusion: z.ZodType<LedgerInclusionView> = z.strictObject({
  seq: z.number(),
  size: z.number(),
  proof: z.string().meta({ description: 'the proof as a file (C2SP tlog-proof), the row in it' }),
  checkpoint: ledgerCheckpoint,
})

/** That the ledger goes on from what it was. */
export const ledgerConsistency: z.ZodType<LedgerConsistencyView> = z.strictObject({
  from: z.strictObject({ size: z.number(), root }),
  to: ledgerCheckpoint,
  hashes: z.array(root),
})

/** What was pruned. */
export const ledgerPruned: z.ZodType<LedgerPrunedView> = z.strictObject({ until: z.number(), rows: z.number() })
