/** The file in which the program of a built-in step answers; a module of its own, since only jobs with such a step wait for the schema's library. */
import { z } from 'zod'
import type { BuiltinAnswer } from '../core/security/builtin-answer.ts'

/** Reads it. */
export const answerSchema: z.ZodType<BuiltinAnswer> = z.object({
  verdict: z.enum(['passed', 'failed', 'broken']),
  reason: z.string().nullable(),
  findings: z.array(
    z.object({
      rule: z.string(),
      severity: z.string(),
      message: z.string(),
      file: z.string().nullable(),
      line: z.number().nullable(),
    }),
  ),
  outputs: z.record(z.string(), z.string()),
  reports: z.array(z.object({ format: z.string(), path: z.string() })),
  summary: z.string(),
})
