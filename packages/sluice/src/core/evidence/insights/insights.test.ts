import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { failureRates, type JobRecord, jobTimes, regressionOf, slowestTests } from './durations.ts'
import { flakyTests, type TestRecord } from './flaky.ts'
import { median, quantile, slope, spread } from './statistics.ts'

/** One test over runs: `P` passed, `F` failed, `R` recovered after a failed attempt, `S` skipped; a `.` keeps the commit for the next run. */
const history = (test: string, story: string): readonly TestRecord[] => {
  const records: TestRecord[] = []
  let commit = 0
  for (const letter of story) {
    if (letter === '.') {
      commit -= 1
      continue
    }
    const at = records.length
    const outcome = letter === 'F' ? 'failed' : letter === 'S' ? 'skipped' : 'passed'
    records.push({
      test,
      run: `run_${at}`,
      commit: `c${commit}`,
      at,
      outcome,
      durationMs: 10,
      failedAttempts: letter === 'R' ? 1 : 0,
    })
    commit += 1
  }
  return records
}

const isFlaky = (story: string): boolean => flakyTests(history('t', story)).length === 1

test('a test is flaky when the same code passes and fails, or its verdict keeps changing', () => {
  deepStrictEqual(
    ['PPPP', 'FFFF', 'PPFF', 'PPFFPP', 'PF.P', 'F.P', 'PRP', 'PFPFPP', 'PFPF', 'PSPS'].map((story) => [
      story,
      isFlaky(story),
    ]),
    [
      ['PPPP', false],
      ['FFFF', false],
      ['PPFF', false],
      ['PPFFPP', false],
      ['PF.P', true],
      ['F.P', true],
      ['PRP', true],
      ['PFPFPP', true],
      ['PFPF', true],
      ['PSPS', false],
    ],
  )
})

test('the score is the share of runs that contradict', () => {
  deepStrictEqual(flakyTests([...history('a', 'PPF.PPPPPPP'), ...history('b', 'RPRP')]), [
    { test: 'b', score: 0.5, runs: 4, failures: 2, contradictions: 0, recoveries: 2, flips: 0, lastFailedAt: 2 },
    { test: 'a', score: 0.2, runs: 10, failures: 1, contradictions: 1, recoveries: 0, flips: 2, lastFailedAt: 2 },
  ])
  deepStrictEqual(
    flakyTests(history('c', 'PFPFP')).map(({ score, flips }) => [score, flips]),
    [[0.6, 4]],
  )
  // What lies before the window is forgotten.
  deepStrictEqual(flakyTests(history('a', `PF.P${'P'.repeat(20)}`), 20), [])
})

const runs = (durations: readonly number[]): readonly JobRecord[] =>
  durations.map((durationMs, at) => ({ job: 'test', run: `run_${at}`, at, durationMs, outcome: 'succeeded' }))

test('a regression is told with the run it began with', () => {
  const usual = [1_000, 1_020, 980, 1_010, 990, 1_005, 995, 1_015]
  deepStrictEqual(regressionOf(runs([...usual, 1_300, 1_310, 1_290, 1_305, 1_295])), {
    beforeMs: 1_002.5,
    nowMs: 1_300,
    percent: 30,
    sinceRun: 'run_8',
  })
  // One slow run, noise as large as the change, a change of a few percent, and too short a history are none.
  strictEqual(regressionOf(runs([...usual, 1_000, 9_000, 1_010, 990, 1_000])), null)
  strictEqual(
    regressionOf(runs([500, 1_500, 700, 1_300, 600, 1_400, 800, 1_200, 1_300, 1_310, 1_290, 1_305, 1_295])),
    null,
  )
  strictEqual(regressionOf(runs([...usual, 1_060, 1_070, 1_065, 1_060, 1_070])), null)
  strictEqual(regressionOf(runs([1_000, 1_000, 1_000, 2_000, 2_000, 2_000, 2_000, 2_000])), null)
})

test('jobs are told by their median, of runs that succeeded, with how often they fail', () => {
  const lint: readonly JobRecord[] = [
    { job: 'lint', run: 'a', at: 1, durationMs: 100, outcome: 'succeeded' },
    { job: 'lint', run: 'b', at: 2, durationMs: 1, outcome: 'failed' },
    { job: 'lint', run: 'c', at: 3, durationMs: 300, outcome: 'succeeded' },
    { job: 'lint', run: 'd', at: 4, durationMs: 5, outcome: 'cancelled' },
  ]
  deepStrictEqual(jobTimes([...lint, ...runs([1_000, 2_000])]), [
    { name: 'test', runs: 2, p50Ms: 1_500, p95Ms: 1_950, maxMs: 2_000, trendMs: 1_000, regression: null },
    { name: 'lint', runs: 2, p50Ms: 200, p95Ms: 290, maxMs: 300, trendMs: 200, regression: null },
  ])
  deepStrictEqual(failureRates([...runs([1_000]), ...lint]), [
    { job: 'lint', runs: 3, failures: 1, rate: 1 / 3, lastFailedAt: 2 },
    { job: 'test', runs: 1, failures: 0, rate: 0, lastFailedAt: null },
  ])
})

test('the slowest tests are those that are slow as a rule, not once', () => {
  const timed = (test: string, ...times: readonly number[]): readonly TestRecord[] =>
    times.map((durationMs, at) => ({
      test,
      run: `${at}`,
      commit: 'c',
      at,
      outcome: 'passed',
      durationMs,
      failedAttempts: 0,
    }))
  const all = [...timed('once', 1, 9_000, 1), ...timed('slow', 50, 60, 70), ...timed('fast', 2, 2, 2)]
  deepStrictEqual(
    slowestTests(all, 2).map(({ name, p50Ms, maxMs }) => [name, p50Ms, maxMs]),
    [
      ['slow', 60, 70],
      ['fast', 2, 2],
    ],
  )
})

test('the statistics are those of their definitions', () => {
  strictEqual(median([3, 1, 2, 10]), 2.5)
  strictEqual(quantile([1, 2, 3, 4, 5], 0.95), 4.8)
  strictEqual(spread([1, 1, 2, 2, 4, 6, 9]), 1.4826)
  strictEqual(slope([1, 3, 5, 100, 9]), 2)
  ok(Number.isNaN(median([])))
  strictEqual(slope([1]), 0)
})

test('a history in any order gives the same insights', () => {
  const records = [...history('a', 'PF.PPFPF.R'), ...history('b', 'RPPPFPPFP')]
  fc.assert(
    fc.property(fc.shuffledSubarray([...records], { minLength: records.length }), (shuffled) => {
      deepStrictEqual(flakyTests(shuffled), flakyTests(records))
    }),
    { numRuns: 30 },
  )
})
