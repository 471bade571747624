import { z } from 'zod'
import { type RetentionSettings, standardRetention } from '../evidence/retention.ts'
import { limits } from '../limits.ts'
import { count, key } from './fields.ts'

/** How long what runs showed is kept. */
export const evidenceSchema: z.ZodType<RetentionSettings> = z.strictObject({
  runs: key(count(1, limits.evidenceRunsMax).default(standardRetention.runs), {
    description:
      'Last runs whose evidence and files to look at are kept; that of releases which an environment remembers stays in any case.',
    unit: 'runs',
    examples: [1_000],
  }),
  baselines: key(count(limits.baseCommitsMax, limits.baselinesMax).default(standardRetention.baselines), {
    description: 'Last commits whose numbers are kept for later ones to be compared with.',
    unit: 'commits',
    examples: [5_000],
  }),
})
