/** The wire types as schemas: what OpenAPI tells, and what tests hold the answers to. */
import { artifactVerification } from './schemas-verification.ts'
import { z } from 'zod'
import { commitId, digest } from '../core/model.ts'
import { noteSchema, pipelineSchema } from './pipeline-schemas.ts'
import type { EvidenceView, InsightsView } from './client/evidence-views.ts'
import type * as runViews from './client/run-views.ts'
import type * as views from './client/views.ts'
import { evidence, gate, insights } from './schemas-evidence.ts'

const at = z.number().int().meta({ description: 'epoch ms' })
const bp = z.number().int().min(0).max(10_000).meta({ description: 'hundredths of a percent' })
const actor = z.strictObject({ kind: z.enum(['person', 'system']), name: z.string() })
const commit = z.strictObject({
  id: z.string().transform(commitId),
  subject: z.string(),
  author: z.string(),
  committedAt: at,
})
const artifact = z.strictObject({ name: z.string(), digest: z.string().transform(digest), bytes: z.number().int() })
const ref = z.strictObject({ id: z.string(), version: z.string() })
const window = z.strictObject({ from: at, until: at, reason: z.string() })
const units = z.strictObject({ units: z.number(), badUnits: z.number() })
const listen = z.strictObject({ host: z.string(), port: z.number().int() })
const verdictShape = {
  verdict: z.enum(['pass', 'fail', 'hold', 'broken']),
  at,
  logE: z.number(),
  shareBp: bp,
  candidate: units,
  stable: units,
  detail: z.string(),
}
const verdict = z.strictObject(verdictShape)
const cause = z.strictObject({
  kind: z.string(),
  text: z.string(),
  code: z.string().nullable(),
  evidence: z.array(z.string()),
})
const judge = z.strictObject({
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
const environmentSpec = z.strictObject({
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
})
const arm = z.strictObject({
  arm: z.enum(['stable', 'candidate', 'holdback']),
  release: ref,
  shareBp: bp,
  upstreams: z.number(),
  requests: z.number(),
  bad: z.number(),
  units: z.number(),
  badUnits: z.number(),
  inFlight: z.number(),
  p50Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
})
const traffic = z.strictObject({
  listen,
  arms: z.array(arm),
  paused: z.boolean(),
  logE: z.number().nullable(),
  limitLogE: z.number().nullable(),
  trip: verdict.nullable(),
  observedAt: at,
})
const instance = z.strictObject({
  id: z.string(),
  release: ref,
  index: z.number(),
  host: z.string(),
  port: z.number(),
  status: z.enum(['starting', 'running', 'exited']),
  restarts: z.number(),
})
const observed = z.strictObject({ traffic: traffic.nullable(), instances: z.array(instance).nullable() })
const step = z.strictObject({
  index: z.number(),
  kind: z.string(),
  text: z.string(),
  status: z.enum(['done', 'current', 'waiting', 'failed', 'not_reached']),
})
const stage = z.strictObject({
  kind: z.enum(['performing', 'backing_off', 'resting', 'awaiting', 'ready']),
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
  startedAt: at,
  settledAt: at.nullable(),
  paused: cause.nullable(),
  cause: cause.nullable(),
  stage: stage.nullable(),
  lastVerdict: verdict.nullable(),
  limitLogE: z.number(),
  unhealthy: z.array(z.string()),
}
const rolloutPlain = z.strictObject(rolloutShape)
const environmentPlain = z.strictObject({
  service: z.string(),
  name: z.string(),
  after: z.string().nullable(),
  serving: z.strictObject({ id: z.string(), version: z.string(), commit, since: at }).nullable(),
  previous: ref.nullable(),
  live: rolloutPlain.nullable(),
  lock: z.strictObject({ by: actor, reason: z.string(), at, until: at.nullable() }).nullable(),
  freezes: z.array(z.strictObject({ from: at, until: at, reason: z.string(), by: z.string() })),
  approvals: z.array(z.strictObject({ release: ref, by: actor, at })),
  observed,
  history: z.array(
    z.strictObject({ rollout: z.string(), release: ref, outcome: z.enum(['succeeded', 'rolled_back']), at }),
  ),
})
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
}
const job = z.strictObject({
  name: z.string(),
  needs: z.array(z.string()),
  partOf: z.string().nullable(),
  stage: z.string().nullable(),
  level: z.number(),
  kind: z.enum(['steps', 'none', 'deploy', 'promote']),
  status: z.enum([
    ...(['waiting', 'delayed', 'queued', 'manual', 'ready', 'resolving', 'open', 'running', 'backing_off'] as const),
    ...(['stopping', 'succeeded', 'failed', 'skipped', 'cancelled'] as const),
  ]),
  startedAt: at.nullable(),
  finishedAt: at.nullable(),
  execution: z.number(),
  failure: cause.nullable(),
  isTolerated: z.boolean(),
  because: z.string().nullable(),
  artifacts: z.array(artifact),
  outputs: z.record(z.string(), z.string()),
  from: z.strictObject({ kind: z.enum(['cache', 'run']), id: z.string() }).nullable(),
  budgetMs: z.number().nullable(),
})
const runShape = {
  id: z.string(),
  service: z.string(),
  status: z.enum(['running', 'stopping', 'judging', 'cutting', 'succeeded', 'failed', 'cancelled']),
  commit,
  version: z.string(),
  by: actor,
  startedAt: at,
  settledAt: at.nullable(),
  pipeline: pipelineSchema.nullable(),
  jobs: z.array(job),
  left: z.array(z.strictObject({ job: z.string(), because: z.string() })),
  gates: z.array(gate),
  release: ref.nullable(),
  cause: cause.nullable(),
}
const logMarks = z.strictObject({
  folds: z.array(
    z.strictObject({
      kind: z.enum(['step', 'group']),
      name: z.string(),
      depth: z.number().int(),
      startedAt: at,
      endedAt: at.nullable(),
      from: z.number().int(),
      to: z.number().int().nullable(),
      outcome: z.enum(['succeeded', 'failed', 'timed_out', 'skipped', 'cancelled']).nullable(),
    }),
  ),
  annotations: z.array(
    z.strictObject({
      level: z.enum(['notice', 'warning', 'failure']),
      title: z.string().nullable(),
      message: z.string(),
      file: z.string().nullable(),
      line: z.number().nullable(),
      column: z.number().nullable(),
      at,
      after: z.number().int(),
    }),
  ),
  summary: z.string().meta({ description: 'Markdown' }),
})
const refusal = z.strictObject({
  kind: z.enum(['live_rollout', 'locked', 'frozen', 'not_verified', 'approval_missing', 'already_serving']),
  who: z.string(),
  until: at.nullable(),
  detail: z.string(),
  hint: z.string(),
})
const point = z.strictObject({ ...verdictShape, seq: z.number() })

/** The schema of each view, by the name that OpenAPI gives it. */
export const schemas: Schemas = {
  Server: z.strictObject({
    version: z.string(),
    pid: z.number(),
    startedAt: at,
    service: z.string().nullable(),
    projectDir: z.string(),
    stateDir: z.string(),
  }),
  Environment: environmentPlain,
  Environments: z.strictObject({ service: z.string().nullable(), environments: z.array(environmentPlain), now: at }),
  Plan: z.strictObject({
    environment: z.string(),
    purpose,
    strategy: z.string(),
    from: ref.nullable(),
    to: ref,
    steps: z.array(step),
    wayBack: z.array(step),
    refusals: z.array(refusal),
  }),
  Started: z.strictObject({ rollout: z.string(), kind: z.enum(['started', 'aborted']) }),
  Done: z.strictObject({}),
  Releases: z.strictObject({ items: z.array(z.strictObject(releaseShape)), next: z.string().nullable() }),
  Release: z.strictObject({
    ...releaseShape,
    start: z.strictObject({ command: z.string(), artifact: z.string() }),
    migrations: z.array(z.string()),
    gates: z.array(z.strictObject({ gate: z.string(), status: z.enum(['pass', 'waived']) })),
    specs: z.array(environmentSpec),
  }),
  ReleaseVerification: z.strictObject({ release: ref, intact: z.boolean(), artifacts: z.array(artifactVerification) }),
  Runs: z.strictObject({ items: z.array(z.strictObject(runShape)), next: z.string().nullable() }),
  Run: z.strictObject({ ...runShape, now: at }),
  RunStarted: z.strictObject({ run: z.string(), notes: z.array(noteSchema) }),
  Evidence: evidence,
  Insights: insights,
  JobLog: z.strictObject({
    lines: z.array(
      z.strictObject({ number: z.number(), at, stream: z.enum(['stdout', 'stderr', 'sluice']), text: z.string() }),
    ),
    next: z.number(),
    marks: logMarks.nullable(),
  }),
  Rollouts: z.strictObject({ items: z.array(rolloutPlain), next: z.string().nullable() }),
  Rollout: rolloutPlain,
  RolloutDetail: z.strictObject({
    ...rolloutShape,
    steps: z.array(step),
    wayBack: z.array(step),
    observed: observed.nullable(),
    now: at,
  }),
  Why: z.strictObject({
    rollout: rolloutPlain,
    summary: z.string(),
    deciding: point.nullable(),
    metric: z.string(),
    policy: judge,
    curve: z.array(point),
    story: z.array(z.strictObject({ seq: z.number(), at, who: z.string(), text: z.string() })),
  }),
  LedgerPage: z.strictObject({
    rows: z.array(
      z.strictObject({
        seq: z.number(),
        key: z.strictObject({ kind: z.enum(['run', 'release', 'rollout', 'environment']), id: z.string() }),
        version: z.number(),
        type: z.string(),
        form: z.number(),
        at,
        actor,
        reason: z.string().nullable(),
        body: z.unknown(),
        previousHash: z.string(),
        hash: z.string(),
      }),
    ),
    next: z.number().nullable(),
  }),
  LedgerVerification: z.union([
    z.strictObject({
      status: z.literal('whole'),
      rows: z.number(),
      head: z.strictObject({ seq: z.number(), hash: z.string() }),
    }),
    z.strictObject({ status: z.literal('broken'), seq: z.number(), why: z.string(), detail: z.string() }),
  ]),
  Health: z.strictObject({ status: z.enum(['ok', 'unavailable']), detail: z.string() }),
  Problem: z.strictObject({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    detail: z.string(),
    code: z.string(),
    name: z.string(),
    retry: z.enum(['never', 'same', 'later']),
    hint: z.string().nullable(),
    evidence: z.array(z.string()),
  }),
}

/** Names and types of the schemas. */
export type Schemas = {
  readonly Server: z.ZodType<views.ServerView>
  readonly Environment: z.ZodType<views.EnvironmentView>
  readonly Environments: z.ZodType<views.EnvironmentsView>
  readonly Plan: z.ZodType<views.PlanView>
  readonly Started: z.ZodType<views.StartedView>
  readonly Done: z.ZodType<Readonly<Record<string, never>>>
  readonly Releases: z.ZodType<views.PageView<views.ReleaseView>>
  readonly Release: z.ZodType<views.ReleaseDetailView>
  readonly ReleaseVerification: z.ZodType<views.ReleaseVerificationView>
  readonly Runs: z.ZodType<views.PageView<runViews.RunView>>
  readonly Run: z.ZodType<runViews.RunDetailView>
  readonly RunStarted: z.ZodType<runViews.RunStartedView>
  readonly Evidence: z.ZodType<EvidenceView>
  readonly Insights: z.ZodType<InsightsView>
  readonly JobLog: z.ZodType<runViews.JobLogView>
  readonly Rollouts: z.ZodType<views.PageView<views.RolloutView>>
  readonly Rollout: z.ZodType<views.RolloutView>
  readonly RolloutDetail: z.ZodType<views.RolloutDetailView>
  readonly Why: z.ZodType<views.WhyView>
  readonly LedgerPage: z.ZodType<views.LedgerPageView>
  readonly LedgerVerification: z.ZodType<views.LedgerVerificationView>
  readonly Health: z.ZodType<views.HealthView>
  readonly Problem: z.ZodType<views.ProblemView>
}
