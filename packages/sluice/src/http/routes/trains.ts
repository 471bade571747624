/** Rows of the API's table. Release trains: all of their releases arrive, or all of them come back. */
import { z } from 'zod'
import { limits } from '../../core/limits.ts'
import { trainStatuses } from '../client/list-filters.ts'
import { overrides } from '../schemas/rollback.ts'
import { begun, page, read, reason, filteredText } from './parts.ts'
import type { Rows } from './spec.ts'

const name = z.string().min(1).max(limits.nameLengthMax)

/** Release trains: all of their releases arrive, or all of them come back. */
export const trainsRows: Rows<'trains'> = {
  'trains.list': {
    ...read,
    needs: 'view',
    summary: `Release trains, newest first. ${filteredText}`,
    cli: 'train ls',
    query: page.extend({
      status: z.enum(trainStatuses).optional().meta({ description: 'Those that stand there.' }),
      ...begun,
    }),
    response: 'Trains',
    errors: [],
  },
  'trains.start': {
    ...read,
    needs: 'deploy',
    summary:
      'Starts a release train: all of its releases arrive, or all of them come back. Answers once it is durable, with every release fixed; refused while one of them would not be let in.',
    cli: 'train start',
    body: z.strictObject({
      members: z
        .array(
          z.strictObject({
            service: name.nullish().meta({ description: "This control plane's own, when absent." }),
            environment: name,
            release: z.string().min(1).max(200).nullish().meta({
              description: 'An id, its beginning, a version, or `latest`; what a promotion would take, when absent.',
            }),
          }),
        )
        .min(1)
        .max(limits.trainMembersMax),
      order: z
        .enum(['ordered', 'parallel'])
        .optional()
        .meta({ description: 'One after the other as listed (the default), or all at once.' }),
      overrides,
      reason,
    }),
    response: 'TrainStarted',
    errors: ['not_found', 'config_invalid', 'usage_invalid', 'admission_refused', 'command_conflict', 'store_full'],
  },
  'trains.show': {
    ...read,
    needs: 'view',
    summary: 'One release train: each member and where it stands.',
    cli: 'train show',
    response: 'Train',
  },
  'trains.command': {
    ...read,
    needs: { command: { abort: 'rollback', retry: 'rollback' } },
    summary: 'Turns a train around, or tries again what could not be taken back.',
    cli: 'train abort|retry',
    body: z.strictObject({ command: z.enum(['abort', 'retry']), reason }),
    response: 'Train',
    errors: ['not_found', 'command_conflict', 'store_full'],
  },
}
