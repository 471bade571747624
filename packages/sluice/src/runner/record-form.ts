/** The form of `steps.json` (see `record.ts`). */
import { z } from 'zod'
import type { StepRecord } from './record.ts'

const texts = z.record(z.string(), z.string())

/** Reads it; what is not of this form is no record. */
export const recordForm: z.ZodType<{ readonly boot: string; readonly steps: readonly StepRecord[] }> = z.object({
  form: z.literal(1),
  boot: z.string(),
  steps: z.array(
    z.object({
      name: z.string(),
      /** Of the step alone. */
      outputs: texts,
      env: texts,
      path: z.array(z.string()),
      /** The layers that hold the files as they were after the step, the lowest first; null where there is no telling. */
      layers: z.array(z.string()).nullable(),
    }),
  ),
})
