/** Schemas of checks and of what they said. */
import { z } from 'zod'
import type { Check } from '../../core/verification/types.ts'
import type { VerificationView } from '../client/environment-views.ts'
import { at, ref } from './fields.ts'

const scope = z.enum(['candidate', 'environment'])
const common = { name: z.string(), scopes: z.array(scope), timeoutMs: z.number() }
const retried = { retries: z.number(), retryDelayMs: z.number() }
const texts = z.array(z.strictObject({ kind: z.enum(['equals', 'contains', 'matches']), text: z.string() }))
const statuses = z.array(z.strictObject({ from: z.number(), to: z.number() }))

const request = z.strictObject({
  origin: z.string().nullable(),
  method: z.string(),
  path: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string().nullable(),
})

const jsonTest = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('equals'),
    value: z.union([z.string(), z.number(), z.boolean(), z.null()]),
  }),
  z.strictObject({ kind: z.literal('exists') }),
  z.strictObject({ kind: z.literal('text'), all: texts }),
])

/** A check of an environment. */
export const check: z.ZodType<Check> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('http'),
    ...common,
    ...retried,
    request,
    expect: z.strictObject({
      status: statuses,
      withinMs: z.number().nullable(),
      headers: z.record(z.string(), texts),
      body: texts,
      json: z.array(z.strictObject({ path: z.string(), test: jsonTest })),
    }),
  }),
  z.strictObject({ kind: z.literal('command'), ...common, ...retried, command: z.string() }),
  z.strictObject({
    kind: z.literal('tls'),
    ...common,
    ...retried,
    host: z.string(),
    port: z.number(),
    serverName: z.string(),
    daysLeftMin: z.number(),
    authority: z.string().nullable(),
  }),
  z.strictObject({
    kind: z.literal('dependencies'),
    ...common,
    ...retried,
    request,
    list: z.string().nullable(),
    up: z.array(z.string()),
    required: z.array(z.string()),
    optional: z.array(z.string()),
  }),
  z.strictObject({
    kind: z.literal('responseTime'),
    ...common,
    request,
    status: statuses,
    requests: z.number(),
    tolerance: z.number(),
    ignoreBelowMs: z.number(),
    alpha: z.number(),
  }),
])

const outcome = z.enum(['passed', 'failed', 'broken'])

/** What the checks of an environment said. */
export const verification: z.ZodType<VerificationView> = z.strictObject({
  environment: z.string(),
  release: ref,
  scope,
  outcome,
  at,
  results: z.array(
    z.strictObject({
      name: z.string(),
      outcome,
      detail: z.string(),
      durationMs: z.number(),
      evidence: z.array(z.string()),
    }),
  ),
})
