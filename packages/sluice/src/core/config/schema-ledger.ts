/** The keys of the ledger. */
import { z } from 'zod'
import { limits } from '../limits.ts'
import { key } from './fields.ts'
import type { Settings } from './settings.ts'
import { durationForm, parseDuration, renderDuration } from './units.ts'

/** How the ledger is kept. */
export const ledgerSchema: z.ZodType<NonNullable<Settings['ledger']>> = z
  .strictObject(
    {
      keep: key(
        z
          .string("expected a duration such as '400d'")
          .regex(durationForm, "expected a duration such as '400d'")
          // Longer than any other duration of the config may be.
          .transform((text) => parseDuration(text) ?? 0)
          .refine(
            (ms) => ms >= limits.retentionMsMin && ms <= limits.retentionMsMax,
            `expected at least ${renderDuration(limits.retentionMsMin)}, and at most ${renderDuration(limits.retentionMsMax)}`,
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
