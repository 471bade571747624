import { z } from 'zod'
import { limits } from '../limits.ts'
import type { CanaryStep, StageOptions, Strategy } from '../strategy.ts'
import { count, key, positiveDuration, share } from './fields.ts'
import { type Alternative, amount, bake, flag, holdback, keepPrevious, routes } from './schema-strategy-parts.ts'

type Canary = Extract<Strategy, { kind: 'canary' }>

const stepShare = () => share().refine((shareBp) => shareBp < 10_000, 'expected a share above 0% and below 100%')

const stepSettings = z
  .strictObject({
    share: key(stepShare(), {
      description: 'Share of the traffic that the new release gets. At 0% it gets what `routes` and `mirror` say.',
      examples: ['5%'],
    }),
    bake: key(positiveDuration().prefault('1m'), {
      description: 'How long this share lasts at least.',
      examples: ['10m'],
    }),
    unitsMin: key(count(0, 1_000_000_000).default(100), {
      description: 'How many requests (or sticky clients) the new release must have answered at this share.',
      unit: 'requests or sticky clients',
      examples: [1000],
    }),
    pause: key(positiveDuration().optional(), {
      description: 'How long this share lasts, with the judge in the background; instead of `bake` and `unitsMin`.',
      examples: ['10m'],
    }),
    approve: key(flag().default(false), {
      description: 'Whether a person must say that it goes on, instead of time and evidence.',
      examples: [true],
    }),
    scale: key(amount(1).optional(), {
      description:
        'How many instances of the new release there are at this share; never fewer than at the share before.',
      unit: 'instances',
      examples: [1, '25%'],
    }),
    routes: key(routes().optional(), {
      description: 'Requests that reach the new release whatever its share; the judge does not count them.',
      examples: [[{ header: 'x-canary', equals: 'always' }], [{ cookie: 'beta' }]],
    }),
    mirror: key(
      share()
        .refine((shareBp) => shareBp > 0, 'expected a share above 0%')
        .optional(),
      {
        description:
          "Share of the old release's requests that is sent to the new one too; its answers are thrown away.",
        examples: ['10%'],
      },
    ),
    verify: key(flag().default(false), {
      description: 'Whether the checks of the environment must pass against the new release at this share.',
      examples: [true],
    }),
  })
  .refine(({ pause, approve }) => pause === undefined || !approve, 'expected pause or approve, not both')
  .refine(({ share: shareBp, routes: picked, mirror }) => shareBp > 0 || picked !== undefined || mirror !== undefined, {
    error: 'expected a share above 0%, or routes or a mirror at 0%',
    path: ['share'],
  })
  .refine(({ share: shareBp, pause, approve }) => shareBp > 0 || pause !== undefined || approve, {
    error: 'expected pause or approve at 0%: without a share there is nothing to judge',
    path: ['share'],
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
  .transform((input): CanaryStep => {
    const options = optionsOf(input)
    if (input.approve) return { kind: 'approve', shareBp: input.share, ...options }
    if (input.pause !== undefined) return { kind: 'pause', shareBp: input.share, pauseMs: input.pause, ...options }
    return { kind: 'bake', shareBp: input.share, bakeMs: input.bake, unitsMin: input.unitsMin, ...options }
  })

const optionsOf = ({ scale, routes: picked, mirror, verify }: z.output<typeof stepSettings>): StageOptions => ({
  ...(scale === undefined ? {} : { scale }),
  ...(picked === undefined ? {} : { routes: picked }),
  ...(mirror === undefined ? {} : { mirrorBp: mirror }),
  ...(verify ? { verify: true } : {}),
})

const isGrowing = (steps: readonly CanaryStep[]): boolean =>
  steps.every(({ shareBp }, index) => {
    const before = steps[index - 1]?.shareBp
    return before === undefined || shareBp > before || (shareBp === 0 && before === 0)
  })

const shape = z.strictObject({
  kind: z.literal('canary'),
  steps: key(
    z
      .array(step, 'expected a list of shares')
      .min(1, 'expected at least one share below 100%')
      .max(limits.canaryStepsMax, `expected at most ${limits.canaryStepsMax} shares`)
      .refine(isGrowing, 'expected growing shares')
      .prefault(['5%', '25%', '50%']),
    {
      description: 'The shares on the way to 100 %, each a share or its settings.',
      examples: [['1%', '10%', { share: '50%', bake: '10m' }]],
    },
  ),
  ramp: key(z.enum(['time', 'evidence'], "expected 'time' or 'evidence'").default('time'), {
    description:
      'What ends a share that is judged: its time, or proof that the new release is no worse. With proof, shares that the exposure budget allows are passed over, and none is ever exceeded.',
    examples: ['evidence'],
  }),
  verify: key(flag().default(false), {
    description:
      'Whether a release may only come in verified: without a check of it before its traffic, the rollout fails.',
    examples: [true],
  }),
  bake: bake('How long the new release is watched at 100 %.'),
  holdback: key(holdback().optional(), {
    description: 'What stays on the old release after the switch, judged, then dropped; instead of `bake`.',
    examples: ['2%', { share: '1%', bake: '1h' }],
  }),
  keepPrevious: keepPrevious(),
})

/** What the settings mean to a release. */
const resolved = (input: z.output<typeof shape>): Canary => ({
  kind: 'canary',
  steps: input.steps,
  bakeMs: input.bake,
  keepPrevious: input.keepPrevious,
  ...(input.ramp === 'evidence' ? { ramp: 'evidence' } : {}),
  ...(input.verify ? { verify: true } : {}),
  ...(input.holdback === undefined ? {} : { holdback: input.holdback }),
})

/** The settings of a canary rollout. */
export const canarySchema: Alternative<Canary> = shape.transform(resolved)
