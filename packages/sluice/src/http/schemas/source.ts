/** Schemas of where commits come from. */
import { z } from 'zod'
import { arrivalSources } from '../../core/source/types.ts'
import type { ArrivalView, HookTakenView, SourceView } from '../client/source-views.ts'
import { at } from './fields.ts'

/** Somebody told of a commit. */
export const arrival: z.ZodType<ArrivalView> = z.strictObject({
  id: z.string(),
  from: z.enum(arrivalSources),
  event: z.enum(['push', 'tag', 'pull_request']),
  ref: z.string(),
  status: z.enum(['received', 'fetched', 'started', 'ignored', 'failed']),
  because: z.string().nullable(),
  commit: z.string().nullable(),
  runs: z.array(z.strictObject({ run: z.string(), pipeline: z.string().nullable() })),
  sender: z.string().nullable(),
  delivery: z.string().nullable(),
  url: z.string().nullable(),
  title: z.string().nullable(),
  pullRequest: z.number().int().nullable(),
  receivedAt: at,
  settledAt: at.nullable(),
})

/** Where commits come from. */
export const source: z.ZodType<SourceView> = z.strictObject({
  remote: z.string().nullable(),
  ways: z.array(
    z.strictObject({
      kind: z.enum(arrivalSources),
      name: z.string(),
      trouble: z.string().nullable(),
      lastArrival: arrival.nullable(),
      lastFailure: arrival.nullable(),
    }),
  ),
  pipelines: z.array(z.string()),
  poll: z
    .strictObject({ everyMs: z.number().int(), lookedAt: at.nullable(), failure: z.string().nullable() })
    .nullable(),
})

/** What was taken of a webhook or a push. */
export const hookTaken: z.ZodType<HookTakenView> = z.strictObject({
  arrivals: z.array(z.string()),
  because: z.string().nullable(),
})
