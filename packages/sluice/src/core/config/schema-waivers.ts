/** The keys of excuses, which every gate takes: a reason, and a moment from which it no longer holds. */
import { z } from 'zod'
import type { Waiver } from '../evidence/gates/types.ts'
import { limits } from '../limits.ts'
import { key, moment, text } from './fields.ts'

/** A moment for examples. */
export const soon: string = '2027-01-31T00:00:00Z'

/** The keys of everything that holds for a while. */
export const waiverKeys: { readonly reason: z.ZodType<string, string>; readonly until: z.ZodType<number, string> } = {
  reason: key(
    text('a reason').pipe(
      z
        .string()
        .max(limits.reasonCharactersMax, `expected a reason of at most ${limits.reasonCharactersMax} characters`),
    ),
    {
      description: 'Why; shown with every verdict that it changes.',
      examples: ['the upstream fix is released next week'],
    },
  ),
  until: key(moment(), {
    description: 'The moment from which it no longer holds, ISO 8601 with a zone.',
    examples: [soon],
  }),
}

/** The key of a gate that may be missed for a while. */
export const waive: z.ZodOptional<z.ZodType<Waiver, { reason: string; until: string }>> = key(
  z.strictObject(waiverKeys, { error: `expected { reason: 'why', until: '${soon}' }` }).optional(),
  {
    description: 'Lets the gate be missed until a moment.',
    examples: [{ reason: 'accepted for the launch', until: soon }],
  },
)

/** A gate's waiver; null for none. */
export const waiverOf = (input: Waiver | undefined): Waiver | null => input ?? null

/** True or false. */
export const flag = (): z.ZodType<boolean, boolean> => z.boolean('expected true or false')
