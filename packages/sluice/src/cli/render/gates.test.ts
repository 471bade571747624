import { deepStrictEqual, ok } from 'node:assert/strict'
import { test } from 'node:test'
import type { GateVerdict } from '../../core/evidence/gates/types.ts'
import type { EvidenceSummary } from '../../core/evidence/summary.ts'
import { testCase, testFailure } from '../../core/evidence/test-case.ts'
import { coverageLines, durationLines, evidenceLines, failedTestLines, flakyLines, gateTable } from './gates.ts'
import { createStyle, widthOf } from './style.ts'

const plain = createStyle({ color: false, unicode: true })
const ascii = createStyle({ color: false, unicode: false, columns: 60 })
const context = { path: 'r', root: '' }

const verdict = (parts: Partial<GateVerdict>): GateVerdict => ({
  gate: 'tests',
  kind: 'tests',
  status: 'pass',
  sentence: '2 tests ran, none failed',
  measured: 0,
  threshold: 0,
  bound: 'at_most',
  unit: 'tests',
  base: null,
  details: [],
  detailsTotal: 0,
  evidence: null,
  reports: [],
  ...parts,
})

const failed = testCase(
  {
    name: 'adds up',
    suites: ['cart'],
    outcome: 'failed',
    failure: testFailure(
      {
        message: 'Expected values to be strictly deep-equal:',
        detail: '+ actual - expected\n  {\n+   a: 1\n-   a: 2\n  }\n    at test/cart.ts:7:1',
      },
      context,
    ),
  },
  context,
)

const summary: EvidenceSummary = {
  tests: {
    passed: 10,
    failed: 1,
    skipped: 2,
    flaky: 1,
    durationMs: 4_200,
    failures: [failed],
    slowest: [
      { id: 'cart > slow', durationMs: 2_500 },
      { id: 'cart > quick', durationMs: 12 },
    ],
  },
  coverage: {
    totals: { lines: { covered: 80, total: 100 }, branches: null, functions: null },
    change: {
      before: { lines: { covered: 81, total: 100 }, branches: null, functions: null },
      after: { lines: { covered: 80, total: 100 }, branches: null, functions: null },
      drops: [{ path: 'src/a.ts', before: { covered: 2, total: 2 }, after: { covered: 1, total: 2 } }],
    },
  },
  findings: null,
  attachments: [],
  unread: ['there is no report at out/*.xml'],
  unkept: [],
}

test('the end of a run tells what failed and where, what was slow, how coverage moved, and each gate', () => {
  const gates = [
    verdict({
      status: 'fail',
      sentence: '1 of 11 tests failed',
      details: [{ text: 'cart > adds up: wrong', file: 'test/cart.ts', line: 7, excusedBy: null }],
      detailsTotal: 3,
    }),
    verdict({ gate: 'coverage.lines', status: 'pass', sentence: '80 % of lines covered' }),
    verdict({
      gate: 'vulnerabilities',
      status: 'waived',
      sentence: '0 findings',
      details: [{ text: 'high CVE-1 in x: bad', file: null, line: null, excusedBy: 'not reached' }],
      detailsTotal: 1,
    }),
  ]
  deepStrictEqual(evidenceLines(summary, gates, plain), [
    '11 tests: 10 passed, 1 failed, 1 flaky, 2 skipped  4.2 s',
    '',
    'Failed',
    '✖ cart > adds up',
    '    Expected values to be strictly deep-equal:',
    '    test/cart.ts:7',
    '      +   a: 1',
    '      -   a: 2',
    '',
    'Slowest',
    '  2.5 s  cart > slow',
    '  12 ms  cart > quick',
    '',
    'Coverage',
    '  lines         80 %  -1  80 of 100',
    '    src/a.ts  100 % → 50 %',
    '',
    'Unread',
    '⚠ there is no report at out/*.xml',
    '',
    'Gates',
    '✖ tests            fail    1 of 11 tests failed',
    '    cart > adds up: wrong  test/cart.ts:7',
    '    and 2 more',
    '✔ coverage.lines   pass    80 % of lines covered',
    '⚠ vulnerabilities  waived  0 findings',
    '    high CVE-1 in x: bad  excused: not reached',
  ])
})

