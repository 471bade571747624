/** Schemas of what is seen of an environment: its traffic and its instances. */
import { z } from 'zod'
import type { ObservedView } from '../client/views.ts'
import { at, bp, listen, ref, verdict } from './fields.ts'

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
  apart: z
    .array(
      z.strictObject({
        why: z.enum(['rule', 'preview', 'skew', 'asset', 'mirror']),
        release: ref,
        requests: z.number(),
        bad: z.number(),
        skipped: z.number(),
      }),
    )
    .exactOptional(),
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

/** What is seen. */
export const observed: z.ZodType<ObservedView> = z.strictObject({
  traffic: traffic.nullable(),
  instances: z.array(instance).nullable(),
})
