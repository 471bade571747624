import { z } from 'zod'
import { limits } from '../limits.ts'
import { upWords } from '../verification/dependencies.ts'
import type { Check, CheckRequest, VerificationScope } from '../verification/types.ts'
import { count, key, positiveDuration, text } from './fields.ts'
import { expectationSchema, headerName, headerValue, jsonPath, lowerNames, statuses } from './schema-expectation.ts'

const named = {
  name: key(limited('the name of a check'), {
    description: 'What the check is called.',
    examples: ['home'],
  }),
}

const timeout = (usual: `${number}s` | `${number}m`) =>
  key(positiveDuration().prefault(usual), {
    description: 'How long one attempt may take; an attempt that takes longer is no pass.',
    examples: [usual],
  })

const retried = (usual: `${number}s` | `${number}m`) => ({
  timeout: timeout(usual),
  retries: key(count(0, limits.checkRetriesMax).default(0), {
    description: 'How many more attempts a check has after the first.',
    unit: 'attempts',
    examples: [2],
  }),
  retryDelay: key(positiveDuration().prefault('1s'), {
    description: 'Pause before each further attempt.',
    examples: ['1s'],
  }),
})

const scopes = ['candidate', 'environment', 'both'] as const

const scoped = {
  scope: key(z.enum(scopes, `expected one of ${scopes.join(', ')}`).optional(), {
    description:
      'Where the check looks: at the new instances before they have traffic, at the environment through its address after, or both. Both by default; with `origin` the environment.',
    examples: ['candidate'],
  }),
}

// RFC 9110: what may stand in a request line, and in a field.
const path = () =>
  z
    .string('expected a path')
    .regex(/^\/[\x21-\x7e]*$/, "expected a path that begins with /, without spaces, for instance '/health'")

const requested = {
  path: key(path(), {
    description: 'What is asked for: a path, with a query if need be.',
    examples: ['/', '/search?q=shoes'],
  }),
  headers: key(z.record(headerName(), headerValue(), 'expected headers: { name: value }').default({}), {
    description: "Names and values of the request's headers.",
    examples: [{ accept: 'application/json' }],
  }),
}

