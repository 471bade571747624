/** Parts that several schemas have. */
import { z } from 'zod'
import { commitId, digest } from '../../core/model.ts'
import type { Actor, Artifact, Commit } from '../../core/model.ts'
import type { CauseView, EvidencePoint, HotfixView, ReleaseRef, VerdictView } from '../client/views.ts'

/** A moment. */
export const at: z.ZodType<number> = z.number().int().meta({ description: 'epoch ms' })

/** A share. */
export const bp: z.ZodType<number> = z
  .number()
  .int()
  .min(0)
  .max(10_000)
  .meta({ description: 'hundredths of a percent' })

/** Who did something. */
export const actor: z.ZodType<Actor> = z.strictObject({ kind: z.enum(['person', 'system']), name: z.string() })

/** A commit. */
export const commit: z.ZodType<Commit> = z.strictObject({
  id: z.string().transform(commitId),
  subject: z.string(),
  author: z.string(),
  committedAt: at,
})

/** An artifact of a release. */
export const artifact: z.ZodType<Artifact> = z.strictObject({
  name: z.string(),
  digest: z.string().transform(digest),
  bytes: z.number().int(),
})

/** That it is a hotfix, and what it makes good. */
export const hotfixSaid: z.ZodType<HotfixView> = z.strictObject({ remediates: z.array(z.string()) })

/** A release, named. */
export const ref: z.ZodType<ReleaseRef> = z.strictObject({ id: z.string(), version: z.string() })

/** Where somebody listens. */
export const listen: z.ZodType<{ readonly host: string; readonly port: number }> = z.strictObject({
  host: z.string(),
  port: z.number().int(),
})

/** Why something ended as it did. */
export const cause: z.ZodType<CauseView> = z.strictObject({
  kind: z.string(),
  text: z.string(),
  code: z.string().nullable(),
  evidence: z.array(z.string()),
})

const units = z.strictObject({ units: z.number(), badUnits: z.number() })

const metricEvidence = z.strictObject({ metric: z.string(), logE: z.number(), candidate: units, stable: units })

const bounds = z.strictObject({ metric: z.string(), ratioUpper: z.number().nullable(), rateUpper: z.number() })

const verdictShape = {
  verdict: z.enum(['pass', 'fail', 'hold', 'broken']),
  at,
  logE: z.number(),
  shareBp: bp,
  candidate: units,
  stable: units,
  detail: z.string(),
  metric: z.string().exactOptional(),
  metrics: z.array(metricEvidence).exactOptional(),
  proven: z.boolean().exactOptional(),
  bounds: z.array(bounds).exactOptional(),
  nextShareBp: bp.exactOptional(),
  outside: z.string().exactOptional(),
}

/** What the judge said. */
export const verdict: z.ZodType<VerdictView> = z.strictObject(verdictShape)

/** What the judge said, by its row in the ledger. */
export const point: z.ZodType<EvidencePoint> = z.strictObject({ ...verdictShape, seq: z.number() })
