/** The keys of the ledger. */
import { z } from 'zod'
import { limits } from '../limits.ts'
import { duration, key } from './fields.ts'
import type { Settings } from './settings.ts'
import { renderDuration } from './units.ts'

/** How the ledger is kept. */
export const ledgerSchema: z.ZodType<NonNullable<Settings['ledger']>> = z
  .strictObject(
    {
      keep: key(
        duration().refine(
          (ms) => ms >= limits.retentionMsMin,
          `expected at least ${renderDuration(limits.retentionMsMin)}`,
        ),
        {
          description:
            'How long rows of the ledger keep their texts; of older ones the hashes stay, so that chain and proofs hold. At least 30 days.',
          unit: 'duration',
          examples: ['400d'],
        },
      ),
    },
    { error: "expected ledger: { keep: '400d' }" },
  )
  .transform(({ keep }) => ({ keepMs: keep }))
