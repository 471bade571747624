/** The keys of the ledger. */
import { z } from 'zod'
import { limits } from '../limits.ts'
import { key, longDuration } from './fields.ts'
import type { Settings } from './settings.ts'

/** How the ledger is kept. */
export const ledgerSchema: z.ZodType<NonNullable<Settings['ledger']>> = z
  .strictObject(
    {
      keep: key(longDuration(limits.retentionMsMin, limits.retentionMsMax), {
        description:
          'How long rows of the ledger keep their texts; of older ones the hashes stay, so that chain and proofs hold. At least 30 days.',
        unit: 'duration',
        examples: ['400d'],
      }),
    },
    { error: "expected ledger: { keep: '400d' }" },
  )
  .transform(({ keep }) => ({ keepMs: keep }))
