/** Schemas of the metrics and the report that are made of the record of deliveries. */
import { z } from 'zod'
import type { ComplianceView, DoraView } from '../client/delivery-views.ts'
import { at, bp } from './fields.ts'

const spread = z
  .strictObject({ count: z.number(), p50Ms: z.number(), p75Ms: z.number(), p90Ms: z.number() })
  .nullable()
  .meta({ description: 'quantiles, milliseconds; null without any' })

const rollouts = z.array(z.string()).meta({ description: 'the rollouts behind the number' })
const rate = {
  count: z.number(),
  of: z.number(),
  rate: z.number().nullable().meta({ description: '0–1; null of none' }),
  isEnough: z.boolean(),
  rollouts,
}

const purpose = z.enum(['deploy', 'promote', 'rollback'])
const outcome = z.enum(['succeeded', 'rolled_back'])

const failure = z.strictObject({
  rollout: z.string(),
  sources: z.array(z.enum(['rolled_back', 'taken_back', 'remediated', 'incident'])),
  reached: z.enum(['some', 'all']),
  since: at,
  recoveredAt: at.nullable(),
  recoveredBy: z.string().nullable(),
})

/** The metrics. */
export const dora: z.ZodType<DoraView> = z.strictObject({
  settings: z.strictObject({
    zone: z.string(),
    windowMs: z.number(),
    attributionMs: z.number(),
    canaryAborts: z.enum(['count', 'split', 'ignore']),
  }),
  service: z.string(),
  environment: z.string(),
  from: at,
  to: at,
  frequency: z.strictObject({
    count: z.number(),
    perWeek: z.number(),
    daysPerWeekMedian: z.number(),
    weeks: z.array(z.number()),
    band: z.enum(['daily', 'weekly', 'monthly', 'rarer']),
  }),
  leadTime: z.strictObject({ commits: spread, working: spread, waiting: spread, rollouts }),
  recovery: z.strictObject({
    closed: spread,
    open: z.array(z.strictObject({ rollout: z.string(), since: at, forMs: z.number() })),
    rollouts,
  }),
  changeFail: z.strictObject({
    ...rate,
    reachedSome: z.number(),
    reachedAll: z.number(),
    beforeUsers: rollouts,
    canaryAborts: rollouts,
  }),
  rework: z.strictObject(rate),
  incidentsElsewhere: z.array(z.string()),
  deliveries: z.array(
    z.strictObject({
      rollout: z.string(),
      release: z.string(),
      version: z.string(),
      purpose,
      outcome,
      startedAt: at,
      liveAt: at.nullable(),
      fullAt: at.nullable(),
      settledAt: at,
      shareBpMax: bp,
      leadMs: z.number().nullable(),
      workingMs: z.number().nullable(),
      waitingMs: z.number().nullable(),
      commits: z.number(),
      commitsFrom: z.enum(['history', 'release']),
      isRework: z.boolean(),
      remediates: z.array(z.string()).meta({ description: 'rollouts that it was said to make good' }),
      failure: failure.nullable(),
      rows: z.tuple([z.number(), z.number()]),
    }),
  ),
})

const rule = z.enum([
  'author_approved',
  'deployer_approved',
  'author_delivered',
  'too_few_approvals',
  'break_glass',
  'passed_over',
  'unverified',
  'no_gates',
])

/** The report. */
export const compliance: z.ZodType<ComplianceView> = z.strictObject({
  service: z.string(),
  environment: z.string().nullable(),
  from: at,
  to: at,
  deliveries: z.array(
    z.strictObject({
      rollout: z.string(),
      environment: z.string(),
      purpose,
      version: z.string(),
      commit: z.string(),
      authors: z.array(z.string()),
      approvers: z.array(z.string()),
      approvalsWanted: z.number(),
      deliveredBy: z.string(),
      settledAt: at,
      outcome,
      evidence: z.array(z.string()),
      rows: z.array(z.number()),
    }),
  ),
  findings: z.array(
    z.strictObject({
      rule,
      severity: z.enum(['violation', 'notice']),
      rollout: z.string(),
      detail: z.string(),
      rows: z.array(z.number()).meta({ description: 'rows of the ledger' }),
    }),
  ),
  totals: z.strictObject({
    deliveries: z.number(),
    rollbacks: z.number(),
    withSeparation: z.number(),
    author_approved: z.number(),
    deployer_approved: z.number(),
    author_delivered: z.number(),
    too_few_approvals: z.number(),
    break_glass: z.number(),
    passed_over: z.number(),
    unverified: z.number(),
    no_gates: z.number(),
  }),
})
