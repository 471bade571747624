import { z } from 'zod'
import type { Strategy } from '../strategy.ts'
import { key } from './fields.ts'
import { listenAddress } from './schema-listen.ts'
import { type Alternative, bake, flag, holdback, keepPrevious, routes } from './schema-strategy-parts.ts'

type BlueGreen = Extract<Strategy, { kind: 'blueGreen' }>

/** Where green is seen before the switch. */
const previewSchema = z.strictObject(
  {
    listen: key(listenAddress, {
      description:
        'Where the new release alone is reached until the switch: a port, or host and port. Nobody listens there at other times.',
      examples: [8090, '0.0.0.0:8090'],
    }),
    routes: key(routes().optional(), {
      description: 'Requests to the address of the environment that reach the new release before the switch.',
      examples: [[{ cookie: 'preview' }]],
    }),
  },
  { error: 'expected a preview: { listen: 8090 }' },
)

const shape = z.strictObject({
  kind: z.literal('blueGreen'),
  preview: key(z.union([routes(), previewSchema], 'expected a list of routes, or { listen: 8090 }').optional(), {
    description: 'Requests that reach the new release before the switch, or the address where it is reached alone.',
    examples: [{ listen: 8090 }, [{ header: 'x-preview', equals: 'green' }], [{ cookie: 'preview' }]],
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

const previewOf = (preview: z.output<typeof shape>['preview']): Pick<BlueGreen, 'preview' | 'previewListen'> => {
  if (preview === undefined) return {}
  if (!('listen' in preview)) return { preview }
  const { listen, routes: said } = preview
  return { previewListen: listen, ...(said === undefined ? {} : { preview: said }) }
}

/** What the settings mean to a release. */
const resolved = (input: z.output<typeof shape>): BlueGreen => ({
  kind: 'blueGreen',
  bakeMs: input.bake,
  keepPrevious: input.keepPrevious,
  ...previewOf(input.preview),
  ...(input.verify ? { verify: true } : {}),
  ...(input.approve ? { approve: true } : {}),
  ...(input.holdback === undefined ? {} : { holdback: input.holdback }),
})

/** The settings of a blue-green rollout. */
export const blueGreenSchema: Alternative<BlueGreen> = shape.transform(resolved)
