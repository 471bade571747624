/** Schemas of environments as they stand. */
import { z } from 'zod'
import type { MaintenanceView } from '../client/routing-views.ts'
import type { EnvironmentsView, EnvironmentView, QueueEntryView, QueueView } from '../client/environment-views.ts'
import { actor, at, commit, hotfixSaid, ref } from './fields.ts'
import { brokenGlass, line } from './governance.ts'
import { observed } from './observed.ts'
import { rollout } from './rollouts.ts'
import { train } from './trains.ts'

const maintenance: z.ZodType<MaintenanceView> = z.strictObject({
  kind: z.enum(['page', 'hold', 'off']),
  by: actor.nullable(),
  reason: z.string().nullable(),
  since: at.nullable(),
  until: at.nullable(),
  status: z.enum(['applying', 'in_force', 'refused']),
  detail: z.string().nullable(),
})

const queueEntry: z.ZodType<QueueEntryView> = z.strictObject({
  id: z.string(),
  release: ref,
  purpose: z.enum(['deploy', 'promote']),
  by: actor,
  at,
  reason: z.string().nullable(),
  hotfix: hotfixSaid.nullable(),
  waits: z.strictObject({ detail: z.string(), lookAt: at.nullable() }).nullable(),
})

/** Who holds an environment, and who waits for it. */
export const queue: z.ZodType<QueueView> = z.strictObject({
  environment: z.string(),
  holder: z.strictObject({ rollout: z.string(), release: ref, by: actor, since: at }).nullable(),
  queue: z.array(queueEntry),
})

/** An environment. */
export const environment: z.ZodType<EnvironmentView> = z.strictObject({
  service: z.string(),
  name: z.string(),
  after: z.string().nullable(),
  serving: z.strictObject({ id: z.string(), version: z.string(), commit, since: at }).nullable(),
  previous: ref.nullable(),
  live: rollout.nullable(),
  lock: z.strictObject({ by: actor, reason: z.string(), at, until: at.nullable() }).nullable(),
  freezes: z.array(z.strictObject({ from: at, until: at, reason: z.string(), by: z.string() })),
  approvals: z.array(z.strictObject({ release: ref, by: actor, at })),
  rejections: z.array(z.strictObject({ release: ref, by: actor, at, reason: z.string() })),
  brokenGlass: z.array(brokenGlass),
  maintenance: maintenance.exactOptional(),
  observed,
  verification: z
    .strictObject({
      at,
      by: actor,
      release: ref,
      outcome: z.enum(['passed', 'failed', 'broken']),
      notPassed: z.array(z.string()),
    })
    .nullable(),
  history: z.array(
    z.strictObject({ rollout: z.string(), release: ref, outcome: z.enum(['succeeded', 'rolled_back']), at }),
  ),
  queue: z.array(queueEntry),
  soak: z.strictObject({ servedMs: z.number(), soakMs: z.number() }).nullable(),
  pin: z.strictObject({ release: ref, by: actor, at }).nullable(),
})

/** All of them. */
export const environments: z.ZodType<EnvironmentsView> = z.strictObject({
  service: z.string().nullable(),
  environments: z.array(environment),
  line,
  trains: z.array(train).optional(),
  now: at,
})
