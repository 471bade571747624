import { z } from 'zod'
import { limits } from '../limits.ts'
import type { FreezeWindow, RoutingSpec } from '../model.ts'
import { count, key, moment, name, positiveDuration, text, variableName, variables } from './fields.ts'
import { approvalsSchema, overrunSchema, windowsSchema } from './schema-governance.ts'
import { healthOverrideSchema } from './schema-health.ts'
import { hooksSchema } from './schema-hooks.ts'
import { rollbackSchema } from './schema-rollback.ts'
import { listenAddress } from './schema-listen.ts'
import { judgeSchema } from './schema-judge.ts'
import { drainSchema, routingSchema, stickySchema } from './schema-routing.ts'
import { promotionSchema, queueSchema } from './schema-promotion.ts'
import { externalJudgeSchema, metricsSchema } from './schema-metrics.ts'
import { strategySchema } from './schema-strategy.ts'
import { checksSchema } from './schema-verification.ts'
import type { EnvironmentSettings } from './settings.ts'

const freeze: z.ZodType<FreezeWindow> = z
  .strictObject(
    {
      from: key(moment(), {
        description: 'First moment of the freeze, ISO 8601 with a zone.',
        examples: ['2026-12-24T00:00:00Z'],
      }),
      until: key(moment(), {
        description: 'First moment after the freeze, ISO 8601 with a zone.',
        examples: ['2026-12-27T00:00:00+01:00'],
      }),
      reason: key(text('a reason'), { description: 'Why; shown to whoever is refused.', examples: ['holidays'] }),
    },
    { error: "expected a freeze: { from: '…', until: '…', reason: '…' }" },
  )
  .refine((input) => input.from < input.until, { error: 'expected until to be after from', path: ['until'] })

const whenBusy = ['refuse', 'queue', 'replace'] as const

