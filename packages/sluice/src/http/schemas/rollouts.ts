/** Schemas of rollouts: their steps, what was measured, and what may stand against one. */
import { z } from 'zod'
import type { PlanView } from '../client/plan-views.ts'
import type { RolloutDetailView, RolloutView, WhyView } from '../client/views.ts'
import { actor, at, bp, cause, commit, hotfixSaid, point, ref, verdict } from './fields.ts'
import { closure, finding, refusalKind } from './governance.ts'
import { observed } from './observed.ts'
import { watch } from './rollback.ts'
import { judge } from './specs.ts'

const step = z.strictObject({
  index: z.number(),
  kind: z.string(),
  text: z.string(),
  status: z.enum(['done', 'current', 'waiting', 'failed', 'not_reached']),
})

const stage = z.strictObject({
  kind: z.enum(['performing', 'backing_off', 'resting', 'awaiting', 'asking', 'ready']),
  text: z.string(),
  attempt: z.number().nullable(),
  until: at.nullable(),
})

const purpose = z.enum(['deploy', 'promote', 'rollback'])

const rolloutShape = {
  id: z.string(),
  service: z.string(),
  environment: z.string(),
  status: z.enum(['advancing', 'reverting', 'succeeded', 'rolled_back', 'parked']),
  purpose,
  strategy: z.string(),
  from: ref.nullable(),
  to: ref,
  commit: commit.nullable(),
  by: actor,
  hotfix: hotfixSaid.nullable(),
  startedAt: at,
  settledAt: at.nullable(),
  paused: cause.nullable(),
  cause: cause.nullable(),
  stage: stage.nullable(),
  lastVerdict: verdict.nullable(),
  limitLogE: z.number(),
  unhealthy: z.array(z.string()),
}

/** A rollout. */
export const rollout: z.ZodType<RolloutView> = z.strictObject(rolloutShape)

/** A rollout with its steps and what is seen. */
export const rolloutDetail: z.ZodType<RolloutDetailView> = z.strictObject({
  ...rolloutShape,
  steps: z.array(step),
  wayBack: z.array(step),
  observed: observed.nullable(),
  watch: watch.nullable(),
  takenBackBy: z.string().nullable(),
  now: at,
})

const refusal = z.strictObject({
  kind: refusalKind,
  who: z.string(),
  until: at.nullable(),
  detail: z.string(),
  hint: z.string(),
})

/** What a rollout would do. */
export const plan: z.ZodType<PlanView> = z.strictObject({
  environment: z.string(),
  purpose,
  strategy: z.string(),
  from: ref.nullable(),
  to: ref,
  steps: z.array(step),
  exposure: z.strictObject({
    requestsPerSecond: z.number().nullable(),
    stages: z.array(
      z.strictObject({
        step: z.number(),
        shareBp: bp,
        atLeastMs: z.number(),
        waitsFor: z.enum(['nothing', 'time', 'evidence', 'person']),
        requests: z.number().nullable(),
      }),
    ),
  }),
  stops: z
    .strictObject({
      shareBp: bp,
      alpha: z.number(),
      stableRate: z.number(),
      isAssumed: z.boolean(),
      forecasts: z.array(z.strictObject({ candidateRate: z.number(), requests: z.number(), bad: z.number() })),
    })
    .nullable(),
  gates: z.array(z.strictObject({ text: z.string(), met: z.boolean() })),
  windows: z.array(z.strictObject({ from: at, until: at, reason: z.string(), by: z.string() })),
  closures: z.array(closure),
  policies: z.array(finding),
  checks: z.strictObject({ candidate: z.array(z.string()), environment: z.array(z.string()) }),
  wayBack: z.array(step),
  wayBackCold: z.array(step),
  coldFrom: z.number().nullable(),
  refusals: z.array(refusal),
  changes: z.array(
    z.strictObject({
      what: z.enum(['artifact', 'start', 'config', 'secret', 'flag', 'listen', 'instances', 'sticky', 'health']),
      name: z.string(),
      from: z.string().nullable(),
      to: z.string().nullable(),
    }),
  ),
  migrations: z.array(z.strictObject({ name: z.string(), class: z.enum(['expand', 'backfill', 'contract']) })),
})

/** The answer to why. */
export const why: z.ZodType<WhyView> = z.strictObject({
  rollout,
  summary: z.string(),
  watch: watch.nullable(),
  takenBackBy: z.string().nullable(),
  pointOfNoReturn: z.array(z.string()),
  deciding: point.nullable(),
  metric: z.string(),
  policy: judge,
  curve: z.array(point),
  story: z.array(z.strictObject({ seq: z.number(), at, who: z.string(), text: z.string() })),
})
