/** Rows of the API's table. Runs, their logs, and what their reports say. */
import { z } from 'zod'
import { limits } from '../../core/limits.ts'
import { runEvents, runPipelines, runStatuses } from '../client/list-filters.ts'
import { pipelineInput } from '../schemas/pipelines.ts'
import {
  begun,
  command,
  commitBegins,
  count,
  named,
  page,
  read,
  reason,
  seq,
  filteredText,
  withReason,
} from './parts.ts'
import type { Rows } from './spec.ts'

/** Runs, their logs, and what their reports say. */
export const runsRows: Rows<'runs'> = {
  'runs.list': {
    ...read,
    needs: 'view',
    summary: `Runs, newest first. ${filteredText}`,
    cli: 'runs ls',
    query: page.extend({
      status: z.enum(runStatuses).optional().meta({ description: 'Those that stand there.' }),
      branch: named('Those of a commit of that branch.'),
      commit: commitBegins,
      event: z.enum(runEvents).optional().meta({ description: 'Those that were started as that.' }),
      pipeline: z
        .enum(runPipelines)
        .optional()
        .meta({ description: 'Those of the pipeline of the config, or of a document of another system.' }),
      service: named('Those of that service.'),
      ...begun,
    }),
    response: 'Runs',
    errors: [],
  },
  'runs.start': {
    ...read,
    needs: 'run',
    summary: 'Plans and starts the pipeline of a commit (`HEAD`, when none is named). Answers once it is durable.',
    cli: 'run',
    body: z.strictObject({
      ref: z.string().min(1).max(500).optional(),
      jobs: z.array(z.string().min(1)).min(1).max(limits.jobsMax).nullish(),
      affected: z.boolean().optional().meta({
        description:
          '`jobs` are what a change concerns, not what was asked for by name: those that are not for this occasion stay out.',
      }),
      retryOf: z.string().min(1).max(200).nullish().meta({
        description:
          'A run that is made again: with its commit, jobs, pipeline and event; of the rest only `failedOf` and `reason` count then.',
      }),
      failedOf: z
        .string()
        .min(1)
        .max(200)
        .nullish()
        .meta({ description: 'A run of the same commit and pipeline: what succeeded in it is not run again.' }),
      event: z.enum(['manual', 'push', 'pull_request', 'tag', 'schedule']).nullish().meta({
        description: 'What the run is started as, for the jobs that are not for every run; `manual` when absent.',
      }),
      of: z.literal('tree').nullish().meta({
        description: 'The working tree of the project as it is, instead of the ref; such a run cuts no release.',
      }),
      cache: z.boolean().optional().meta({ description: 'False: no job comes out of a cache, and none is kept.' }),
      pipeline: pipelineInput
        .nullish()
        .meta({ description: 'A pipeline of another system instead of that of the config.' }),
      reason,
    }),
    response: 'RunStarted',
    errors: ['not_found', 'tool_missing', 'config_invalid', 'config_missing', 'needs_cycle', 'store_full'],
  },
  'runs.show': { ...read, needs: 'view', summary: 'One run and its jobs.', cli: 'runs show', response: 'Run' },
  'runs.evidence': {
    ...read,
    needs: 'view',
    summary: 'What the reports of a run say: tests, coverage, findings; and what its jobs remarked.',
    cli: 'runs show',
    response: 'Evidence',
    errors: ['not_found', 'artifact_missing', 'artifact_mismatch'],
  },
  'runs.attachments': {
    ...read,
    needs: 'view',
    summary:
      'The files that reports of a run name (traces, screenshots, videos), by job, and why some of them could not be kept.',
    cli: 'runs attachments',
    response: 'Attachments',
    errors: ['not_found', 'artifact_missing', 'artifact_mismatch'],
  },
  'runs.attachment': {
    ...read,
    needs: 'view',
    summary:
      'One of those files. It breaks off before its end when it is not what its digest says. Nothing in it is masked.',
    cli: 'runs attachments --save',
    query: z.strictObject({
      path: z
        .string()
        .min(1)
        .max(limits.reportNameMax)
        .meta({ description: 'Its path, as `runs.attachments` has it.' }),
    }),
    response: 'file',
    errors: ['not_found', 'artifact_missing', 'artifact_mismatch'],
  },
  'runs.insights': {
    ...read,
    needs: 'view',
    summary: 'What the last runs tell: flaky tests, slow tests, time and failures by job.',
    cli: 'runs insights',
    query: z.strictObject({ runs: count(limits.insightRunsMax).optional().meta({ description: 'How many runs.' }) }),
    response: 'Insights',
    errors: [],
  },
  'runs.logs': {
    ...read,
    needs: 'view',
    summary: 'Lines of a job’s log, secrets masked, after line `after`; all, or those that hold a text.',
    cli: 'runs logs',
    query: z.strictObject({
      after: seq.optional(),
      limit: count(limits.logLinesMax).optional(),
      execution: count(limits.retriesMax + 1).optional(),
      search: z
        .string()
        .min(1)
        .max(limits.reasonCharactersMax)
        .optional()
        .meta({ description: 'Only lines with this text, letter by letter; `next` is then the last line looked at.' }),
      marks: z.literal('true').optional().meta({ description: 'Steps, groups, annotations and the summary as well.' }),
    }),
    response: 'JobLog',
  },
  'runs.play': {
    ...read,
    needs: 'run',
    summary: 'Starts a job that waits for a person, with the values of its inputs.',
    cli: 'runs play',
    body: z.strictObject({
      job: z.string().min(1).max(500),
      inputs: z.record(z.string(), z.string()).optional(),
      reason,
    }),
    response: 'Done',
    errors: command,
  },
  'runs.cancel': {
    ...read,
    needs: 'run',
    summary: 'Calls a run off.',
    cli: 'runs cancel',
    body: withReason,
    response: 'Done',
    errors: command,
  },
}
