/** The rows of the API's table that are about maintenance. */
import { z } from 'zod'
import { limits } from '../core/limits.ts'
import { because, command, read, withReason } from './route-parts.ts'
import type { RouteSpec } from './routes.ts'

const span = z.number().int().min(1).max(limits.durationMsMax)

type Rows = { readonly [Id in 'environments.maintain' | 'environments.endMaintenance']: RouteSpec<Id> }

/** Maintenance of an environment. */
export const maintenanceRoutes: Rows = {
  'environments.maintain': {
    ...read,
    summary:
      'Answers everybody with a page (503), or, with `holdMs`, has requests wait; health requests and the configured bypass pass. Answers once it is durable.',
    cli: 'env maintenance',
    body: z.strictObject({
      reason: because,
      html: z
        .string()
        .min(1)
        .max(limits.maintenancePageCharactersMax)
        .nullish()
        .meta({ description: 'The page; a plain one when absent.' }),
      retryAfterMs: span
        .optional()
        .meta({ description: 'When clients are told to ask again, ms; a minute when absent.' }),
      holdMs: span.optional().meta({ description: 'Instead of a page: how long requests wait at most, ms.' }),
    }),
    response: 'Environment',
    errors: command,
  },
  'environments.endMaintenance': {
    ...read,
    summary: 'Ends maintenance.',
    cli: 'env maintenance',
    body: withReason,
    response: 'Environment',
    errors: command,
  },
}