const outside = {
  origin: key(
    z
      .string('expected an address')
      .regex(/^https?:\/\/[^/?#\s@]+$/, "expected an address without a path, for instance 'https://shop.example.com'")
      .optional(),
    {
      description: "Where to ask instead of the environment's own address, for what stands before it.",
      examples: ['https://shop.example.com'],
    },
  ),
}

const body = () =>
  key(
    z
      .union(
        [
          z.string(),
          z.union([z.record(z.string(), z.json()), z.array(z.json())]).transform((value) => JSON.stringify(value)),
        ],
        'expected a text, or a value that is sent as JSON',
      )
      .optional(),
    {
      description: 'What is sent: a text, or a value that is sent as JSON.',
      examples: ['name=Ada', { name: 'Ada' }],
    },
  )

const http = z.strictObject({
  kind: z.literal('http'),
  ...named,
  ...scoped,
  ...outside,
  method: key(
    z
      .string('expected a method')
      .regex(/^[A-Z]{1,20}$/, "expected a method in capitals, for instance 'POST'")
      .refine((method) => method !== 'CONNECT', 'CONNECT asks for no answer')
      .default('GET'),
    { description: 'Method of the request.', examples: ['POST'] },
  ),
  ...requested,
  body: body(),
  expect: key(expectationSchema.prefault({}), {
    description: 'What the answer must be.',
    examples: [{ status: 200, body: { contains: 'Welcome' } }],
  }),
  ...retried('10s'),
})

const command = z.strictObject({
  kind: z.literal('command'),
  ...named,
  ...scoped,
  command: key(text('a shell command'), {
    description:
      'Shell command; it runs in the artifact that instances start in, with what they get as environment variables and the address in `SLUICE_URL`.',
    examples: ['node smoke.js'],
  }),
  ...retried('1m'),
})

const tls = z.strictObject({
  kind: z.literal('tls'),
  ...named,
  host: key(z.string('expected a host').regex(/^[A-Za-z0-9.:-]+$/, 'expected a host'), {
    description: 'Host to connect to.',
    examples: ['shop.example.com'],
  }),
  port: key(count(1, 65_535).default(443), { description: 'Port to connect to.', examples: [443] }),
  serverName: key(text('a name').optional(), {
    description: 'Name that the certificate must be valid for, where it is not the host.',
    examples: ['shop.example.com'],
  }),
  daysLeft: key(count(0, 3_650).default(14), {
    description: 'How many days the certificate must still be valid.',
    unit: 'days',
    examples: [14],
  }),
  authority: key(text('certificates in PEM').optional(), {
    description: "Certificates in PEM that are trusted instead of the system's authorities.",
    examples: ['-----BEGIN CERTIFICATE-----\n…'],
  }),
  ...retried('10s'),
})

const names = () => z.array(text('a name'), 'expected a list of names')

const dependencies = z.strictObject({
  kind: z.literal('dependencies'),
  ...named,
  ...scoped,
  ...outside,
  ...requested,
  list: key(jsonPath().optional(), {
    description: 'Path to the list in the answer, where it is not `dependencies`, `components`, `checks` or `details`.',
    examples: ['$.health.services'],
  }),
  up: key(
    names()
      .min(1)
      .default([...upWords]),
    {
      description: 'What a dependency that is up says.',
      examples: [['green']],
    },
  ),
  required: key(names().default([]), { description: 'Names that must be in the list.', examples: [['database']] }),
  optional: key(names().default([]), { description: 'Names that may be down.', examples: [['recommendations']] }),
  ...retried('10s'),
})

const between = (min: number, max: number) => {
  const message = `expected a number from ${min} to ${max}`
  return z.number(message).min(min, message).max(max, message)
}

const responseTime = z.strictObject({
  kind: z.literal('responseTime'),
  ...named,
  ...requested,
  status: key(statuses(), {
    description: 'Statuses of a good answer; any other counts as slower than all.',
    examples: [200],
  }),
  requests: key(count(50, limits.comparedRequestsMax).default(200), {
    description:
      'How many requests each of the two releases gets; it ends earlier when the new one is shown to be slower.',
    unit: 'requests',
    examples: [500],
  }),
  tolerance: key(between(1, 100).default(1.25), {
    description: 'How many times as long as the release before the new one may take.',
    unit: 'ratio',
    examples: [1.25],
  }),
  ignoreBelow: key(positiveDuration().prefault('5ms'), {
    description: 'Differences below this are none.',
    examples: ['5ms'],
  }),
  alpha: key(between(0.000_001, 0.5).default(0.01), {
    description: 'Highest probability that a release no slower than tolerated is refused.',
    unit: 'probability',
    examples: [0.01],
  }),
  timeout: timeout('1m'),
})

type Written = z.output<typeof http | typeof command | typeof tls | typeof dependencies | typeof responseTime>

const kinds = ['http', 'command', 'tls', 'dependencies', 'responseTime'] as const

const check = z
  .discriminatedUnion('kind', [http, command, tls, dependencies, responseTime], {
    error: `expected kind to be one of ${kinds.join(', ')}`,
  })
  .refine(
    (input) => !('origin' in input) || input.origin === undefined || (input.scope ?? 'environment') === 'environment',
    {
      error: 'expected scope to be environment: an origin is what stands before it',
      path: ['scope'],
    },
  )
  .transform((input): Check => checkOf(input))

/** The checks of an environment; their names differ, so that a report can be read. */
export const checksSchema: z.ZodType<readonly Check[]> = z
  .array(check, "expected a list of checks: [{ kind: 'http', name: 'home', path: '/' }]")
  .max(limits.checksMax, `expected at most ${limits.checksMax} checks`)
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'expected checks of different names')

const checkOf = (input: Written): Check => {
  const { name, timeout: timeoutMs } = input
  const common = { name, timeoutMs }
  switch (input.kind) {
    case 'http': {
      const request = { ...requestOf(input), method: input.method, body: input.body ?? null }
      return { kind: 'http', ...common, ...retriesOf(input), scopes: scopesOf(input), request, expect: input.expect }
    }
    case 'command':
      return { kind: 'command', ...common, ...retriesOf(input), scopes: scopesOf(input), command: input.command }
    case 'tls': {
      const { host, port, serverName = host, daysLeft: daysLeftMin, authority = null } = input
      const wanted = { host, port, serverName, daysLeftMin, authority }
      return { kind: 'tls', ...common, ...retriesOf(input), scopes: ['environment'], ...wanted }
    }
    case 'dependencies': {
      const { list = null, required, optional } = input
      const up = input.up.map((word) => word.toLowerCase())
      const request = requestOf(input)
      const wanted = { request, list, up, required, optional }
      return { kind: 'dependencies', ...common, ...retriesOf(input), scopes: scopesOf(input), ...wanted }
    }
    case 'responseTime': {
      const { status, requests, tolerance, ignoreBelow: ignoreBelowMs, alpha } = input
      const wanted = { request: requestOf(input), status, requests, tolerance, ignoreBelowMs, alpha }
      return { kind: 'responseTime', ...common, scopes: ['candidate'], ...wanted }
    }
  }
}

const retriesOf = (input: {
  readonly retries: number
  readonly retryDelay: number
}): { readonly retries: number; readonly retryDelayMs: number } => ({
  retries: input.retries,
  retryDelayMs: input.retryDelay,
})

const scopesOf = (input: {
  readonly scope?: (typeof scopes)[number] | undefined
  readonly origin?: string | undefined
}): readonly VerificationScope[] => {
  const scope = input.scope ?? (input.origin === undefined ? 'both' : 'environment')
  return scope === 'both' ? ['candidate', 'environment'] : [scope]
}

const requestOf = (input: {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly origin?: string | undefined
}): CheckRequest => ({
  origin: input.origin ?? null,
  method: 'GET',
  path: input.path,
  headers: lowerNames(input.headers),
  body: null,
})

function limited(what: string): z.ZodType<string, string> {
  const { nameLengthMax: max } = limits
  return text(what).refine((value) => value.length <= max, `expected ${what} of at most ${max} characters`)
}
