import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { digest } from '../model.ts'
import { baselineOf } from './baseline.ts'
import type { CollectedReport } from './collected.ts'
import { fileCounts, fileCoverage } from './coverage.ts'
import { finding } from './finding.ts'
import { summarizeEvidence } from './summary.ts'
import { testCase, testFailure } from './test-case.ts'
import type { EvidenceContent, TestCase, TestOutcome } from './types.ts'

const context = { path: 'r', root: '' }

const report = (...contents: readonly EvidenceContent[]): CollectedReport => ({
  status: 'read',
  format: 'auto',
  path: 'r',
  evidence: { source: { path: 'r', format: 'junit', bytes: 1, digest: digest(`sha256:${'0'.repeat(64)}`) }, contents },
})

const one = (name: string, outcome: TestOutcome, durationMs: number, failedAttempts = 0): TestCase =>
  testCase(
    {
      name,
      suites: [],
      outcome,
      durationMs,
      failedAttempts,
      failure: outcome === 'failed' ? testFailure({ message: 'no', detail: 'd'.repeat(9_000) }, context) : null,
    },
    context,
  )

const covered = (hits: number): EvidenceContent => {
  const counts = fileCounts()
  counts.addLine(1, 1)
  counts.addLine(2, hits)
  return { kind: 'coverage', files: [fileCoverage('a.ts', counts, context)], gaps: [] }
}

const scan: EvidenceContent = {
  kind: 'findings',
  tool: 't',
  gaps: [],
  findings: [
    finding({ tool: 't', rule: 'a', category: 'security', severity: 'high', message: 'm' }, context),
    finding(
      { tool: 't', rule: 'b', category: 'security', severity: 'high', message: 'm', suppressedBy: 'a comment' },
      context,
    ),
  ],
}

test('a run’s evidence in short: counts, what failed, what was slow, what coverage lost, what could not be read', () => {
  const base = baselineOf('b', [report(covered(1))])
  const cases = [
    one('a', 'passed', 30),
    one('b', 'failed', 500),
    one('c', 'passed', 20, 1),
    one('d', 'skipped', 0),
    one('e', 'todo', 1),
    one('f', 'passed', 9),
    one('g', 'passed', 8),
  ]
  const missing: CollectedReport = { status: 'missing', format: 'sarif', path: '*.sarif' }
  const { tests, coverage, findings, unread } = summarizeEvidence(
    [report({ kind: 'tests', cases, gaps: [] }, covered(0), scan), missing],
    base,
  )
  deepStrictEqual([tests?.passed, tests?.failed, tests?.skipped, tests?.flaky, tests?.durationMs], [4, 1, 2, 1, 568])
  deepStrictEqual(
    tests?.slowest.map(({ id }) => id),
    ['b', 'a', 'c', 'f', 'g'],
  )
  ok((tests?.failures[0]?.failure?.detail.length ?? 9_000) <= 2_000)
  deepStrictEqual(coverage, {
    totals: { lines: { covered: 1, total: 2 }, branches: null, functions: null },
    change: {
      before: { lines: { covered: 2, total: 2 }, branches: null, functions: null },
      after: { lines: { covered: 1, total: 2 }, branches: null, functions: null },
      drops: [{ path: 'a.ts', before: { covered: 2, total: 2 }, after: { covered: 1, total: 2 } }],
    },
  })
  deepStrictEqual(findings, { critical: 0, high: 1, medium: 0, low: 0, info: 0, unknown: 0 })
  deepStrictEqual(unread, ['there is no report at *.sarif'])
})

test('without evidence there is nothing to show, and a baseline survives JSON', () => {
  deepStrictEqual(summarizeEvidence([], null), {
    tests: null,
    coverage: null,
    findings: null,
    attachments: [],
    unread: [],
    unkept: [],
  })
  const base = baselineOf('b', [report(covered(1), scan)])
  deepStrictEqual(JSON.parse(JSON.stringify(base)), base)
  strictEqual(baselineOf('b', []).fingerprints, undefined)
})
