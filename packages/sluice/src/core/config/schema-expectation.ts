/** What an HTTP answer must be: the part of a check that says it. */
import { z } from 'zod'
import { parseJsonPath } from '../verification/json-path.ts'
import type { HttpExpectation, JsonExpectation, TextExpectation } from '../verification/types.ts'
import { count, key, positiveDuration } from './fields.ts'

/** Name of a header (RFC 9110, token). */
export const headerName = (): z.ZodType<string, string> =>
  z.string('expected the name of a header').regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'expected the name of a header')

/** Value of a header (RFC 9110, field-value). */
export const headerValue = (): z.ZodType<string, string> =>
  z.string('expected the value of a header').regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'expected the value of a header')

/** The same with names in lower case. */
export const lowerNames = <Value>(entries: Readonly<Record<string, Value>>): Record<string, Value> =>
  Object.fromEntries(Object.entries(entries).map(([name, value]) => [name.toLowerCase(), value]))

const statusClass = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const
const oneStatus = z.union(
  [
    count(100, 599).transform((status) => ({ from: status, to: status })),
    z.enum(statusClass).transform((name) => {
      const from = Number(name[0]) * 100
      return { from, to: from + 99 }
    }),
  ],
  "expected a status such as 200, or a class such as '2xx'",
)

/** The statuses of a good answer. */
export const statuses = (): z.ZodType<HttpExpectation['status']> =>
  key(
    z
      .union(
        [z.array(oneStatus).min(1), oneStatus.transform((one) => [one])],
        "expected a status such as 200 or '2xx', or a list of them",
      )
      .prefault('2xx'),
    { description: 'The status: a number, a class, or several of them.', examples: [200, ['2xx', 304]] },
  )

const pattern = () =>
  z
    .string('expected a regular expression')
    .refine(isPattern, 'expected a regular expression (ECMAScript, with the flag u)')

const textExpectation = z
  .strictObject(
    {
      equals: key(z.string().optional(), { description: 'The whole text.', examples: ['ok'] }),
      contains: key(z.string().min(1).optional(), { description: 'A part of the text.', examples: ['Welcome'] }),
      matches: key(pattern().optional(), {
        description: 'A regular expression that matches somewhere in the text.',
        examples: ['^v[0-9]+'],
      }),
    },
    "expected what a text must be: { contains: '…' }",
  )
  .refine((input) => Object.values(input).some((value) => value !== undefined), 'expected equals, contains or matches')
  .transform((input): readonly TextExpectation[] =>
    (['equals', 'contains', 'matches'] as const).flatMap((kind) => {
      const wanted = input[kind]
      return wanted === undefined ? [] : [{ kind, text: wanted }]
    }),
  )

const headerExpectation = z.union(
  [z.string().transform((whole): readonly TextExpectation[] => [{ kind: 'equals', text: whole }]), textExpectation],
  "expected a text, or what it must be: { contains: '…' }",
)

const jsonTest: z.ZodType<JsonExpectation['test']> = z.union(
  [
    z
      .union([z.string(), z.number(), z.boolean(), z.null()])
      .transform((value): JsonExpectation['test'] => ({ kind: 'equals', value })),
    z
      .strictObject({
        exists: key(z.literal(true), { description: 'That there is a value, whatever it is.', examples: [true] }),
      })
      .transform((): JsonExpectation['test'] => ({ kind: 'exists' })),
    textExpectation.transform((all): JsonExpectation['test'] => ({ kind: 'text', all })),
  ],
  "expected a value, { exists: true }, or what its text must be: { contains: '…' }",
)

/** A path into JSON. */
export const jsonPath = (): z.ZodType<string, string> =>
  z
    .string('expected a path into JSON')
    .refine((value) => parseJsonPath(value) !== null, "expected a path such as '$.status' or '$.items[0].id'")

/** What an answer must be. */
export const expectationSchema: z.ZodType<HttpExpectation> = z
  .strictObject(
    {
      status: statuses(),
      within: key(positiveDuration().optional(), {
        description: 'How long the answer may take, until its last byte.',
        examples: ['500ms'],
      }),
      headers: key(z.record(headerName(), headerExpectation, 'expected headers: { name: value }').default({}), {
        description: 'What headers must say; a text must be the whole value.',
        examples: [{ 'content-type': { contains: 'json' } }],
      }),
      body: key(textExpectation.optional(), {
        description: 'What the body must be; everything given must hold.',
        examples: [{ contains: 'Welcome' }],
      }),
      json: key(z.record(jsonPath(), jsonTest, "expected values by path: { '$.status': 'ok' }").default({}), {
        description: 'What a JSON body must hold: values, or what must be so of them, by their paths.',
        examples: [{ '$.status': 'ok', '$.items[*].id': { matches: '^[0-9]+$' }, '$.version': { exists: true } }],
      }),
    },
    'expected what the answer must be: { status: 200 }',
  )
  .transform(({ status, within, headers, body, json }) => ({
    status,
    withinMs: within ?? null,
    headers: lowerNames(headers),
    body: body ?? [],
    json: Object.entries(json).map(([at, test]) => ({ path: at, test })),
  }))

function isPattern(source: string): boolean {
  try {
    return new RegExp(source, 'u').source !== ''
  } catch {
    return false
  }
}
