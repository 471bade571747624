/** Traffic of an environment besides its split: who is told apart how, who is sent where, and what stays with an old release. */
import { z } from 'zod'
import type { RoutingSpec, Sticky } from '../model.ts'
import type { ArmName, DrainPolicy, RouteMatch, RouteRule } from '../routing.ts'
import { key, positiveDuration, text } from './fields.ts'

const arms = ['stable', 'candidate', 'holdback'] as const

/** RFC 9110 token: what a header or cookie may be called. */
const token = (what: string): z.ZodType<string, string> =>
  z.string(`expected the name of ${what}`).regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, `expected the name of ${what}`)

const headerName = (): z.ZodType<string, string> => token('a header').transform((name) => name.toLowerCase())

const userSticky = z
  .strictObject({
    user: key(
      z.union(
        [
          z.strictObject({
            cookie: key(token('a cookie'), {
              description: 'Name of the cookie that holds the user id.',
              examples: ['uid'],
            }),
          }),
          z.strictObject({
            header: key(headerName(), {
              description: 'Name of the request header that holds the user id.',
              examples: ['x-user-id'],
            }),
          }),
        ],
        "expected { cookie: 'name' } or { header: 'name' }",
      ),
      {
        description: 'Where the id of a user is found; the same user is on the same side on every device.',
        examples: [{ header: 'x-user-id' }],
      },
    ),
    cookie: key(token('a cookie').default('sluice-client'), {
      description: 'Name of the cookie that the gateway issues to clients without a user id.',
      examples: ['sluice-client'],
    }),
  })
  .transform(({ user, cookie }): Sticky =>
    'cookie' in user
      ? { kind: 'user', from: 'cookie', name: user.cookie, fallback: cookie }
      : { kind: 'user', from: 'header', name: user.header, fallback: cookie },
  )

/** How a client is kept on one side of a split. */
export const stickySchema: z.ZodType<Sticky> = z.union(
  [
    z.literal('none').transform((): Sticky => ({ kind: 'none' })),
    userSticky,
    z
      .strictObject({
        cookie: key(token('a cookie'), {
          description: 'Name of the cookie that the gateway issues.',
          examples: ['sluice-arm'],
        }),
      })
      .transform((input): Sticky => ({ kind: 'cookie', name: input.cookie })),
    z
      .strictObject({
        header: key(token('a header'), {
          description: 'Name of the request header that identifies a client.',
          examples: ['x-user-id'],
        }),
      })
      .transform((input): Sticky => ({ kind: 'header', name: input.header.toLowerCase() })),
  ],
  "expected 'none', { cookie: 'name' }, { header: 'name' } or { user: { header: 'name' } }",
)

const equals = () =>
  key(text('a value').optional(), { description: 'What its value must be; any value, when absent.', examples: ['yes'] })
const startsWith = () =>
  key(text('a value').optional(), { description: 'What its value must begin with.', examples: ['team-'] })

type Wanted = { readonly equals?: string | undefined; readonly startsWith?: string | undefined }

const valueOf = ({ equals, startsWith }: Wanted): RouteMatch['value'] => {
  if (equals !== undefined) return { kind: 'equals', text: equals }
  return startsWith === undefined ? null : { kind: 'startsWith', text: startsWith }
}

const match = z.union(
  [
    z
      .strictObject({
        header: key(headerName(), { description: 'Name of a request header.', examples: ['x-group'] }),
        equals: equals(),
        startsWith: startsWith(),
      })
      .transform(({ header, ...wanted }): RouteMatch => ({ kind: 'header', name: header, value: valueOf(wanted) })),
    z
      .strictObject({
        cookie: key(token('a cookie'), { description: 'Name of a cookie.', examples: ['beta'] }),
        equals: equals(),
        startsWith: startsWith(),
      })
      .transform(({ cookie, ...wanted }): RouteMatch => ({ kind: 'cookie', name: cookie, value: valueOf(wanted) })),
  ],
  "expected { header: 'name' } or { cookie: 'name' }, with equals or startsWith if its value counts",
)

const matches = () =>
  z.union([match.transform((one) => [one]), z.array(match).min(1, 'expected at least one match')], {
    error: "expected a match: { header: 'name', equals: 'value' }, or a list of them",
  })

