/** Schemas of going back: what is asked, and holds, incidents, watches and drills as the API tells them. */
import { z } from 'zod'
import { rollbackReasons } from '../../core/hold.ts'
import { limits } from '../../core/limits.ts'
import type { DrillView, HoldView, IncidentView, WatchView } from '../client/rollback-views.ts'
import type { HotfixInput, OverridesInput, RollbackInput } from '../client/contract-rollback.ts'
import { actor, at, bp, ref } from './fields.ts'

/** Refusals that a person passes over. */
export const overrides: z.ZodType<OverridesInput['overrides']> = z
  .array(z.enum(['held', 'point_of_no_return']))
  .max(2)
  .nullish()
  .meta({ description: 'What is passed over although it is refused: a hold, or the point of no return.' })

/** That it is a hotfix. */
export const hotfix: z.ZodType<HotfixInput['hotfix']> = z
  .strictObject({ remediates: z.array(z.string().min(1).max(200)).max(limits.remediatedMax) })
  .nullish()
  .meta({
    description:
      'That it is a hotfix, unplanned and for what users suffer from, and which rollouts (or changes) of the same environment it makes good. It is on record, counts for the DORA metrics, and passes nothing over.',
  })

/** One of the closed list of reasons. */
export const category: z.ZodType<RollbackInput['category']> = z
  .enum(rollbackReasons)
  .nullish()
  .meta({ description: 'What kind of reason; recorded with the hold.' })

/** The body of a rollback. */
export const rollbackInput: z.ZodType<RollbackInput> = z.strictObject({
  release: z.string().min(1).max(200).nullish().meta({ description: 'An id, its beginning, or a version.' }),
  reason: z.string().max(limits.reasonCharactersMax).nullish().meta({ description: 'Why; goes to the ledger.' }),
  category,
  emergency: z.boolean().nullish().meta({
    description: 'An emergency: any release may be gone back to, an incident is opened, and people are told at once.',
  }),
  overrides,
})

/** A hold. */
export const hold: z.ZodType<HoldView> = z.strictObject({
  reason: z.enum(rollbackReasons).nullable(),
  detail: z.string(),
  by: actor,
  at,
  environment: z.string().nullable(),
})

/** An incident. */
export const incident: z.ZodType<IncidentView> = z.strictObject({
  id: z.string(),
  status: z.enum(['open', 'resolved']),
  service: z.string(),
  environment: z.string(),
  title: z.string(),
  reason: z.enum(rollbackReasons).nullable(),
  release: ref.nullable(),
  rollout: z.string().nullable(),
  openedBy: actor,
  openedAt: at,
  emergencyAt: at.nullable(),
  resolvedBy: actor.nullable(),
  resolvedAt: at.nullable(),
  resolution: z.string().nullable(),
})

/** The watch that a promotion left behind. */
export const watch: z.ZodType<WatchView> = z.strictObject({
  status: z.enum(['watching', 'returning', 'ended']),
  outcome: z.enum(['passed', 'unmeasured', 'rolled_back', 'superseded', 'refused']).nullable(),
  startedAt: at,
  endedAt: at.nullable(),
  watchedMs: z.number().nullable(),
  watchMs: z.number(),
  alarms: z.array(z.strictObject({ trigger: z.string(), overMs: z.number() })),
  triggered: z.strictObject({ trigger: z.string(), at, detail: z.string() }).nullable(),
  detail: z.string(),
  rollback: z.string().nullable(),
})

const leg = z.strictObject({
  rollout: z.string(),
  tookMs: z.number(),
  shareBp: bp,
  requests: z.number(),
  bad: z.number(),
  observedAt: at,
})

/** A drill. */
export const drill: z.ZodType<DrillView> = z.strictObject({
  id: z.string(),
  status: z.enum(['drilling', 'ended']),
  phase: z.enum(['back', 'dwell', 'prove', 'return']).nullable(),
  outcome: z.enum(['passed', 'failed', 'stayed']).nullable(),
  service: z.string(),
  environment: z.string(),
  serving: ref,
  target: ref,
  by: actor,
  startedAt: at,
  endedAt: at.nullable(),
  detail: z.string().nullable(),
  back: leg.nullable(),
  return: leg.nullable(),
})
