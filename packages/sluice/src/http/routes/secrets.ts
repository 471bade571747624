/** Rows of the API's table. Secrets: no row gives a value. */
import { z } from 'zod'
import { limits } from '../../core/limits.ts'
import { read, reason } from './parts.ts'
import type { Rows } from './spec.ts'

/** Secrets. */
export const secretsRows: Rows<'secrets'> = {
  'secrets.list': {
    ...read,
    needs: 'view',
    summary: 'Names and versions of the secrets that are kept here, and who set them; never a value.',
    cli: 'secrets ls',
    response: 'Secrets',
    errors: ['config_invalid', 'store_corrupt'],
  },
  'secrets.set': {
    ...read,
    needs: 'secrets',
    summary:
      'Sets a secret: releases cut and jobs started from now on get this value; releases cut before keep theirs. The same value is the same version.',
    cli: 'secrets set',
    body: z.strictObject({
      value: z
        .string()
        .min(1)
        .max(limits.secretCharactersMax)
        .meta({ description: 'The value. It is kept encrypted, and given out to instances and jobs alone.' }),
      reason,
    }),
    response: 'SecretSet',
    errors: ['config_invalid', 'store_corrupt', 'command_conflict', 'store_full'],
  },
  'secrets.remove': {
    ...read,
    needs: 'secrets',
    summary:
      'Removes a secret and every version of it. Refused while an environment serves, or may go back to, a release that needs it, unless forced.',
    cli: 'secrets rm',
    body: z.strictObject({
      force: z.boolean().optional().meta({ description: 'Even if no instance of such a release starts any more.' }),
      reason,
    }),
    response: 'Done',
    errors: ['not_found', 'config_invalid', 'store_corrupt', 'command_conflict', 'store_full'],
  },
}
