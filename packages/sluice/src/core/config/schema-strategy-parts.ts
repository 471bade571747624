/** Parts that the schemas of several strategies share. */
import { z } from 'zod'
import { limits } from '../limits.ts'
import type { Amount, Holdback } from '../strategy.ts'
import type { RouteMatch } from '../routing.ts'
import { count, duration, key, positiveDuration, share } from './fields.ts'

/** The settings of one strategy, told from the others by `kind`. */
export type Alternative<Kind> = z.ZodType<Kind> & z.core.$ZodTypeDiscriminable

/** Yes or no. */
export const flag = (): z.ZodType<boolean, boolean> => z.boolean('expected true or false')

/** Whether the old release stays up once the new one has all traffic. */
export const keepPrevious = (): z.ZodType<boolean, boolean | undefined> =>
  key(flag().default(true), {
    description: 'Whether the old instances stay up after the rollout, for an instant way back.',
    examples: [true],
  })

/** A number of instances, or a percentage of those that the release has. */
export const amount = (min: number): z.ZodType<Amount, number | string> =>
  z.union(
    [
      count(min, limits.instancesMax).transform((number): Amount => ({ kind: 'count', count: number })),
      z
        .string()
        .regex(/^(?:100|[0-9]{1,2})%$/, `expected a number of instances, or a percentage such as '25%'`)
        .transform((text): Amount => ({ kind: 'percent', percent: Number(text.slice(0, -1)) })),
    ],
    `expected a number of instances, or a percentage such as '25%'`,
  )

const token = (what: string): z.ZodType<string, string> =>
  z.string(`expected the name of ${what}`).regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, `expected the name of ${what}`)

const routeMatch = z
  .strictObject(
    {
      header: key(token('a header').optional(), {
        description: 'Name of the request header to look at.',
        examples: ['x-preview'],
      }),
      cookie: key(token('a cookie').optional(), {
        description: 'Name of the cookie to look at.',
        examples: ['preview'],
      }),
      equals: key(z.string('expected text').optional(), {
        description: 'What its value must be.',
        examples: ['yes'],
      }),
      startsWith: key(z.string('expected text').optional(), {
        description: 'What its value must begin with.',
        examples: ['tester-'],
      }),
    },
    { error: "expected a route: { header: 'x-preview', equals: 'yes' }" },
  )
  .refine(({ header, cookie }) => (header === undefined) !== (cookie === undefined), 'expected either header or cookie')
  .refine(
    ({ equals, startsWith }) => equals === undefined || startsWith === undefined,
    'expected equals or startsWith, not both',
  )
  .transform(({ header, cookie, equals, startsWith }): RouteMatch => {
    const value =
      equals !== undefined
        ? ({ kind: 'equals', text: equals } as const)
        : startsWith !== undefined
          ? ({ kind: 'startsWith', text: startsWith } as const)
          : null
    return header !== undefined
      ? { kind: 'header', name: header.toLowerCase(), value }
      : { kind: 'cookie', name: cookie ?? '', value }
  })

/** Requests that are picked out: one of these, all parts of it. */
export const routes = (): z.ZodType<readonly (readonly RouteMatch[])[]> =>
  z
    .array(
      z.union(
        [routeMatch.transform((match): readonly RouteMatch[] => [match]), z.array(routeMatch).min(1)],
        "expected a route: { header: 'x-preview', equals: 'yes' }, or a list of parts that must all hold",
      ),
      'expected a list of routes',
    )
    .min(1, 'expected at least one route')

const holdbackShare = () =>
  share().refine((shareBp) => shareBp >= 100 && shareBp <= 500, 'expected a share from 1% to 5%')

const holdbackSettings = z.strictObject({
  share: key(holdbackShare(), { description: 'Share of the traffic that the old release keeps.', examples: ['2%'] }),
  bake: key(positiveDuration().prefault('10m'), {
    description: 'How long the old release keeps it.',
    examples: ['1h'],
  }),
  unitsMin: key(count(1, 1_000_000_000).default(100), {
    description: 'How many requests (or sticky clients) the new release must have answered beside it.',
    unit: 'requests or sticky clients',
    examples: [1000],
  }),
})

/** What stays on the old release after the switch, judged, then dropped. */
export const holdback = (): z.ZodType<Holdback> =>
  z
    .union(
      [
        z
          .string("expected a share such as '2%'")
          .transform((text) => ({ share: text }))
          .pipe(holdbackSettings),
        holdbackSettings,
      ],
      "expected a share from 1% to 5%, or { share: '2%', bake: '1h' }",
    )
    .transform(({ share: shareBp, bake, unitsMin }): Holdback => ({ shareBp, bakeMs: bake, unitsMin }))

/** How long the new release is watched at the end. */
export const bake = (description: string): z.ZodType<number, string | undefined> =>
  key(duration().prefault('1m'), { description, examples: ['5m'] })
