/** Schemas of environments as they stand. */
import { z } from 'zod'
import type { MaintenanceView } from '../client/routing-views.ts'
import type { EnvironmentsView, EnvironmentView } from '../client/views.ts'
import { actor, at, commit, ref } from './fields.ts'
import { observed } from './observed.ts'
import { rollout } from './rollouts.ts'

const maintenance: z.ZodType<MaintenanceView> = z.strictObject({
  kind: z.enum(['page', 'hold', 'off']),
  by: actor.nullable(),
  reason: z.string().nullable(),
  since: at.nullable(),
  until: at.nullable(),
  status: z.enum(['applying', 'in_force', 'refused']),
  detail: z.string().nullable(),
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
})

/** All of them. */
export const environments: z.ZodType<EnvironmentsView> = z.strictObject({
  service: z.string().nullable(),
  environments: z.array(environment),
  now: at,
})
