/** Schemas of secrets. */
import { z } from 'zod'
import type { SecretSetView, SecretsView } from '../client/secret-views.ts'
import { actor, at } from './fields.ts'

/** Every secret, without values. */
export const secretList: z.ZodType<SecretsView> = z.strictObject({
  secrets: z.array(
    z.strictObject({
      name: z.string(),
      version: z.string(),
      versions: z.number().int(),
      setAt: at.nullable(),
      setBy: actor.nullable(),
    }),
  ),
})

/** A secret that was set. */
export const secretSet: z.ZodType<SecretSetView> = z.strictObject({ version: z.string() })
