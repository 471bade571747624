import { deepStrictEqual } from 'node:assert/strict'
import { test } from 'node:test'
import type { EvidenceView, InsightsView } from '../../http/client/evidence-views.ts'
import { insightLines, runEvidenceLines, wholeEvidenceLines } from './evidence.ts'
import { createStyle } from './style.ts'

const plain = createStyle({ color: false, unicode: true })

const none: EvidenceView = {
  tests: null,
  coverage: null,
  findings: null,
  attachments: [],
  unread: [],
  unkept: [],
  annotations: [],
  annotationsTotal: 0,
  summaries: [],
  comparedWith: null,
}

test('a run without evidence, or whose evidence is gone, says nothing about it', () => {
  deepStrictEqual(wholeEvidenceLines(none, { id: 'run_1', gates: [] }, plain), [])
  deepStrictEqual(runEvidenceLines(null, { gates: [] }, plain), [])
})

test('remarks of jobs are listed with their place and their job, and what a job wrote moves no cursor', () => {
  const remark = {
    level: 'warning',
    title: 'Old',
    message: 'use b',
    file: 'a.ts',
    line: 3,
    column: null,
    at: 1,
  } as const
  const evidence: EvidenceView = {
    ...none,
    annotations: [{ job: 'lint', ...remark }],
    annotationsTotal: 3,
    attachments: [{ path: 'out/trace.zip', mediaType: 'application/zip', title: 'Playwright trace' }],
    unkept: ['junit.xml: a.png: nothing is there'],
    summaries: [{ job: 'lint', text: '# Fine\n\u001B[2Jdone\n' }],
  }
  deepStrictEqual(wholeEvidenceLines(evidence, { id: 'run_1', gates: [] }, plain), [
    'Not kept',
    `${plain.mark('warn')} junit.xml: a.png: nothing is there`,
    '',
    'Remarks',
    `${plain.mark('warn')} a.ts:3  Old: use b  lint`,
    '  and 2 more',
    '',
    'Playwright trace  out/trace.zip',
    'sluice runs attachments run_1 --save <dir>',
    '',
    'Summary of lint',
    '# Fine',
    'done',
    '',
  ])
})

test('insights tell flaky tests, slow tests, and jobs, also those that never succeeded', () => {
  const durations = { runs: 9, p50Ms: 1_000, p95Ms: 2_000, maxMs: 2_000, trendMs: 0, regression: null }
  const rate = { runs: 2, failures: 2, rate: 1, lastFailedAt: 1 }
  const insights: InsightsView = {
    runs: 10,
    flaky: [],
    slowest: [],
    jobs: [{ name: 'test', ...durations }],
    failures: [
      { job: 'deploy', ...rate },
      { job: 'test', ...rate, runs: 10, failures: 1, rate: 0.1 },
    ],
  }
  deepStrictEqual(
    insightLines(insights, plain).map((line) => line.trim().split(/ {2,}/)),
    [
      ['Flaky tests over 10 runs'],
      ['none'],
      [''],
      ['Jobs that succeeded'],
      ['p50', 'p95', 'runs', 'fails', 'trend', 'name'],
      ['1 s', '2 s', '9', '10 %', 'test'],
      [''],
      ['Jobs that never succeeded'],
      ['deploy', '2 failures'],
    ],
  )
  deepStrictEqual(insightLines({ ...insights, runs: 0 }, plain), ['no runs yet: sluice run'])
})
