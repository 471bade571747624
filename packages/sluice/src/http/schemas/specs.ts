/** Schemas of what is wanted of an environment. */
import { z } from 'zod'
import type { EnvironmentSpec, RollbackPolicy } from '../../core/model.ts'
import { at, bp, listen } from './fields.ts'
import { check } from './verification.ts'

const window = z.strictObject({ from: at, until: at, reason: z.string() })

/** What the judge holds to. */
export const judge: z.ZodType<EnvironmentSpec['judge']> = z.strictObject({
  alpha: z.number(),
  tolerance: z.number(),
  ignoreBelow: z.number(),
  intervalMs: z.number(),
  staleAfterMs: z.number(),
})

const health = z.strictObject({
  path: z.string(),
  intervalMs: z.number(),
  timeoutMs: z.number(),
  healthyAfter: z.number(),
  unhealthyAfter: z.number(),
  startTimeoutMs: z.number(),
})

const canaryStep = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('bake'), shareBp: bp, bakeMs: z.number(), unitsMin: z.number() }),
  z.strictObject({ kind: z.literal('approve'), shareBp: bp }),
])

const strategy = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('rolling'),
    batchSize: z.number(),
    pauseMs: z.number(),
    maxFailurePercent: z.number(),
  }),
  z.strictObject({ kind: z.literal('blueGreen'), bakeMs: z.number(), keepPrevious: z.boolean() }),
  z.strictObject({
    kind: z.literal('canary'),
    steps: z.array(canaryStep),
    bakeMs: z.number(),
    keepPrevious: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('recreate') }),
])

const sticky = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('cookie'), name: z.string() }),
  z.strictObject({ kind: z.literal('header'), name: z.string() }),
])

const rate = { above: z.number(), forMs: z.number(), requestsMin: z.number() }

const rollback: z.ZodType<RollbackPolicy> = z.strictObject({
  window: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('releases'), count: z.number() }),
      z.strictObject({ kind: z.literal('duration'), ms: z.number() }),
    ])
    .exactOptional(),
  triggers: z
    .strictObject({
      watchMs: z.number(),
      intervalMs: z.number(),
      errorRate: z.strictObject(rate).exactOptional(),
      latency: z
        .strictObject({ quantile: z.number(), aboveMs: z.number(), forMs: z.number(), requestsMin: z.number() })
        .exactOptional(),
      health: z.strictObject({ unhealthyMax: z.number(), forMs: z.number() }).exactOptional(),
      metrics: z.array(z.strictObject({ ...rate, name: z.string() })).exactOptional(),
    })
    .exactOptional(),
})

/** What a release brings along for an environment. */
export const environmentSpec: z.ZodType<EnvironmentSpec> = z.strictObject({
  name: z.string(),
  after: z.string().nullable(),
  listen,
  instances: z.number(),
  config: z.record(z.string(), z.string()),
  secretVersions: z.record(z.string(), z.string()),
  strategy,
  health,
  judge,
  sticky,
  drainTimeoutMs: z.number(),
  stopGraceMs: z.number(),
  progressDeadlineMs: z.number(),
  approvals: z.number(),
  freeze: z.array(window),
  rollback: rollback.exactOptional(),
  verify: z.array(check).exactOptional(),
})
