import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { releaseId } from '../model.ts'
import { coldFrom, forecastStages, forecastStop } from './forecast.ts'
import type { Step } from './types.ts'

const from = releaseId(`rel_${'a'.repeat(64)}`)
const to = releaseId(`rel_${'b'.repeat(64)}`)
const policy = { alpha: 0.01, tolerance: 1, ignoreBelow: 0 }

const shift = (shareBp: number): Step => ({
  kind: 'shift',
  shares: [
    { arm: 'stable', release: from, shareBp: 10_000 - shareBp, count: 1 },
    { arm: 'candidate', release: to, shareBp, count: 1 },
  ],
  whenEmpty: 'hold',
})

const steps: readonly Step[] = [
  { kind: 'start', release: to, count: 1 },
  shift(500),
  { kind: 'judge', bakeMs: 60_000, unitsMin: 1_000 },
  shift(5_000),
  { kind: 'approve', approvals: 1, reason: 'look' },
  shift(10_000),
  { kind: 'wait', ms: 30_000, reason: 'bake' },
  { kind: 'drain', release: from, keep: 0 },
  { kind: 'retire', release: from, keep: 0 },
]

test('a plan exposes its share of the traffic for its time, and longer where evidence takes longer', () => {
  deepStrictEqual(forecastStages({ steps, to }, 100), [
    // 1,000 units at 5 a second take longer than the bake.
    { step: 1, shareBp: 500, atLeastMs: 200_000, waitsFor: 'evidence', requests: 1_000 },
    { step: 3, shareBp: 5_000, atLeastMs: 0, waitsFor: 'person', requests: 0 },
    { step: 5, shareBp: 10_000, atLeastMs: 30_000, waitsFor: 'time', requests: 3_000 },
  ])
})

test('without a known traffic there are times and no numbers of requests', () => {
  deepStrictEqual(
    forecastStages({ steps, to }, null).map(({ atLeastMs, requests }) => [atLeastMs, requests]),
    [
      [60_000, null],
      [0, null],
      [30_000, null],
    ],
  )
})

test('the estimate of what the judge lets through agrees with its simulated medians', () => {
  // Stable and candidate rate, median candidate requests and bad responses at 5 % and α = 1 %: the table that the judge is held to.
  const table = [
    [0.001, 0.1, 20, 2],
    [0.001, 0.01, 425, 5],
    [0.001, 0.005, 1_466, 8],
    [0.01, 0.05, 149, 8],
    [0.01, 0.02, 1_512, 32],
  ] as const
  for (const [stableRate, candidateRate, requests, bad] of table) {
    const stop = forecastStop({ shareBp: 500, stableRate, candidateRate }, policy)
    ok(stop !== null)
    ok(
      Math.abs(stop.requests / requests - 1) <= 0.4,
      `${stableRate} to ${candidateRate}: ${stop.requests}, not ${requests}`,
    )
    ok(
      Math.abs(stop.bad - bad) <= Math.max(2, 0.25 * bad),
      `${stableRate} to ${candidateRate}: ${stop.bad}, not ${bad}`,
    )
  }
})

test('who is no worse than tolerated, or has nobody beside it, is not stopped', () => {
  strictEqual(forecastStop({ shareBp: 500, stableRate: 0.01, candidateRate: 0.01 }, policy), null)
  strictEqual(forecastStop({ shareBp: 500, stableRate: 0.01, candidateRate: 0.02 }, { ...policy, tolerance: 2 }), null)
  strictEqual(forecastStop({ shareBp: 10_000, stableRate: 0.01, candidateRate: 0.5 }, policy), null)
  strictEqual(
    forecastStop({ shareBp: 500, stableRate: 0, candidateRate: 0.0004 }, { ...policy, ignoreBelow: 0.0005 }),
    null,
  )
  // Beside a release without any bad response each one is the candidate's.
  deepStrictEqual(forecastStop({ shareBp: 500, stableRate: 0, candidateRate: 0.5 }, policy), { requests: 5, bad: 3 })
})

test('the way back is cold once the old release is retired', () => {
  strictEqual(coldFrom({ steps, from }), 8)
  strictEqual(coldFrom({ steps: steps.slice(0, 7), from }), null)
})
