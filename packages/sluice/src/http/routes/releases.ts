/** Rows of the API's table. Releases, and their holds. */
import { z } from 'zod'
import { category } from '../schemas/rollback.ts'
import { because, begun, command, commitBegins, named, page, read, reason, filteredText } from './parts.ts'
import type { Rows } from './spec.ts'

/** Releases, and their holds. */
export const releasesRows: Rows<'releases'> = {
  'releases.list': {
    ...read,
    needs: 'view',
    summary: `Releases, newest first. ${filteredText}`,
    cli: 'releases ls',
    query: page.extend({
      service: named('Those of that service.'),
      version: named('Those whose version begins so, with or without `v`.'),
      commit: commitBegins,
      serves: named('Those that serve that environment now.'),
      held: z.enum(['true', 'false']).optional().meta({ description: 'Those that are held, or are not.' }),
      ...begun,
    }),
    response: 'Releases',
    errors: [],
  },
  'releases.show': {
    ...read,
    needs: 'view',
    summary: 'One release with everything it fixes.',
    cli: 'releases show',
    response: 'Release',
  },
  'releases.verify': {
    ...read,
    needs: 'view',
    summary:
      'Whether a release is what its id says, its artifacts what their digests say, and come from where their provenance says, when there is one.',
    cli: 'releases verify',
    query: z.strictObject({
      key: z
        .string()
        .min(1)
        .max(2_000)
        .optional()
        .meta({ description: "Whom to trust: an Ed25519 public key in PEM; the project's own when absent." }),
    }),
    response: 'ReleaseVerification',
  },
  'releases.hold': {
    ...read,
    needs: 'maintain',
    summary: 'Holds a release: nothing ships it by itself, and a person only by saying so.',
    cli: 'releases hold',
    body: z.strictObject({ reason: because, category }),
    response: 'Done',
    errors: command,
  },
  'releases.unhold': {
    ...read,
    needs: 'maintain',
    summary: 'Takes the hold off a release.',
    cli: 'releases unhold',
    body: z.strictObject({ reason }),
    response: 'Done',
    errors: command,
  },
}
