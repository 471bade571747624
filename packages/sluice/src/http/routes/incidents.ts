/** Rows of the API's table. Incidents. */
import { z } from 'zod'
import { limits } from '../../core/limits.ts'
import { incidentStatuses } from '../client/list-filters.ts'
import { category } from '../schemas/rollback.ts'
import { begun, command, named, page, read, reason, filteredText } from './parts.ts'
import type { Rows } from './spec.ts'

/** Incidents. */
export const incidentsRows: Rows<'incidents'> = {
  'incidents.list': {
    ...read,
    needs: 'view',
    summary: `Incidents, newest first. ${filteredText}`,
    cli: 'incidents ls',
    query: page.extend({
      status: z.enum(incidentStatuses).optional().meta({ description: 'Those that are open, or resolved.' }),
      environment: named('Those of that environment.'),
      ...begun,
    }),
    response: 'Incidents',
    errors: [],
  },
  'incidents.show': { ...read, needs: 'view', summary: 'One incident.', cli: 'incidents show', response: 'Incident' },
  'incidents.open': {
    ...read,
    needs: 'respond',
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
    needs: 'respond',
    summary: 'Resolves an incident.',
    cli: 'incidents resolve',
    body: z.strictObject({ reason }),
    response: 'Incident',
    errors: command,
  },
}
