import { z } from 'zod'
import { limits } from '../limits.ts'
import type { CanaryStep, Strategy } from '../model.ts'
import { count, duration, key, positiveDuration, share } from './fields.ts'

const kinds = ['rolling', 'blueGreen', 'canary', 'recreate'] as const

const keepPrevious = () =>
  key(z.boolean('expected true or false').default(true), {
    description: 'Whether the old instances stay up after the rollout, for an instant way back.',
    examples: [true],
  })

const rolling = z.strictObject({
  kind: z.literal('rolling'),
  batchSize: key(count(1, limits.instancesMax).default(1), {
    description: 'How many instances are replaced at once.',
    unit: 'instances',
    examples: [2],
  }),
  pause: key(duration().prefault('0s'), { description: 'Pause between two batches.', examples: ['10s'] }),
  maxFailurePercent: key(count(0, 100).default(0), {
    description: 'How many percent of the instances may fail to become healthy before the rollout is taken back.',
    unit: 'percent of the instances',
    examples: [25],
  }),
})

const blueGreen = z.strictObject({
  kind: z.literal('blueGreen'),
  bake: key(duration().prefault('1m'), {
    description: 'How long the new release is watched after the switch.',
    examples: ['5m'],
  }),
  keepPrevious: keepPrevious(),
})

const stepShare = () =>
  share().refine((shareBp) => shareBp > 0 && shareBp < 10_000, 'expected a share above 0% and below 100%')

const stepSettings = z.strictObject({
  share: key(stepShare(), { description: 'Share of the traffic that the new release gets.', examples: ['5%'] }),
  bake: key(positiveDuration().prefault('1m'), {
    description: 'How long this share lasts at least.',
    examples: ['10m'],
  }),
  unitsMin: key(count(0, 1_000_000_000).default(100), {
    description: 'How many requests (or sticky clients) the new release must have answered at this share.',
    unit: 'requests or sticky clients',
    examples: [1000],
  }),
  approve: key(z.boolean('expected true or false').default(false), {
    description: 'Whether a person must say that it goes on, instead of time and evidence.',
    examples: [true],
  }),
})

const step = z
  .union(
    [
      z
        .string("expected a share such as '5%'")
        .transform((text) => ({ share: text }))
        .pipe(stepSettings),
      stepSettings,
    ],
    "expected a share such as '5%', or { share: '5%', bake: '10m' }",
  )
  .transform((input): CanaryStep =>
    input.approve
      ? { kind: 'approve', shareBp: input.share }
      : { kind: 'bake', shareBp: input.share, bakeMs: input.bake, unitsMin: input.unitsMin },
  )

const canary = z.strictObject({
  kind: z.literal('canary'),
  steps: key(
    z
      .array(step, 'expected a list of shares')
      .min(1, 'expected at least one share below 100%')
      .max(limits.canaryStepsMax, `expected at most ${limits.canaryStepsMax} shares`)
      .refine(
        (steps) => steps.every((one, index) => index === 0 || one.shareBp > (steps[index - 1]?.shareBp ?? 0)),
        'expected growing shares',
      )
      .prefault(['5%', '25%', '50%']),
    {
      description: 'The shares on the way to 100 %, each a share or its settings.',
      examples: [['1%', '10%', { share: '50%', bake: '10m' }]],
    },
  ),
  bake: key(duration().prefault('1m'), {
    description: 'How long the new release is watched at 100 %.',
    examples: ['5m'],
  }),
  keepPrevious: keepPrevious(),
})

const recreate = z.strictObject({ kind: z.literal('recreate') })

const settings = z
  .discriminatedUnion('kind', [rolling, blueGreen, canary, recreate], {
    error: `expected kind to be one of ${kinds.join(', ')}`,
  })
  .transform((input): Strategy => {
    switch (input.kind) {
      case 'rolling':
        return {
          kind: 'rolling',
          batchSize: input.batchSize,
          pauseMs: input.pause,
          maxFailurePercent: input.maxFailurePercent,
        }
      case 'blueGreen':
        return { kind: 'blueGreen', bakeMs: input.bake, keepPrevious: input.keepPrevious }
      case 'canary':
        return { kind: 'canary', steps: input.steps, bakeMs: input.bake, keepPrevious: input.keepPrevious }
      case 'recreate':
        return { kind: 'recreate' }
    }
  })

/** How a release comes in: a strategy's name, or its settings. */
export const strategySchema: z.ZodType<Strategy> = z.union(
  [
    z
      .enum(kinds)
      .transform((kind) => ({ kind }))
      .pipe(settings),
    settings,
  ],
  `expected a strategy: one of ${kinds.join(', ')}, or its settings: { kind: 'canary', … }`,
)
