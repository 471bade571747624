/** Schemas of pipelines of other systems: what is asked for, and what is told of one. */
import { z } from 'zod'
import { limits } from '../../core/limits.ts'
import type { PipelineInput } from '../client/contract.ts'
import type { NoteView, PipelineView } from '../client/run-views.ts'

/** A place in a document that is read differently. */
export const note: z.ZodType<NoteView> = z.strictObject({
  level: z.enum(['error', 'warning']),
  key: z.string(),
  message: z.string(),
  file: z.string(),
  line: z.number().nullable(),
  column: z.number().nullable(),
})

/** Where the jobs of a run come from. */
export const pipeline: z.ZodType<PipelineView> = z.strictObject({
  kind: z.enum(['github', 'gitlab']),
  file: z.string(),
  name: z.string(),
  event: z.string(),
  notes: z.array(note),
})

const texts = z.record(z.string().min(1).max(200), z.string())
const path = z.string().min(1).max(1_000)

/** A pipeline that is to be run. */
export const pipelineInput: z.ZodType<PipelineInput> = z.strictObject({
  kind: z.enum(['github', 'gitlab']),
  file: path.meta({ description: 'Relative to the root of the repository.' }),
  event: z.string().min(1).max(100).nullish().meta({ description: 'What starts it; the usual one when absent.' }),
  payload: z.unknown().meta({ description: 'What stands in `github.event`.' }),
  played: z
    .array(z.string().min(1).max(1_000))
    .max(limits.jobsMax)
    .optional()
    .meta({ description: 'Jobs that do not wait for somebody to start them.' }),
  inputs: texts.optional(),
  variables: texts.optional(),
  secrets: z
    .record(z.string().min(1).max(200), z.string().nullable())
    .optional()
    .meta({ description: 'Kept in memory for this run, and masked; null for the one of this name that is kept here.' }),
  secretFiles: texts
    .optional()
    .meta({ description: 'Secrets that a GitLab pipeline gets as the path of a file with the value.' }),
  runners: z.record(z.string().min(1).max(200), z.enum(['here', 'skip'])).optional(),
  containers: z.enum(['refuse', 'here']).optional(),
  actions: path.nullish().meta({ description: 'Folder with copies of actions, absolute.' }),
  skippedActions: z.array(z.string().min(1).max(200)).max(limits.jobsMax).optional(),
  skippedIncludes: z.array(z.string().min(1).max(1_000)).max(limits.includesMax).optional().meta({
    description: 'Projects, addresses, templates and components that a GitLab pipeline includes and does without.',
  }),
})
