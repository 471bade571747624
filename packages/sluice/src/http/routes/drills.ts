/** Rows of the API's table. Rehearsals of the way back. */
import { z } from 'zod'
import { limits } from '../../core/limits.ts'
import { drillOutcomes } from '../client/list-filters.ts'
import { begun, named, page, read, reason, filteredText } from './parts.ts'
import type { Rows } from './spec.ts'

/** Rehearsals of the way back. */
export const drillsRows: Rows<'drills'> = {
  'drills.list': {
    ...read,
    needs: 'view',
    summary: `Rollback drills, newest first. ${filteredText}`,
    cli: 'drill ls',
    query: page.extend({
      environment: named('Those of that environment.'),
      outcome: z.enum(drillOutcomes).optional().meta({ description: 'Those that ended so.' }),
      ...begun,
    }),
    response: 'Drills',
    errors: [],
  },
  'drills.show': {
    ...read,
    needs: 'view',
    summary: 'One rollback drill, with its times and its proof.',
    response: 'Drill',
  },
  'drills.start': {
    ...read,
    needs: 'maintain',
    summary:
      'Starts a rollback drill: a real rollback to the release before, and the return from it, proved by what the data plane shows.',
    cli: 'drill rollback',
    body: z.strictObject({
      reason,
      confirm: z.string().max(limits.nameLengthMax).nullish().meta({
        description: 'The name of the environment once more, where it is the last one or `production`.',
      }),
      dwellMs: z
        .number()
        .int()
        .min(0)
        .max(limits.drillDwellMsMax)
        .nullish()
        .meta({ description: 'How long the release before serves until the return, milliseconds.' }),
    }),
    response: 'Drill',
    errors: ['not_found', 'usage_invalid', 'command_conflict', 'store_full'],
  },
}
