import { z } from 'zod'
import type { Strategy } from '../strategy.ts'
import { blueGreenSchema } from './schema-strategy-blue-green.ts'
import { canarySchema } from './schema-strategy-canary.ts'
import { rollingSchema } from './schema-strategy-rolling.ts'

const kinds = ['rolling', 'blueGreen', 'canary', 'recreate'] as const

const recreateSchema = z.strictObject({ kind: z.literal('recreate') })

const settings: z.ZodType<Strategy> = z.discriminatedUnion(
  'kind',
  [rollingSchema, blueGreenSchema, canarySchema, recreateSchema],
  {
    error: `expected kind to be one of ${kinds.join(', ')}`,
  },
)

/** How a release comes in: a strategy's name, or its settings. */
export const strategySchema: z.ZodType<Strategy> = z.union(
  [
    z
      .enum(kinds)
      .transform((kind): unknown => ({ kind }))
      .pipe(settings),
    settings,
  ],
  `expected a strategy: one of ${kinds.join(', ')}, or its settings: { kind: 'canary', … }`,
)
