/** Schemas of what is wanted of an environment. */
import { z } from 'zod'
import type { EnvironmentSpec } from '../../core/model.ts'
import type { RollbackPolicy } from '../../core/rollback-policy.ts'
import { at, bp, listen } from './fields.ts'
import { check } from './verification.ts'

const window = z.strictObject({ from: at, until: at, reason: z.string() })

const latency = z.strictObject({
  quantiles: z.array(z.number()),
  tolerance: z.number(),
  limitMs: z.number().exactOptional(),
  limitShare: z.number().exactOptional(),
  warmupMs: z.number(),
})

const metric = z.strictObject({ weight: z.number().exactOptional(), alpha: z.number().exactOptional() })

/** What the judge holds to. */
export const judge: z.ZodType<EnvironmentSpec['judge']> = z.strictObject({
  alpha: z.number(),
  tolerance: z.number(),
  ignoreBelow: z.number(),
  intervalMs: z.number(),
  staleAfterMs: z.number(),
  errorLimit: z.number().exactOptional(),
  latency: latency.exactOptional(),
  metrics: z.record(z.string(), metric).exactOptional(),
  prove: z.strictObject({ margin: z.number(), alpha: z.number() }).exactOptional(),
  exposureBudget: z.number().exactOptional(),
})

const health = z.strictObject({
  path: z.string(),
  intervalMs: z.number(),
  timeoutMs: z.number(),
  healthyAfter: z.number(),
  unhealthyAfter: z.number(),
  startTimeoutMs: z.number(),
  warmup: z.strictObject({ path: z.string(), requests: z.number(), timeoutMs: z.number() }).exactOptional(),
})

const amount = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('count'), count: z.number() }),
  z.strictObject({ kind: z.literal('percent'), percent: z.number() }),
])

const routeMatch = z.strictObject({
  kind: z.enum(['header', 'cookie']),
  name: z.string(),
  value: z.strictObject({ kind: z.enum(['equals', 'startsWith']), text: z.string() }).nullable(),
})

const routes = z.array(z.array(routeMatch))

const stageShape = {
  shareBp: bp,
  scale: amount.exactOptional(),
  routes: routes.exactOptional(),
  mirrorBp: bp.exactOptional(),
  verify: z.literal(true).exactOptional(),
}

const canaryStep = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('bake'), ...stageShape, bakeMs: z.number(), unitsMin: z.number() }),
  z.strictObject({ kind: z.literal('pause'), ...stageShape, pauseMs: z.number() }),
  z.strictObject({ kind: z.literal('approve'), ...stageShape }),
])

const holdback = z.strictObject({ shareBp: bp, bakeMs: z.number(), unitsMin: z.number() })

const hook = z.strictObject({
  name: z.string(),
  at: z.enum([
    'before start',
    'after start',
    'before traffic',
    'after traffic',
    'before promotion',
    'after promotion',
    'revert',
  ]),
  target: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('http'), url: z.string() }),
    z.strictObject({ kind: z.literal('command'), command: z.string() }),
  ]),
  timeoutMs: z.number(),
  onTimeout: z.enum(['rollback', 'continue', 'pause']),
})

const strategy = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('rolling'),
    batchSize: z.number(),
    pauseMs: z.number(),
    maxFailurePercent: z.number(),
    surge: z.strictObject({ maxSurge: amount, maxUnavailable: amount }).exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('blueGreen'),
    bakeMs: z.number(),
    keepPrevious: z.boolean(),
    preview: routes.exactOptional(),
    previewListen: z.strictObject({ host: z.string(), port: z.number() }).exactOptional(),
    verify: z.literal(true).exactOptional(),
    approve: z.literal(true).exactOptional(),
    holdback: holdback.exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('canary'),
    steps: z.array(canaryStep),
    bakeMs: z.number(),
    keepPrevious: z.boolean(),
    ramp: z.literal('evidence').exactOptional(),
    verify: z.literal(true).exactOptional(),
    holdback: holdback.exactOptional(),
  }),
  z.strictObject({ kind: z.literal('recreate') }),
])

const sticky = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({ kind: z.literal('cookie'), name: z.string() }),
  z.strictObject({ kind: z.literal('header'), name: z.string() }),
  z.strictObject({
    kind: z.literal('user'),
    from: z.enum(['cookie', 'header']),
    name: z.string(),
    fallback: z.string(),
  }),
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

const match = z.strictObject({
  kind: z.enum(['header', 'cookie']),
  name: z.string(),
  value: z.strictObject({ kind: z.enum(['equals', 'startsWith']), text: z.string() }).nullable(),
})

const routing = z.strictObject({
  rules: z
    .array(z.strictObject({ arm: z.enum(['stable', 'candidate', 'holdback']), all: z.array(match) }))
    .exactOptional(),
  skew: z.strictObject({ cookie: z.string(), maxAgeMs: z.number() }).exactOptional(),
  assets: z.array(z.string()).exactOptional(),
  bypass: z.array(match).exactOptional(),
  drain: z.strictObject({ idleMs: z.number(), maxAgeMs: z.number() }).exactOptional(),
})

const texts = z.record(z.string(), z.string())

const asked = {
  url: z.string(),
  authorization: z.string().nullable(),
  secretVersions: texts,
  intervalMs: z.number(),
  timeoutMs: z.number(),
}

const metrics = z.strictObject({
  ...asked,
  kind: z.literal('prometheus'),
  staleAfterMs: z.number(),
  alpha: z.number(),
  metrics: z.array(
    z.strictObject({
      name: z.string(),
      total: z.string(),
      bad: z.string(),
      tolerance: z.number(),
      ignoreBelow: z.number(),
      unitsMin: z.number(),
    }),
  ),
})

const externalJudge = z.strictObject({ ...asked, parameters: texts })

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
  routing: routing.exactOptional(),
  router: z.enum(['gateway', 'haproxy']).exactOptional(),
  drainTimeoutMs: z.number(),
  stopGraceMs: z.number(),
  progressDeadlineMs: z.number(),
  approvals: z.number(),
  freeze: z.array(window),
  onFail: z.literal('pause').exactOptional(),
  promotion: z.strictObject({ soakMs: z.number(), auto: z.boolean() }).exactOptional(),
  approvalsExpireAfterMs: z.number().exactOptional(),
  whenBusy: z.enum(['queue', 'refuse', 'replace']).exactOptional(),
  queue: z.strictObject({ supersede: z.enum(['older', 'none']) }).exactOptional(),
  hooks: z.array(hook).exactOptional(),
  rollback: rollback.exactOptional(),
  verify: z.array(check).exactOptional(),
  metrics: metrics.exactOptional(),
  externalJudge: externalJudge.exactOptional(),
})