test('a difference is shown as the tool told it', () => {
  const shown = (raw: Parameters<typeof testFailure>[0]): readonly string[] =>
    failedTestLines(
      {
        failures: [testCase({ name: 't', suites: [], outcome: 'failed', failure: testFailure(raw, context) }, context)],
        failed: 1,
      },
      5,
      plain,
    ).slice(2)
  deepStrictEqual(shown({ message: 'm', expected: '12', actual: '11' }), ['      - 12', '      + 11'])
  deepStrictEqual(shown({ message: 'm', detail: 'Error: x\n\n    Expected: 3\n    Received: 2\n' }), [
    '      Expected: 3',
    '      Received: 2',
  ])
  deepStrictEqual(shown({ message: 'm', detail: 'no difference here' }), [])
})

test('a table of gates has units, and fits a terminal without Unicode', () => {
  const gates = [
    verdict({
      gate: 'size dist/*.js',
      unit: 'bytes',
      measured: 100_500,
      threshold: 94_500,
      base: 90_000,
      status: 'fail',
    }),
    verdict({ gate: 'coverage.lines', unit: 'percent', measured: 80, threshold: 80, bound: 'at_least' }),
    verdict({ gate: 'time total', unit: 'ms', measured: null, threshold: 90_000, status: 'broken' }),
  ]
  deepStrictEqual(gateTable(gates, plain), [
    'gate            verdict  measured  wanted        base',
    'size dist/*.js  fail     100.5 kB  ≤ 94.5 kB     90 kB',
    'coverage.lines  pass     80 %      ≥ 80 %',
    'time total      broken             ≤ 1 min 30 s',
  ])
  ok(gateTable(gates, ascii).every((line) => /^[\u0020-\u007E]*$/.test(line)))
})

test('long lines are cut to the terminal', () => {
  const long = testCase(
    {
      name: 'n'.repeat(200),
      suites: [],
      outcome: 'failed',
      failure: testFailure({ message: 'm'.repeat(200) }, context),
    },
    context,
  )
  ok(failedTestLines({ failures: [long], failed: 9 }, 5, ascii).every((line) => widthOf(line) <= 60))
  ok(
    coverageLines(
      {
        before: { lines: null, branches: null, functions: null },
        after: { lines: null, branches: null, functions: null },
        drops: [{ path: 'p'.repeat(99), before: { covered: 1, total: 1 }, after: { covered: 0, total: 1 } }],
      },
      ascii,
    ).every((line) => widthOf(line) <= 60),
  )
})

test('insights are tables that say why', () => {
  deepStrictEqual(
    flakyLines(
      [
        {
          test: 'cart > pays',
          score: 0.25,
          runs: 20,
          failures: 3,
          contradictions: 2,
          recoveries: 0,
          flips: 4,
          lastFailedAt: 0,
        },
      ],
      plain,
    ),
    [
      'flaky  runs  failed  why                             test',
      '25 %   20    3       passed and failed at 2 commits  cart > pays',
    ],
  )
  deepStrictEqual(
    durationLines(
      [
        {
          name: 'test',
          runs: 30,
          p50Ms: 61_000,
          p95Ms: 90_000,
          maxMs: 1,
          trendMs: 400,
          regression: { beforeMs: 1, nowMs: 2, percent: 30, sinceRun: 'run_8' },
        },
      ],
      [{ job: 'test', runs: 30, failures: 3, rate: 0.1, lastFailedAt: null }],
      plain,
    ),
    [
      'p50        p95         runs  fails  trend        name',
      '1 min 1 s  1 min 30 s  30    10 %   +400 ms/run  test  slower by 30 % since run_8',
    ],
  )
})
