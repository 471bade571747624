import { z } from 'zod'
import { limits } from '../limits.ts'
import type { RateLimit, RollbackPolicy, RollbackTriggers, RollbackWindow } from '../rollback-policy.ts'
import { count, key, name, positiveDuration, share } from './fields.ts'

const window: z.ZodType<RollbackWindow> = z.union(
  [
    count(1, limits.rollbackTargetsKept).transform((value): RollbackWindow => ({ kind: 'releases', count: value })),
    positiveDuration().transform((ms): RollbackWindow => ({ kind: 'duration', ms })),
  ],
  "expected how many releases, or a duration such as '7d'",
)

const lasting = () =>
  key(positiveDuration().prefault('1m'), {
    description: 'For how long it must stay above the limit.',
    examples: ['1m'],
  })

const requestsMin = () =>
  key(count(1, 1_000_000_000).default(100), {
    description: 'How many requests must have been counted in that time; fewer are no measurement.',
    unit: 'requests',
    examples: [100],
  })

const rateShape = {
  above: key(
    share().refine((bp) => bp < 10_000, 'expected a share below 100%'),
    {
      description: 'Share of bad answers above which it is too much.',
      examples: ['2%'],
    },
  ),
  for: lasting(),
  requestsMin: requestsMin(),
}

type RateInput = { readonly above: number; readonly for: number; readonly requestsMin: number }

const rateOf = (input: RateInput): RateLimit => ({
  above: input.above / 10_000,
  forMs: input.for,
  requestsMin: input.requestsMin,
})

const errorRate = z
  .strictObject(rateShape, { error: "expected a limit of bad answers: { above: '2%' }" })
  .transform(rateOf)

const latency = z
  .strictObject(
    {
      percentile: key(count(50, 99).default(95), {
        description: 'Of all answers, how many percent must be faster.',
        unit: 'percent of the answers',
        examples: [95],
      }),
      above: key(positiveDuration(), {
        description: 'What counts as too slow; rounded up to a bound of the gateway’s histogram.',
        examples: ['500ms'],
      }),
      for: lasting(),
      requestsMin: requestsMin(),
    },
    { error: "expected a limit of latency: { above: '500ms' }" },
  )
  .transform((input) => ({
    quantile: input.percentile / 100,
    aboveMs: input.above,
    forMs: input.for,
    requestsMin: input.requestsMin,
  }))

const health = z
  .strictObject(
    {
      unhealthyMax: key(count(0, limits.instancesMax).default(0), {
        description: 'How many instances may fail their health check at once.',
        unit: 'instances',
        examples: [0],
      }),
      for: key(positiveDuration().prefault('30s'), {
        description: 'For how long more of them must fail.',
        examples: ['30s'],
      }),
    },
    { error: "expected a limit of failing health checks: { for: '30s' }" },
  )
  .transform((input) => ({ unhealthyMax: input.unhealthyMax, forMs: input.for }))

const metric = z
  .strictObject(
    {
      name: key(name(), {
        description: 'Name of a counter that the environment has in its `metrics`.',
        examples: ['checkout-failures'],
      }),
      ...rateShape,
    },
    { error: "expected a metric: { name: 'checkout-failures', above: '2%' }" },
  )
  .transform(({ name: called, ...rest }) => ({ name: called, ...rateOf(rest) }))

const watch: z.ZodType<RollbackTriggers> = z
  .strictObject(
    {
      for: key(positiveDuration().prefault('1h'), {
        description: 'How long a release is watched after its promotion.',
        examples: ['1h'],
      }),
      interval: key(positiveDuration().prefault('5s'), {
        description: 'Time between two looks.',
        examples: ['5s'],
      }),
      errorRate: key(errorRate.optional(), {
        description: 'Too many bad answers (status 500 to 599, timeouts, connection errors).',
        examples: [{ above: '2%', for: '1m', requestsMin: 100 }],
      }),
      latency: key(latency.optional(), {
        description: 'Too many slow answers.',
        examples: [{ percentile: 95, above: '500ms', for: '2m' }],
      }),
      health: key(health.optional(), {
        description: 'Too many instances that fail their health check.',
        examples: [{ unhealthyMax: 0, for: '30s' }],
      }),
      metrics: key(z.array(metric, 'expected a list of metrics').optional(), {
        description: 'Shares of bad units of metrics that the environment has from outside.',
        examples: [[{ name: 'checkout-failures', above: '2%' }]],
      }),
    },
    { error: "expected what to watch: { errorRate: { above: '2%' } }" },
  )
  .transform((input) => ({
    watchMs: input.for,
    intervalMs: input.interval,
    ...(input.errorRate === undefined ? {} : { errorRate: input.errorRate }),
    ...(input.latency === undefined ? {} : { latency: input.latency }),
    ...(input.health === undefined ? {} : { health: input.health }),
    ...(input.metrics === undefined ? {} : { metrics: input.metrics }),
  }))

/** How an environment goes back. */
export const rollbackSchema: z.ZodType<RollbackPolicy> = z
  .strictObject(
    {
      window: key(window.optional(), {
        description:
          'How near in the past a release must have served for a deploy of it to skip analysis and gates: one of so many releases before, or so long ago at most.',
        examples: [3, '7d'],
      }),
      watch: key(watch.optional(), {
        description: 'What is watched after a promotion, and takes the release back by itself.',
        examples: [{ for: '1h', errorRate: { above: '2%' } }],
      }),
    },
    { error: 'expected how to go back: { window: 3 }' },
  )
  .transform((input) => ({
    ...(input.window === undefined ? {} : { window: input.window }),
    ...(input.watch === undefined ? {} : { triggers: input.watch }),
  }))
