/** Schemas of runs, their jobs and the logs of those. */
import { z } from 'zod'
import type { JobLogView, RunDetailView, RunListView, RunStartedView } from '../client/run-views.ts'
import { arrivalSources } from '../../core/source/types.ts'
import { gate } from './evidence.ts'
import { actor, artifact, at, cause, commit, ref } from './fields.ts'
import { note, pipeline } from './pipelines.ts'

const job = z.strictObject({
  name: z.string(),
  needs: z.array(z.string()),
  partOf: z.string().nullable(),
  stage: z.string().nullable(),
  level: z.number(),
  kind: z.enum(['steps', 'none', 'deploy', 'promote']),
  status: z.enum([
    ...(['waiting', 'delayed', 'queued', 'manual', 'ready', 'resolving', 'open', 'running', 'backing_off'] as const),
    ...(['stopping', 'succeeded', 'failed', 'skipped', 'cancelled'] as const),
  ]),
  startedAt: at.nullable(),
  finishedAt: at.nullable(),
  execution: z.number(),
  failure: cause.nullable(),
  isTolerated: z.boolean(),
  because: z.string().nullable(),
  artifacts: z.array(artifact),
  outputs: z.record(z.string(), z.string()),
  from: z.strictObject({ kind: z.enum(['cache', 'run']), id: z.string() }).nullable(),
  budgetMs: z.number().nullable(),
})

const listShape = {
  id: z.string(),
  service: z.string(),
  status: z.enum(['running', 'stopping', 'judging', 'cutting', 'succeeded', 'failed', 'cancelled']),
  commit,
  version: z.string(),
  by: actor,
  startedAt: at,
  settledAt: at.nullable(),
  release: ref.nullable(),
}

const runShape = {
  ...listShape,
  pipeline: pipeline.nullable(),
  trigger: z.strictObject({
    event: z.enum(['manual', 'push', 'pull_request', 'tag', 'schedule']),
    name: z.string().nullable(),
    inputs: z.record(z.string(), z.string()),
    arrival: z
      .strictObject({
        id: z.string(),
        from: z.enum(arrivalSources),
        sender: z.string().nullable(),
        url: z.string().nullable(),
        title: z.string().nullable(),
      })
      .nullable(),
  }),
  jobs: z.array(job),
  left: z.array(z.strictObject({ job: z.string(), because: z.string() })),
  gates: z.array(gate),
  cause: cause.nullable(),
}

/** A run as lists tell it. */
export const runListed: z.ZodType<RunListView> = z.strictObject(listShape)

/** A run as it is now. */
export const runDetail: z.ZodType<RunDetailView> = z.strictObject({ ...runShape, now: at })

/** A run that was started. */
export const runStarted: z.ZodType<RunStartedView> = z.strictObject({ run: z.string(), notes: z.array(note) })

const logMarks = z.strictObject({
  folds: z.array(
    z.strictObject({
      kind: z.enum(['step', 'group']),
      name: z.string(),
      depth: z.number().int(),
      startedAt: at,
      endedAt: at.nullable(),
      from: z.number().int(),
      to: z.number().int().nullable(),
      outcome: z.enum(['succeeded', 'failed', 'timed_out', 'skipped', 'cancelled']).nullable(),
    }),
  ),
  annotations: z.array(
    z.strictObject({
      level: z.enum(['notice', 'warning', 'failure']),
      title: z.string().nullable(),
      message: z.string(),
      file: z.string().nullable(),
      line: z.number().nullable(),
      column: z.number().nullable(),
      at,
      after: z.number().int(),
    }),
  ),
  summary: z.string().meta({ description: 'Markdown' }),
})

/** A page of the log of a job. */
export const jobLog: z.ZodType<JobLogView> = z.strictObject({
  lines: z.array(
    z.strictObject({ number: z.number(), at, stream: z.enum(['stdout', 'stderr', 'sluice']), text: z.string() }),
  ),
  next: z.number(),
  marks: logMarks.nullable(),
})
