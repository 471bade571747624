/** Schemas of governance: approvals, the line, broken glass, changes. */
import { z } from 'zod'
import type { RefusalKind } from '../../core/admission.ts'
import type {
  ApprovalsView,
  ApprovalView,
  BrokenGlassView,
  ChangeDetailView,
  ChangeView,
  ClosureView,
  LineView,
  PendingView,
  PolicyFindingView,
} from '../client/governance-views.ts'
import { actor, at, cause, commit, hotfixSaid, ref } from './fields.ts'

const flags = z.array(z.strictObject({ name: z.string(), change: z.enum(['added', 'removed']) }))
const migrations = z.array(z.strictObject({ name: z.string(), class: z.enum(['expand', 'backfill', 'contract']) }))

const status = z.enum(['advancing', 'reverting', 'succeeded', 'rolled_back', 'parked'])

const gates = z.array(z.strictObject({ gate: z.string(), status: z.enum(['pass', 'waived']) }))

/** A reason why not. */
export const refusalKind: z.ZodType<RefusalKind> = z.enum([
  'live_rollout',
  'locked',
  'frozen',
  'not_verified',
  'approval_missing',
  'already_serving',
  'held',
  'point_of_no_return',
  'soaking',
  'pinned',
  'not_onward',
  'queue_ahead',
  'line_stopped',
  'window_closed',
  'rejected',
  'policy_pending',
  'policy_unmet',
])

/** A demand of a policy. */
export const finding: z.ZodType<PolicyFindingView> = z.strictObject({
  policy: z.string(),
  rule: z.enum(['gates', 'verified', 'soak', 'who', 'errorBudget', 'slo']),
  met: z.boolean(),
  detail: z.string(),
  hint: z.string(),
})

/** A time in which nothing may come. */
export const closure: z.ZodType<ClosureView> = z.strictObject({
  from: at,
  until: at.nullable(),
  kind: z.enum(['allow', 'deny']),
  reason: z.string(),
  policy: z.string().nullable(),
})

const approval: z.ZodType<ApprovalView> = z.strictObject({
  by: actor,
  at,
  reason: z.string().nullable(),
  groups: z.array(z.string()),
})

const pending: z.ZodType<PendingView> = z.strictObject({
  id: z.string(),
  kind: z.enum(['rollout', 'queued', 'candidate']),
  environment: z.string(),
  from: ref.nullable(),
  release: ref,
  commit,
  requestedBy: actor.nullable(),
  since: at,
  asked: z.strictObject({
    count: z.number(),
    groups: z.array(z.strictObject({ group: z.string(), count: z.number() })),
    budgets: z
      .array(z.string())
      .meta({ description: 'policies that ask for a yes because their error budget is spent' }),
    notBy: z.array(z.strictObject({ who: z.string(), why: z.string() })),
  }),
  given: z.array(approval),
  void: z.array(z.strictObject({ by: actor, why: z.string() })),
  missing: z.string(),
  expiresAt: at.nullable(),
  rejections: z.array(z.strictObject({ by: actor, at, reason: z.string() })),
  refusals: z.array(z.strictObject({ kind: refusalKind, detail: z.string(), hint: z.string() })),
  policies: z.array(finding),
  changes: z.strictObject({
    commits: z.array(commit).nullable(),
    migrations,
    config: z.array(z.string()),
    secrets: z.array(z.string()),
    flags,
  }),
  evidence: z.strictObject({ run: z.string(), gates, soakedMs: z.number().nullable() }),
  ifRejected: z.string(),
})

/** The inbox. */
export const approvals: z.ZodType<ApprovalsView> = z.strictObject({ items: z.array(pending), now: at })

/** The line. */
export const line: z.ZodType<LineView> = z.strictObject({
  status: z.enum(['running', 'stopped']),
  by: actor.nullable(),
  at: at.nullable(),
  reason: z.string().nullable(),
  rollouts: z.array(z.string()),
})

/** A broken glass. */
export const brokenGlass: z.ZodType<BrokenGlassView> = z.strictObject({
  rollout: z.string(),
  release: ref,
  by: actor,
  at,
  reason: z.string(),
  passed: z.array(z.string()),
  review: z.strictObject({ by: actor, at, reason: z.string() }).nullable(),
})

const changeShape = {
  id: z.string(),
  rollout: z.string(),
  service: z.string(),
  environment: z.string(),
  team: z.string().nullable(),
  from: ref.nullable(),
  to: ref,
  purpose: z.enum(['deploy', 'promote', 'rollback']),
  status,
  requestedBy: actor,
  startedAt: at,
  settledAt: at.nullable(),
  risk: z.strictObject({ level: z.enum(['low', 'medium', 'high']), reasons: z.array(z.string()) }),
  approvals: z.array(approval),
  breakGlass: brokenGlass.nullable(),
  hotfix: hotfixSaid.nullable(),
  red: z.boolean(),
}

/** A change in a list. */
export const change: z.ZodType<ChangeView> = z.strictObject(changeShape)

/** A change. */
export const changeDetail: z.ZodType<ChangeDetailView> = z.strictObject({
  ...changeShape,
  commit: commit.nullable(),
  author: z.string().nullable(),
  triggeredBy: z.string().nullable(),
  policies: z.array(z.string()),
  changes: z.strictObject({ migrations, config: z.array(z.string()), secrets: z.array(z.string()), flags }),
  validation: z.strictObject({ gates, steps: z.array(z.string()), verdict: z.string().nullable() }),
  rollbackPlan: z.strictObject({
    to: ref.nullable(),
    steps: z.array(z.string()),
    pointOfNoReturn: z.array(z.string()),
  }),
  cause: cause.nullable(),
})
