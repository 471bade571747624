/** The schema of typed inputs: what a person who starts a run, or a job of it, is asked for. */
import { z } from 'zod'
import type { ManualInput } from '../pipeline/job-plan.ts'
import { key, text, variableName } from './fields.ts'

const inputSchema = z
  .strictObject({
    type: key(z.enum(['text', 'number', 'boolean', 'choice']).default('text'), {
      description: 'What kind of value it is.',
      examples: ['choice'],
    }),
    choices: key(z.array(text('a choice')).default([]), {
      description: 'The values of a choice.',
      examples: [['patch', 'minor']],
    }),
    default: key(z.union([z.string(), z.number(), z.boolean()]).transform(String).optional(), {
      description: 'The value when none is given.',
      examples: ['patch'],
    }),
    required: key(z.boolean().default(false), { description: 'Whether a value must be given.', examples: [true] }),
    description: key(z.string().default(''), {
      description: 'What to tell the person who is asked.',
      examples: ['Which part of the version grows'],
    }),
  })
  .transform(({ type, required, ...rest }) => ({
    ...rest,
    kind: type,
    isRequired: required,
    default: rest.default ?? null,
  }))

/** The inputs of whatever a person starts. */
export const askedSchema = (): z.ZodType<{ readonly inputs: readonly ManualInput[] }> =>
  z
    .strictObject({
      inputs: key(z.record(variableName(), inputSchema), {
        description: 'Values that are asked for; each becomes an environment variable.',
        examples: [{ LEVEL: { type: 'choice', choices: ['patch', 'minor'], default: 'patch' } }],
      }),
    })
    .transform(({ inputs }) => ({
      inputs: Object.entries(inputs).map(([one, input]): ManualInput => ({ name: one, ...input })),
    }))
