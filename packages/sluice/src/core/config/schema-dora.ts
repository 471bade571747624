/** The keys of `dora`: how deliveries are measured. */
import { z } from 'zod'
import { doraDefaults, type DoraSettings } from '../dora/settings.ts'
import { limits } from '../limits.ts'
import { key, longDuration } from './fields.ts'
import { isZone } from './zones.ts'

/** How the DORA metrics are made. */
export const doraSchema: z.ZodType<DoraSettings> = z
  .strictObject(
    {
      zone: key(
        z
          .string('expected a time zone')
          .refine(isZone, "expected the name of a time zone such as 'Europe/Berlin'")
          .default(doraDefaults.zone),
        { description: 'IANA time zone of the days on which deliveries are counted.', examples: ['Europe/Berlin'] },
      ),
      window: key(longDuration(limits.doraWindowMsMin, limits.doraWindowMsMax).prefault('90d'), {
        description: 'The period that is looked at when none is named.',
        examples: ['30d'],
      }),
      attributionWindow: key(longDuration(limits.doraAttributionMsMin, limits.doraAttributionMsMax).prefault('1h'), {
        description: 'How long after users came on a delivery an incident that names no release is still about it.',
        examples: ['30m'],
      }),
      canaryAborts: key(
        z
          .enum(['count', 'split', 'ignore'], "expected 'count', 'split' or 'ignore'")
          .default(doraDefaults.canaryAborts),
        {
          description:
            'Whether a rollout that came back before everybody was on it failed (`count`), failed and is shown apart (`split`), or is no delivery (`ignore`).',
          examples: ['ignore'],
        },
      ),
    },
    { error: "expected dora: { zone: 'Europe/Berlin', window: '30d' }" },
  )
  .transform(({ zone, window, attributionWindow, canaryAborts }) => ({
    zone,
    windowMs: window,
    attributionMs: attributionWindow,
    canaryAborts,
  }))
