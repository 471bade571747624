/** What checking an artifact of a release gives, as a schema. */
import { z } from 'zod'
import type { ReleaseVerificationView } from './client/views.ts'

/** One artifact. */
export const artifactVerification: z.ZodType<ReleaseVerificationView['artifacts'][number]> = z.strictObject({
  name: z.string(),
  digest: z.string(),
  status: z.enum(['ok', 'missing', 'mismatch']),
  provenance: z
    .strictObject({ status: z.enum(['verified', 'refused']), detail: z.string().nullable(), keys: z.array(z.string()) })
    .nullable(),
})
