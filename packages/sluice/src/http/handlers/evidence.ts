import { failureRates, jobTimes, slowestTests } from '../../core/evidence/insights/durations.ts'
import { flakyTests, type TestRecord } from '../../core/evidence/insights/flaky.ts'
import { summarizeEvidence } from '../../core/evidence/summary.ts'
import { limits } from '../../core/limits.ts'
import { jobAt } from '../../core/pipeline/board.ts'
import { jobKey } from '../../core/pipeline/effects.ts'
import { baseOf, evidenceOf, reportsOf } from '../../engine/perform/judge-gates.ts'
import type { Run } from '../../engine/trusted.ts'
import type { EvidenceView } from '../client/evidence-views.ts'
import type { ApiContext, Handlers } from '../context.ts'
import { jobRecords, testRecords } from '../present/insights.ts'
import { marksView } from '../present/logs.ts'
import { nextTurn } from './lookup.ts'

/** Answers about what jobs left. */
export const evidenceHandlers: Handlers<'runs.evidence' | 'runs.insights'> = {
  'runs.evidence': async (context, { params, signal }) => {
    const run = await context.engine.reading.run(params.run)
    const reports = await reportsOf(context, evidenceOf(run))
    const hasCoverage = reports.some(
      (report) => report.status === 'read' && report.evidence.contents.some(({ kind }) => kind === 'coverage'),
    )
    const { baseline } = hasCoverage ? await baseOf(context, run.plan.commit.id, signal) : { baseline: null }
    const marks = await marksOf(context, run, signal)
    return { ...summarizeEvidence(reports, baseline), ...marks, comparedWith: baseline?.commit ?? null }
  },
  'runs.insights': async (context, { query }) => {
    const runs = await lastRuns(context, query.runs ?? limits.insightRunsMax)
    const tests: TestRecord[] = []
    for (const run of runs) {
      // What was thrown away of an old run says nothing; the others still do.
      const reports = await reportsOf(context, evidenceOf(run)).catch(() => [])
      // One by one: a report may hold more tests than a call takes arguments.
      for (const record of testRecords(run, reports)) tests.push(record)
    }
    const jobs = runs.flatMap(jobRecords)
    return {
      runs: runs.length,
      flaky: flakyTests(tests).slice(0, limits.gateDetailsMax),
      slowest: slowestTests(tests, slowestShown),
      jobs: jobTimes(jobs),
      failures: failureRates(jobs),
    }
  },
}

const slowestShown = 10

const runsAtOnce = 5

const lastRuns = async ({ engine }: ApiContext, count: number): Promise<readonly Run[]> => {
  const runs: Run[] = []
  let cursor: string | null = null
  do {
    // Whole runs are large, and others want their turn.
    if (runs.length > 0) await nextTurn()
    const limit = Math.min(count - runs.length, runsAtOnce)
    const page: { readonly items: readonly Run[]; readonly next: string | null } = await engine.reading.runs({
      limit,
      ...(cursor === null ? {} : { cursor }),
    })
    runs.push(...page.items)
    cursor = page.next
  } while (cursor !== null && runs.length < count)
  return runs
}

/** Jobs whose marks are read between two turns of the loop: some milliseconds. */
const marksPerTurn = 64

/** Remarks and summaries of the executions that count. */
const marksOf = async (
  { runner }: ApiContext,
  run: Run,
  signal: AbortSignal,
): Promise<Pick<EvidenceView, 'annotations' | 'annotationsTotal' | 'summaries'>> => {
  const annotations: EvidenceView['annotations'][number][] = []
  const summaries: EvidenceView['summaries'][number][] = []
  for (const [index, state] of run.jobs.entries()) {
    if (!('past' in state)) continue
    if (index % marksPerTurn === marksPerTurn - 1) await nextTurn()
    const { name: job } = jobAt(run, index)
    const marks = marksView(await runner.logMarks(jobKey(run.id, job, state.past.length + 1), signal))
    annotations.push(...marks.annotations.map(({ after: _after, ...one }) => ({ job, ...one })))
    if (marks.summary !== '') summaries.push({ job, text: marks.summary })
  }
  return {
    annotations: annotations.slice(0, limits.gateDetailsMax),
    annotationsTotal: annotations.length,
    summaries,
  }
}
