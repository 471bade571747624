/** How long tests and jobs take over many runs, how often jobs fail, and what became slower. */
import { limits } from '../../limits.ts'
import { groupBy, type TestRecord } from './flaky.ts'
import { median, quantile, slope, spread } from './statistics.ts'

/** One job in one run, its last attempt. */
export type JobRecord = {
  readonly job: string
  readonly run: string
  /** When it started, epoch ms. */
  readonly at: number
  readonly durationMs: number
  readonly outcome: 'succeeded' | 'failed' | 'timed_out' | 'cancelled'
}

/** Times of one test or job. */
export type Durations = {
  readonly name: string
  readonly runs: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly maxMs: number
  /** What it gains from run to run, in milliseconds, by the median slope. */
  readonly trendMs: number
  readonly regression: Regression | null
}

/** What became slower: the last runs against those before them. */
export type Regression = {
  readonly beforeMs: number
  readonly nowMs: number
  /** How much longer, in whole percent. */
  readonly percent: number
  /** The first of the runs that are slower. */
  readonly sinceRun: string
}

type Timed = { readonly run: string; readonly at: number; readonly durationMs: number }

/** Runs that must be slower before anybody is told, and runs before them that it takes to know what is usual. */
const recentRuns = 5
const usualRunsMin = 8

/** Less is noise, whatever the statistics say. */
const slowerPercentMin = 10
const slowerMsMin = 50

/**
 * A regression: the median of the last five runs lies above that of the runs before by more than three of their standard deviations (estimated robustly), by at
 * least 10 %, and by at least 50 ms. Null otherwise, and of fewer than 13 runs. `records` in any order.
 */
export const regressionOf = (records: readonly Timed[]): Regression | null => {
  const sorted = records.toSorted((a, b) => a.at - b.at).slice(-limits.insightRunsMax)
  const recent = sorted.slice(-recentRuns)
  const usual = sorted.slice(0, -recentRuns).map(({ durationMs }) => durationMs)
  const [first] = recent
  if (usual.length < usualRunsMin || first === undefined) return null
  const beforeMs = median(usual)
  const nowMs = median(recent.map(({ durationMs }) => durationMs))
  const gainMs = nowMs - beforeMs
  if (gainMs <= 3 * spread(usual) || gainMs < slowerMsMin || gainMs * 100 < beforeMs * slowerPercentMin) return null
  return { beforeMs, nowMs, percent: Math.round((100 * gainMs) / beforeMs), sinceRun: first.run }
}

const durationsOf = (name: string, records: readonly Timed[]): Durations => {
  const last = records.toSorted((a, b) => a.at - b.at).slice(-limits.insightRunsMax)
  const times = last.map(({ durationMs }) => durationMs)
  return {
    name,
    runs: last.length,
    p50Ms: median(times),
    p95Ms: quantile(times, 0.95),
    maxMs: quantile(times, 1),
    trendMs: slope(times),
    regression: regressionOf(last),
  }
}

/** The tests that take longest over their last runs, by their median, the longest first. */
export const slowestTests = (records: readonly TestRecord[], count: number): readonly Durations[] => {
  const timed = records.flatMap(({ test, run, at, durationMs, outcome }) =>
    durationMs === null || outcome === 'skipped' ? [] : [{ test, run, at, durationMs }],
  )
  const medians = [...groupBy(timed, ({ test }) => test)].map(([test, some]) => ({
    test,
    some,
    p50Ms: median(some.map(({ durationMs }) => durationMs)),
  }))
  return medians
    .toSorted((a, b) => b.p50Ms - a.p50Ms)
    .slice(0, count)
    .map(({ test, some }) => durationsOf(test, some))
}

/** Time by job over its last runs that succeeded (one that failed early was not fast), the longest first. */
export const jobTimes = (records: readonly JobRecord[]): readonly Durations[] => {
  const succeeded = records.filter(({ outcome }) => outcome === 'succeeded')
  return [...groupBy(succeeded, ({ job }) => job)]
    .map(([job, some]) => durationsOf(job, some))
    .toSorted((a, b) => b.p50Ms - a.p50Ms)
}

/** How often a job fails. */
export type FailureRate = {
  readonly job: string
  readonly runs: number
  readonly failures: number
  /** 0–1. */
  readonly rate: number
  readonly lastFailedAt: number | null
}

/** Failure rate by job over its last runs, without those that were called off; the worst first. */
export const failureRates = (records: readonly JobRecord[]): readonly FailureRate[] =>
  [
    ...groupBy(
      records.filter(({ outcome }) => outcome !== 'cancelled'),
      ({ job }) => job,
    ),
  ]
    .map(([job, all]): FailureRate => {
      const last = all.toSorted((a, b) => a.at - b.at).slice(-limits.insightRunsMax)
      const failed = last.filter(({ outcome }) => outcome !== 'succeeded')
      return {
        job,
        runs: last.length,
        failures: failed.length,
        rate: failed.length / last.length,
        lastFailedAt: failed.at(-1)?.at ?? null,
      }
    })
    .toSorted((a, b) => b.rate - a.rate || (a.job < b.job ? -1 : 1))
