/** Rows of the table of routes for going back: holds, incidents, drills. */
import { z } from 'zod'
import type { ErrorCode } from '../core/errors.ts'
import { limits } from '../core/limits.ts'
import type { RollbackContract } from './client/contract-rollback.ts'
import type { RouteSpec } from './routes.ts'
import { category } from './schemas/rollback.ts'

const none = z.strictObject({})
const reason = z.string().max(limits.reasonCharactersMax).nullish().meta({ description: 'Why; goes to the ledger.' })
const because = z.string().min(1).max(limits.reasonCharactersMax).meta({ description: 'Why; goes to the ledger.' })
const page = z.strictObject({
  limit: z.coerce
    .number<number>()
    .int()
    .min(1)
    .max(limits.pageItemsMax)
    .optional()
    .meta({ description: 'Items at most.' }),
  cursor: z.string().max(500).optional().meta({ description: '`next` of the page before.' }),
})
const read = { query: none, body: none, errors: ['not_found'], open: false, cli: null } as const
const command: readonly ErrorCode[] = ['not_found', 'command_conflict', 'store_full']

/** See the file's header. */
export const rollbackRoutes: { readonly [Id in keyof RollbackContract]: RouteSpec<Id> } = {
  'releases.hold': {
    ...read,
    summary: 'Holds a release: nothing ships it by itself, and a person only by saying so.',
    cli: 'releases hold',
    body: z.strictObject({ reason: because, category }),
    response: 'Done',
    errors: command,
  },
  'releases.unhold': {
    ...read,
    summary: 'Takes the hold off a release.',
    cli: 'releases unhold',
    body: z.strictObject({ reason }),
    response: 'Done',
    errors: command,
  },
  'incidents.list': {
    ...read,
    summary: 'Incidents, newest first.',
    cli: 'incidents ls',
    query: page,
    response: 'Incidents',
    errors: [],
  },
  'incidents.show': { ...read, summary: 'One incident.', cli: 'incidents show', response: 'Incident' },
  'incidents.open': {
    ...read,
    summary: 'Opens an incident. An emergency rollback opens one by itself.',
    cli: 'incidents open',
    body: z.strictObject({
      environment: z.string().min(1).max(limits.nameLengthMax),
      title: z.string().min(1).max(limits.reasonCharactersMax).meta({ description: 'What is wrong.' }),
      category,
    }),
    response: 'Incident',
    errors: ['not_found', 'store_full'],
  },
  'incidents.resolve': {
    ...read,
    summary: 'Resolves an incident.',
    cli: 'incidents resolve',
    body: z.strictObject({ reason }),
    response: 'Incident',
    errors: command,
  },
  'drills.list': {
    ...read,
    summary: 'Rollback drills, newest first.',
    cli: 'drill ls',
    query: page,
    response: 'Drills',
    errors: [],
  },
  'drills.show': { ...read, summary: 'One rollback drill, with its times and its proof.', response: 'Drill' },
  'drills.start': {
    ...read,
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