/** One environment. */
export const environmentSchema: z.ZodType<EnvironmentSettings> = z
  .strictObject(
    {
      after: key(name().nullable().optional(), {
        description:
          'The environment that must have verified a release before this one takes it; null for none. Default: the environment written before this one.',
        examples: ['staging', null],
      }),
      listen: key(listenAddress, {
        description: 'Where the service is reached: a port, or host and port. A port alone listens on 127.0.0.1 only.',
        examples: [8080, '0.0.0.0:8080'],
      }),
      instances: key(count(1, limits.instancesMax).default(1), {
        description: 'How many instances serve.',
        unit: 'instances',
        examples: [4],
      }),
      config: key(variables().default({}), {
        description: 'Environment variables of the instances here; they win over those of the service.',
        examples: [{ LOG_LEVEL: 'debug' }],
      }),
      secrets: key(z.array(variableName(), 'expected a list of names').default([]), {
        description: 'Names of the secrets that instances get here, besides those of the service.',
        examples: [['DATABASE_URL']],
      }),
      strategy: key(strategySchema.prefault('rolling'), {
        description: 'How a release comes in.',
        examples: ['blueGreen', { kind: 'canary', steps: ['5%', '50%'] }],
      }),
      health: key(healthOverrideSchema.prefault({}), {
        description: 'What differs here from the health settings of the service.',
        examples: [{ startTimeout: '1m' }],
      }),
      judge: key(judgeSchema.prefault({}), {
        description: 'When the judge stops a release.',
        examples: [{ alpha: 0.01, tolerance: 1 }],
      }),
      metrics: key(metricsSchema.optional(), {
        description: "A metric source whose counters are judged beside the gateway's own counts.",
        examples: [
          {
            url: 'http://127.0.0.1:9090',
            counters: {
              checkout: {
                total: 'checkouts_total{release="{{release}}"}',
                bad: 'checkouts_failed_total{release="{{release}}"}',
              },
            },
          },
        ],
      }),
      externalJudge: key(externalJudgeSchema.optional(), {
        description: 'A judge of your own that is asked over HTTP.',
        examples: [{ url: 'https://judge.example.com/deployment/evaluateHealth' }],
      }),
      sticky: key(stickySchema.prefault('none'), {
        description: 'How a client is kept on one side of a traffic split.',
        examples: ['none', { cookie: 'sluice-arm' }, { header: 'x-user-id' }, { user: { header: 'x-user-id' } }],
      }),
      routing: key(routingSchema.optional(), {
        description:
          'Traffic besides the split: testers, rules, clients that stay with their release, files of both releases.',
        examples: [{ skew: { maxAge: '1h' }, assets: ['/assets/'] }],
      }),
      drain: key(drainSchema.optional(), {
        description: 'When WebSockets and event streams leave an instance that is about to be stopped.',
        examples: [{ idle: '30s', maxAge: '15m' }],
      }),
      router: key(z.enum(['gateway', 'haproxy'], "expected 'gateway' or 'haproxy'").optional(), {
        description:
          "What splits the traffic: Sluice's own gateway, or an HAProxy that Sluice starts and keeps. Default: 'gateway'; what HAProxy cannot is in docs/routers/haproxy.md.",
        examples: ['gateway', 'haproxy'],
      }),
      drainTimeout: key(positiveDuration().prefault('30s'), {
        description: 'How long requests in flight may take to end before their instance is stopped.',
        examples: ['30s'],
      }),
      stopGrace: key(positiveDuration().prefault('10s'), {
        description: 'Time between SIGTERM and SIGKILL.',
        examples: ['10s'],
      }),
      progressDeadline: key(positiveDuration().prefault('10m'), {
        description: 'A rollout that makes no progress for this long is taken back.',
        examples: ['10m'],
      }),
      onFail: key(z.enum(['rollback', 'pause'], "expected 'rollback' or 'pause'").default('rollback'), {
        description:
          'What happens when a rollout fails: it is taken back whole, or its traffic is and the new instances wait for a person to look at them.',
        examples: ['pause'],
      }),
      hooks: key(hooksSchema.default([]), {
        description: 'What is asked beside each rollout.',
        examples: [[{ name: 'smoke', at: 'before promotion', url: 'https://ci.example.com/hooks/smoke' }]],
      }),
      approvals: key(approvalsSchema.prefault(0), {
        description:
          'Who must approve a rollout before it starts: so many people, or a number and groups. Nobody approves what they wrote, built or ask for.',
        unit: 'people',
        examples: [1, { count: 2, groups: { security: 1 } }],
      }),
      rollback: key(rollbackSchema.optional(), {
        description: 'How an environment goes back.',
        examples: [{ window: 3, watch: { for: '1h', errorRate: { above: '2%' } } }],
      }),
      freeze: key(z.array(freeze, 'expected a list of freezes').default([]), {
        description: 'Times in which no rollout may start; a rollback always may.',
        examples: [[{ from: '2026-12-24T00:00:00Z', until: '2026-12-27T00:00:00Z', reason: 'holidays' }]],
      }),
      windows: key(windowsSchema.default([]), {
        description: 'Recurring times in which releases may come, or may not; a rollback always may.',
        examples: [
          [
            {
              effect: 'deny',
              start: '2026-01-02T18:00',
              zone: 'Europe/Berlin',
              repeat: 'FREQ=WEEKLY;BYDAY=FR',
              for: 'P2DT14H',
              reason: 'weekend',
            },
          ],
        ],
      }),
      overrun: key(overrunSchema.default('finish'), {
        description:
          'What becomes of a rollout that is under way when its window closes: it is finished, stands still until the window opens, or is taken back. One that has all traffic already is finished.',
        examples: ['pause'],
      }),
      promotion: key(promotionSchema.optional(), {
        description:
          'What a release must have been through in the environment before, and whether it then comes by itself.',
        examples: [{ soak: '30m' }, { soak: '30m', auto: true }],
      }),
      approvalsExpireAfter: key(positiveDuration().optional(), {
        description: 'How long an approval counts; by default until its release has been in.',
        examples: ['1d'],
      }),
      whenBusy: key(z.enum(whenBusy, `expected one of ${whenBusy.join(', ')}`).optional(), {
        description:
          'What a deploy does while a rollout is under way here: it is refused (by default), waits for its turn, or takes its place. The stable release stays the way back.',
        examples: ['queue', 'replace'],
      }),
      queue: key(queueSchema.optional(), {
        description: 'Who gives way in the queue of releases that wait for their turn here.',
        examples: [{ supersede: 'older' }],
      }),
      verify: key(checksSchema.optional(), {
        description:
          'What is looked at before a release has traffic here, and after; what does not pass takes it back. See `docs/verification.md`.',
        examples: [[{ kind: 'http', name: 'home', path: '/', expect: { body: { contains: 'Welcome' } } }]],
      }),
    },
    { error: 'expected an environment: { listen: 8080 }' },
  )
  .transform(
    ({ drainTimeout, stopGrace, progressDeadline, approvalsExpireAfter, routing, drain, rollback, ...rest }) => ({
      ...rest,
      ...(rollback === undefined ? {} : { rollback }),
      ...routingOf({ ...routing, ...(drain && { drain }) }),
      ...(approvalsExpireAfter === undefined ? {} : { approvalsExpireAfterMs: approvalsExpireAfter }),
      drainTimeoutMs: drainTimeout,
      stopGraceMs: stopGrace,
      progressDeadlineMs: progressDeadline,
    }),
  )

/** Absent where nothing is said, so that a release that says nothing keeps its id. */
const routingOf = (routing: RoutingSpec): { readonly routing?: RoutingSpec } =>
  Object.keys(routing).length === 0 ? {} : { routing }
