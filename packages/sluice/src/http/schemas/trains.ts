/** Schemas of release trains. */
import { z } from 'zod'
import type { TrainStartedView, TrainView } from '../client/train-views.ts'
import { actor, at, ref } from './fields.ts'

/** A train. */
export const train: z.ZodType<TrainView> = z.strictObject({
  id: z.string(),
  status: z.enum(['advancing', 'returning', 'parked', 'succeeded', 'rolled_back']),
  order: z.enum(['ordered', 'parallel']),
  by: actor,
  startedAt: at,
  settledAt: at.nullable(),
  cause: z.string().nullable(),
  members: z.array(
    z.strictObject({
      service: z.string(),
      environment: z.string(),
      release: ref,
      status: z.enum(['waiting', 'moving', 'arrived', 'failed', 'stopping', 'returning', 'returned', 'stranded']),
      rollout: z.string().nullable(),
      detail: z.string().nullable(),
    }),
  ),
  story: z.array(z.strictObject({ seq: z.number(), at, who: z.string(), text: z.string() })).optional(),
})

/** The answer to a start. */
export const trainStarted: z.ZodType<TrainStartedView> = z.strictObject({ train: z.string() })
