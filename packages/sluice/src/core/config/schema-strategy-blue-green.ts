import { z } from 'zod'
import type { Strategy } from '../model.ts'
import { key } from './fields.ts'
import { type Alternative, bake, flag, holdback, keepPrevious, routes } from './schema-strategy-parts.ts'

type BlueGreen = Extract<Strategy, { kind: 'blueGreen' }>

const shape = z.strictObject({
  kind: z.literal('blueGreen'),
  preview: key(routes().optional(), {
    description: 'Requests that reach the new release before the switch.',
    examples: [[{ header: 'x-preview', equals: 'green' }], [{ cookie: 'preview' }]],
  }),
  verify: key(flag().default(false), {
    description:
      'Whether a release may only come in verified: without a check of it before its traffic, the rollout fails.',
    examples: [true],
  }),
  approve: key(flag().default(false), {
    description: 'Whether a person must say when to switch.',
    examples: [true],
  }),
  bake: bake('How long the new release is watched after the switch.'),
  holdback: key(holdback().optional(), {
    description: 'What stays on the old release after the switch, judged, then dropped; instead of `bake`.',
    examples: ['2%', { share: '1%', bake: '1h' }],
  }),
  keepPrevious: keepPrevious(),
})

/** What the settings mean to a release. */
const resolved = (input: z.output<typeof shape>): BlueGreen => ({
  kind: 'blueGreen',
  bakeMs: input.bake,
  keepPrevious: input.keepPrevious,
  ...(input.preview === undefined ? {} : { preview: input.preview }),
  ...(input.verify ? { verify: true } : {}),
  ...(input.approve ? { approve: true } : {}),
  ...(input.holdback === undefined ? {} : { holdback: input.holdback }),
})

/** The settings of a blue-green rollout. */
export const blueGreenSchema: Alternative<BlueGreen> = shape.transform(resolved)
