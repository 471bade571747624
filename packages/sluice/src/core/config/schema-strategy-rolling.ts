import { z } from 'zod'
import { limits } from '../limits.ts'
import type { Strategy } from '../strategy.ts'
import { count, duration, key } from './fields.ts'
import { type Alternative, amount } from './schema-strategy-parts.ts'

type Rolling = Extract<Strategy, { kind: 'rolling' }>

const shape = z.strictObject({
  kind: z.literal('rolling'),
  batchSize: key(count(1, limits.instancesMax).default(1), {
    description: 'How many instances are replaced at once.',
    unit: 'instances',
    examples: [2],
  }),
  maxSurge: key(amount(0).optional(), {
    description:
      'How many instances there may be beyond those wanted while batches are replaced; instead of `batchSize`. A percentage is rounded up.',
    unit: 'instances',
    examples: [1, '25%'],
  }),
  maxUnavailable: key(amount(0).optional(), {
    description:
      'How many of the instances wanted may be missing while batches are replaced; instead of `batchSize`. A percentage is rounded down.',
    unit: 'instances',
    examples: [0, '25%'],
  }),
  pause: key(duration().prefault('0s'), { description: 'Pause between two batches.', examples: ['10s'] }),
  maxFailurePercent: key(count(0, 100).default(0), {
    description: 'How many percent of the instances may fail to become healthy before the rollout is taken back.',
    unit: 'percent of the instances',
    examples: [25],
  }),
})

/** What the settings mean to a release. The bound that is not given is 0 for the missing, 1 for the surplus where nothing may be missing. */
const resolved = (input: z.output<typeof shape>): Rolling => {
  const { maxSurge, maxUnavailable } = input
  const none = { kind: 'count', count: 0 } as const
  return {
    kind: 'rolling',
    batchSize: input.batchSize,
    pauseMs: input.pause,
    maxFailurePercent: input.maxFailurePercent,
    ...(maxSurge === undefined && maxUnavailable === undefined
      ? {}
      : { surge: { maxSurge: maxSurge ?? none, maxUnavailable: maxUnavailable ?? none } }),
  }
}

/** The settings of a rolling rollout. */
export const rollingSchema: Alternative<Rolling> = shape.transform(resolved)
