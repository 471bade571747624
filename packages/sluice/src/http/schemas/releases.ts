/** Schemas of releases, and of what checking one gives. */
import { z } from 'zod'
import type { ReleaseDetailView, ReleaseVerificationView, ReleaseView } from '../client/release-views.ts'
import { artifact, at, commit, ref } from './fields.ts'
import { hold } from './rollback.ts'
import { environmentSpec } from './specs.ts'

const releaseShape = {
  id: z.string(),
  version: z.string(),
  service: z.string(),
  commit,
  cutAt: at,
  cutBy: z.string(),
  artifacts: z.array(artifact),
  environments: z.array(z.string()),
  serves: z.array(z.string()),
  hold: hold.nullable(),
}

/** A release. */
export const release: z.ZodType<ReleaseView> = z.strictObject(releaseShape)

/** A release with all that it brings along. */
export const releaseDetail: z.ZodType<ReleaseDetailView> = z.strictObject({
  ...releaseShape,
  start: z.strictObject({ command: z.string(), artifact: z.string() }),
  migrations: z.array(z.string()),
  flags: z.array(z.string()),
  gates: z.array(z.strictObject({ gate: z.string(), status: z.enum(['pass', 'waived']) })),
  specs: z.array(environmentSpec),
})

const artifactVerification = z.strictObject({
  name: z.string(),
  digest: z.string(),
  status: z.enum(['ok', 'missing', 'mismatch']),
  provenance: z
    .strictObject({ status: z.enum(['verified', 'refused']), detail: z.string().nullable(), keys: z.array(z.string()) })
    .nullable(),
})

/** What checking a release gives. */
export const releaseVerification: z.ZodType<ReleaseVerificationView> = z.strictObject({
  release: ref,
  intact: z.boolean(),
  artifacts: z.array(artifactVerification),
})