const rule = z
  .strictObject(
    {
      arm: key(z.enum(arms, `expected one of ${arms.join(', ')}`), {
        description: 'The side that these requests go to, while there is one and no tripwire has cut it.',
        examples: ['candidate'],
      }),
      when: key(matches(), {
        description: 'What must hold of a request: one match, or a list of which all must hold.',
        examples: [
          { header: 'x-group', equals: 'beta' },
          [{ cookie: 'beta' }, { header: 'x-region', startsWith: 'eu-' }],
        ],
      }),
    },
    { error: "expected a rule: { arm: 'candidate', when: { header: 'x-group', equals: 'beta' } }" },
  )
  .transform(({ arm, when }): RouteRule => ({ arm, all: when }))

const force = z
  .strictObject(
    {
      header: key(headerName().optional(), {
        description: 'Header whose value names the side: stable, candidate or holdback.',
        examples: ['x-sluice-arm'],
      }),
      cookie: key(token('a cookie').optional(), {
        description: 'Cookie whose value names the side: stable, candidate or holdback.',
        examples: ['sluice-force'],
      }),
    },
    { error: "expected { header: 'name' } or { cookie: 'name' }" },
  )
  .transform(({ header, cookie }): readonly RouteRule[] =>
    arms.flatMap((arm) => [
      ...(header === undefined ? [] : [forcing(arm, 'header', header)]),
      ...(cookie === undefined ? [] : [forcing(arm, 'cookie', cookie)]),
    ]),
  )

const forcing = (arm: ArmName, kind: RouteMatch['kind'], name: string): RouteRule => ({
  arm,
  all: [{ kind, name, value: { kind: 'equals', text: arm } }],
})

const skew = z
  .strictObject(
    {
      maxAge: key(positiveDuration().prefault('1h'), {
        description: 'How long a client stays with the release that it started on, at most.',
        examples: ['1h'],
      }),
      cookie: key(token('a cookie').default('sluice-release'), {
        description: 'Name of the cookie that says which release a client started on.',
        examples: ['sluice-release'],
      }),
    },
    { error: "expected { maxAge: '1h' }" },
  )
  .transform(({ maxAge, cookie }) => ({ cookie, maxAgeMs: maxAge }))

const assetPath = (): z.ZodType<string, string> =>
  z
    .string("expected the beginning of a path such as '/assets/'")
    .regex(/^\/[\x21-\x7e]*$/, "expected the beginning of a path such as '/assets/'")

/** Traffic besides the split; an empty one says nothing. */
export const routingSchema: z.ZodType<RoutingSpec> = z
  .strictObject(
    {
      force: key(force.optional(), {
        description: 'How testers choose a side for themselves; their requests are not judged.',
        examples: [{ header: 'x-sluice-arm' }],
      }),
      rules: key(z.array(rule, 'expected a list of rules').optional(), {
        description:
          'Requests that go to one side whatever the split says, not judged; the first rule that holds decides.',
        examples: [[{ arm: 'candidate', when: { header: 'x-group', equals: 'beta' } }]],
      }),
      skew: key(skew.optional(), {
        description:
          'Clients stay with the release that they started on while it is up; needs `sticky` by cookie or user.',
        examples: [{ maxAge: '1h' }],
      }),
      assets: key(z.array(assetPath(), 'expected a list of paths').optional(), {
        description: 'Beginnings of paths of files that the other release is asked for before a 404 is answered.',
        examples: [['/assets/']],
      }),
      bypass: key(matches().optional(), {
        description: 'Requests that pass through maintenance: one match, or a list of which all must hold.',
        examples: [{ cookie: 'crew', equals: 'a-long-random-word' }],
      }),
    },
    { error: "expected traffic settings: { skew: { maxAge: '1h' } }" },
  )
  .transform(({ force: forced = [], rules = [], skew: stays, assets, bypass }): RoutingSpec => ({
    ...(forced.length + rules.length > 0 && { rules: [...forced, ...rules] }),
    ...(stays && { skew: stays }),
    ...(assets && assets.length > 0 && { assets }),
    ...(bypass && { bypass }),
  }))

/** When what lasts leaves an instance that drains. */
export const drainSchema: z.ZodType<DrainPolicy> = z
  .strictObject(
    {
      idle: key(positiveDuration().prefault('5s'), {
        description: 'A WebSocket without a message, or an event stream without an event, for this long is closed.',
        examples: ['30s'],
      }),
      maxAge: key(positiveDuration().prefault('5m'), {
        description: 'Any of them is closed after this long; no less than this is waited for them.',
        examples: ['15m'],
      }),
    },
    { error: "expected { idle: '30s', maxAge: '15m' }" },
  )
  .transform(({ idle, maxAge }) => ({ idleMs: idle, maxAgeMs: maxAge }))
