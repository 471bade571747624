import { z } from 'zod'
import { limits } from '../limits.ts'
import { count, key, name, text, variableName } from './fields.ts'
import type { MatrixSettings } from './settings.ts'

const value = z
  .union([z.string(), z.number(), z.boolean()], 'expected text, a number or true or false')
  .transform(String)

const combination = (): z.ZodType<Record<string, string>> =>
  z.record(variableName(), value, { error: "expected a combination: { node: '24' }" })

const shape = {
  include: key(z.array(combination()).default([]), {
    description: 'Combinations to add, or values to add to the combinations that they fit.',
    examples: [[{ node: '26', experimental: true }]],
  }),
  exclude: key(z.array(combination()).default([]), {
    description: 'Combinations to take away.',
    examples: [[{ node: '22', os: 'macos' }]],
  }),
  failFast: key(z.boolean('expected true or false').default(true), {
    description: 'Whether a leg that fails calls off those beside it.',
    examples: [false],
  }),
  maxParallel: key(count(1, limits.matrixLegsMax).optional(), {
    description: 'How many legs may run at the same time.',
    unit: 'jobs',
    examples: [2],
  }),
}

const given = z
  .strictObject({
    axes: key(
      z.record(variableName(), z.array(value).min(1, 'expected at least one value'), {
        error: "expected axes: { node: ['22', '24'] }",
      }),
      {
        description: 'The values to combine, by name; each becomes an environment variable of its leg.',
        examples: [{ node: ['22', '24'], os: ['linux'] }],
      },
    ),
    ...shape,
  })
  .transform((input): MatrixSettings => ({ ...input, from: null, maxParallel: input.maxParallel ?? null }))

const found = z
  .strictObject({
    from: key(
      z.strictObject({
        job: key(name(), { description: 'The job that says which legs there are.', examples: ['list'] }),
        output: key(text('the name of an output'), {
          description: 'Its output that holds a JSON list: texts, or objects of variables.',
          examples: ['packages'],
        }),
        as: key(variableName(), {
          description: 'The environment variable that gets a text of the list.',
          examples: ['PACKAGE'],
        }),
      }),
      {
        description: 'The output of an earlier job that lists the legs.',
        examples: [{ job: 'list', output: 'packages', as: 'PACKAGE' }],
      },
    ),
    failFast: shape.failFast,
    maxParallel: shape.maxParallel,
  })
  .transform((input): MatrixSettings => ({
    ...input,
    axes: {},
    include: [],
    exclude: [],
    maxParallel: input.maxParallel ?? null,
  }))

/** The legs of a job. */
export const matrixSchema: z.ZodType<MatrixSettings> = z.union(
  [given, found],
  "expected a matrix: { axes: { node: ['22', '24'] } }, or { from: { job, output, as } }",
)
