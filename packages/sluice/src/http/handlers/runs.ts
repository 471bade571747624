import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { jobAt } from '../../core/pipeline/board.ts'
import { jobKey } from '../../core/pipeline/effects.ts'
import type { JsonValue } from '../../core/pipeline/job-plan.ts'
import type { StartRunCommand } from '../../engine/commands/runs.ts'
import type { PipelineInput } from '../client/contract.ts'
import type { LogPage } from '../../ports/runner.ts'
import type { ApiContext, Handlers } from '../context.ts'
import { marksView } from '../present/logs.ts'
import { runListView, runView } from '../present/runs.ts'
import { meantPage, pageOf } from './meant-page.ts'
import { runFilter } from './list-filters.ts'

/** Answers about runs, and starting and calling off one. */
export const runHandlers: Handlers<
  'runs.list' | 'runs.start' | 'runs.show' | 'runs.logs' | 'runs.play' | 'runs.cancel'
> = {
  'runs.list': async ({ engine }, { query }) => {
    const filter = runFilter(query)
    const page = await meantPage((asked) => engine.reading.runSummaries({ ...asked, filter }), pageOf(query))
    return { items: page.items.map(runListView), next: page.next }
  },
  'runs.start': async ({ engine }, { body, caller, signal }) => {
    const {
      ref = 'HEAD',
      jobs = null,
      affected: areAffected = false,
      retryOf = null,
      failedOf = null,
      event = null,
      of = null,
      cache: usesCache = true,
      inputs = {},
    } = body
    const command = {
      ref,
      jobs,
      areAffected,
      retryOf,
      failedOf,
      event,
      of,
      usesCache,
      // Nothing where nothing was given, so that the same words as before are the same words.
      ...(Object.keys(inputs).length === 0 ? {} : { inputs }),
      pipeline: pipelineOf(body.pipeline ?? null),
    }
    return engine.startRun(command, { ...caller, reason: body.reason ?? null }, signal)
  },
  'runs.show': async ({ engine, clock }, { params }) => ({
    ...runView(await engine.reading.run(params.run)),
    now: clock.now(),
  }),
  'runs.logs': async ({ engine, runner }, { params, query, signal }) => {
    const run = await engine.reading.run(params.run)
    const jobs = run.jobs.map((_, index) => jobAt(run, index))
    if (!jobs.some(({ name }) => name === params.job)) {
      throw new SluiceError('not_found', {
        detail: `run ${run.id} has no job ${JSON.stringify(params.job)} (it has: ${jobs.map(({ name }) => name).join(', ')})`,
        hint: `sluice runs show ${run.id}`,
      })
    }
    const state = run.jobs[jobs.findIndex(({ name }) => name === params.job)]
    const execution = state !== undefined && 'past' in state ? state.past.length + 1 : 1
    const key = jobKey(run.id, params.job, Math.min(query.execution ?? execution, execution))
    const page = { after: query.after ?? 0, limit: query.limit ?? limits.logLinesMax }
    const { lines, next } = await logPage(runner, { key, page, search: query.search ?? null }, signal)
    return { lines, next, marks: query.marks === undefined ? null : marksView(await runner.logMarks(key, signal)) }
  },
  'runs.play': async ({ engine }, { params, body, caller }) => {
    const command = { run: params.run, job: body.job, given: body.inputs ?? {} }
    await engine.playJob(command, { ...caller, reason: body.reason ?? null })
    return {}
  },
  'runs.cancel': async ({ engine }, { params, body, caller }) => {
    await engine.cancelRun(params.run, { ...caller, reason: body.reason ?? null })
    return {}
  },
}

/** Parser: the schema of the route has looked at every field; a payload is whatever JSON holds. */
const pipelineOf = (input: PipelineInput | null): NonNullable<StartRunCommand['pipeline']> | null => {
  if (input === null) return null
  const { kind, file, event, payload, inputs, variables, runners, containers, actions, skippedActions } = input
  const { played = [], secrets = {}, secretFiles = {}, skippedIncludes = [] } = input
  return {
    kind,
    file,
    event: event ?? null,
    payload: (payload ?? null) as JsonValue,
    played,
    inputs: inputs ?? {},
    variables: variables ?? {},
    secrets,
    secretFiles,
    runners: runners ?? {},
    containers: containers ?? 'refuse',
    actions: actions ?? null,
    skippedActions: skippedActions ?? [],
    skippedIncludes,
  }
}

type Asked = {
  readonly key: string
  readonly page: { readonly after: number; readonly limit: number }
  readonly search: string | null
}

const logPage = async (
  runner: ApiContext['runner'],
  { key, page, search }: Asked,
  signal: AbortSignal,
): Promise<LogPage> => {
  if (search !== null) return runner.searchLog(key, { ...page, text: search }, signal)
  const lines = await runner.logs(key, page, signal)
  return { lines, next: page.after + lines.length }
}
