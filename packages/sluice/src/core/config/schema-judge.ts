import { z } from 'zod'
import type { JudgePolicy, LatencyPolicy, MetricPolicy } from '../model.ts'
import { count, duration, key, positiveDuration, share } from './fields.ts'

const quantile = (): z.ZodType<number, string> =>
  z
    .string("expected a quantile such as 'p99'")
    .regex(/^p(?:[1-9]\d?)(?:\.\d{1,2})?$/, "expected a quantile such as 'p95', 'p99' or 'p99.9'")
    .transform((text) => Number((Number(text.slice(1)) / 100).toFixed(4)))

const latency: z.ZodType<LatencyPolicy> = z
  .strictObject(
    {
      quantiles: key(
        z
          .array(quantile(), "expected a list of quantiles such as ['p95', 'p99']")
          .max(4, 'expected at most 4 quantiles')
          .refine((all) => new Set(all).size === all.length, 'expected each quantile once')
          .prefault(['p95', 'p99']),
        {
          description:
            "Which quantiles of the old release's response time a slow answer of the new one is held against.",
          examples: [['p95', 'p99']],
        },
      ),
      tolerance: key(between(1, 100).default(1.25), {
        description: 'How many times as many slow answers as the old release the new one may have.',
        unit: 'ratio',
        examples: [1.25],
      }),
      limit: key(positiveDuration().optional(), {
        description: 'An answer slower than this is slow whatever the old release does.',
        examples: ['800ms'],
      }),
      limitShare: key(positiveShare().optional(), {
        description: 'Largest share of answers slower than `limit` while there is no old release to compare with.',
        examples: ['1%'],
      }),
      warmup: key(duration().prefault('30s'), {
        description: 'For how long slow answers of a new instance are not counted; errors always are.',
        examples: ['30s'],
      }),
    },
    { error: "expected latency settings: { quantiles: ['p99'] }" },
  )
  .refine(({ limit, limitShare }) => limit !== undefined || limitShare === undefined, {
    error: 'expected limit beside limitShare',
    path: ['limitShare'],
  })
  .refine(({ limit, quantiles }) => limit !== undefined || quantiles.length > 0, {
    error: 'expected a quantile or a limit',
    path: ['quantiles'],
  })
  .transform(({ limit, limitShare, warmup, ...rest }): LatencyPolicy => ({
    ...rest,
    ...(limit === undefined ? {} : { limitMs: limit }),
    ...(limitShare === undefined ? {} : { limitShare: limitShare / 10_000 }),
    warmupMs: warmup,
  }))

const metric: z.ZodType<MetricPolicy> = z
  .strictObject(
    {
      weight: key(between(0, 1_000).optional(), {
        description: 'How much of the evidence this metric makes up, beside the weights of the others; 1 where absent.',
        unit: 'weight',
        examples: [2],
      }),
      alpha: key(between(0.000_001, 0.5).optional(), {
        description: 'What this metric alone may spend of `alpha`, for one that is critical.',
        unit: 'probability',
        examples: [0.005],
      }),
    },
    { error: 'expected a weight or an alpha: { weight: 2 }' },
  )
  .transform(({ weight, alpha }): MetricPolicy => ({
    ...(weight === undefined ? {} : { weight }),
    ...(alpha === undefined ? {} : { alpha }),
  }))

const prove = z.strictObject(
  {
    margin: key(between(1.01, 100).default(1.5), {
      description: 'How many times as bad as tolerated the new release must be proven not to be.',
      unit: 'ratio',
      examples: [1.5],
    }),
    alpha: key(between(0.000_001, 0.5).default(0.05), {
      description: 'Highest probability that a release beyond the margin is ever taken for proven.',
      unit: 'probability',
      examples: [0.05],
    }),
  },
  { error: 'expected proof settings: { margin: 1.5 }' },
)

/** When the judge stops a release, and when it lets one go on early. */
export const judgeSchema: z.ZodType<JudgePolicy> = z
  .strictObject(
    {
      alpha: key(between(0.000_001, 0.5).default(0.01), {
        description: 'Highest probability that a release no worse than tolerated is ever stopped.',
        unit: 'probability',
        examples: [0.01],
      }),
      tolerance: key(between(1, 100).default(1), {
        description: 'How many times the bad rate of the old release the new one may have.',
        unit: 'ratio',
        examples: [1.25],
      }),
      ignoreBelow: key(share().prefault('0.05%'), {
        description: 'A release whose own share of bad answers is below this is never stopped.',
        examples: ['0.1%'],
      }),
      interval: key(positiveDuration().prefault('1s'), {
        description: 'How often the counts are read.',
        examples: ['1s'],
      }),
      staleAfter: key(positiveDuration().prefault('10s'), {
        description: 'Counts older than this mean that the judge cannot see.',
        examples: ['10s'],
      }),
      errorLimit: key(positiveShare().optional(), {
        description: 'Largest share of bad answers while there is no old release to compare with.',
        examples: ['1%'],
      }),
      latency: key(latency.optional(), {
        description: 'How slow is bad; absent: response times are not judged.',
        examples: [{}, { quantiles: ['p99'], limit: '800ms' }],
      }),
      metrics: key(z.record(z.string(), metric, 'expected metrics by name: { errors: { weight: 2 } }').optional(), {
        description:
          'How `errors`, the quantiles (`p95`, …) and `slow` (beyond `latency.limit`) share alpha; each has weight 1 where absent.',
        examples: [{ errors: { weight: 2 } }],
      }),
      prove: key(prove.optional(), {
        description: 'Lets a step end before its time once the new release is proven good; absent: time decides.',
        examples: [{ margin: 1.5 }],
      }),
      exposureBudget: key(count(1, 1_000_000_000).optional(), {
        description:
          "How many bad answers a new release may be expected to cost, beyond the old one's rate; the next share is the largest planned one that keeps to it.",
        unit: 'bad answers',
        examples: [50],
      }),
    },
    { error: 'expected judge settings: { alpha: 0.01 }' },
  )
  .transform(
    ({
      ignoreBelow,
      interval,
      staleAfter,
      errorLimit,
      latency: slow,
      metrics,
      prove: good,
      exposureBudget,
      ...rest
    }) => ({
      ...rest,
      ignoreBelow: ignoreBelow / 10_000,
      intervalMs: interval,
      staleAfterMs: staleAfter,
      ...(errorLimit === undefined ? {} : { errorLimit: errorLimit / 10_000 }),
      ...(slow === undefined ? {} : { latency: slow }),
      ...(metrics === undefined ? {} : { metrics }),
      ...(good === undefined ? {} : { prove: good }),
      ...(exposureBudget === undefined ? {} : { exposureBudget }),
    }),
  )
  .refine(({ metrics = {}, alpha }) => spentOf(metrics) <= alpha, {
    error: 'expected the alphas of the metrics to sum to at most alpha',
    path: ['metrics'],
  })

const spentOf = (metrics: Readonly<Record<string, MetricPolicy>>): number =>
  Object.values(metrics).reduce((sum, { alpha }) => sum + (alpha ?? 0), 0)

function positiveShare(): z.ZodType<number, string> {
  return share().refine((bp) => bp > 0 && bp < 10_000, 'expected a share above 0% and below 100%')
}

function between(min: number, max: number): z.ZodType<number, number> {
  const message = `expected a number from ${min} to ${max}`
  return z.number(message).min(min, message).max(max, message)
}
