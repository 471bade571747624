import { z } from 'zod'
import { duration, key } from './fields.ts'
import type { EnvironmentSettings } from './settings.ts'

/** What a release must have been through before, and whether it comes by itself. */
export const promotionSchema: z.ZodType<NonNullable<EnvironmentSettings['promotion']>> = z
  .strictObject(
    {
      soak: key(duration().prefault('0s'), {
        description:
          'How long the environment before must have served the release without a rollback; only time in which the control plane was there to see it counts.',
        examples: ['30m'],
      }),
      auto: key(z.boolean('expected true or false').default(false), {
        description: 'Whether Sluice promotes a release by itself once it has soaked and every gate is open.',
        examples: [true],
      }),
    },
    { error: "expected promotion settings: { soak: '30m', auto: true }" },
  )
  .transform(({ soak, auto }) => ({ soakMs: soak, auto }))

/** Who gives way in the queue. */
export const queueSchema: z.ZodType<NonNullable<EnvironmentSettings['queue']>> = z.strictObject(
  {
    supersede: key(z.enum(['older', 'none'], "expected 'older' or 'none'"), {
      description:
        "Whether what waits gives way to a newer release that comes to wait behind it ('older'), or to nobody ('none'). Default: 'none', and 'older' where releases are promoted by themselves.",
      examples: ['older'],
    }),
  },
  { error: "expected queue settings: { supersede: 'older' }" },
)
