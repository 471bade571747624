import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { gatesSchema } from '../../config/schema-gates.ts'
import type { GatesConfig } from '../../config/types-gates.ts'
import { digest } from '../../model.ts'
import { type Baseline, baselineOf } from '../baseline.ts'
import type { CollectedReport } from '../collected.ts'
import { fileCounts, fileCoverage } from '../coverage.ts'
import { parseDiff } from '../diff.ts'
import { finding, type RawFinding } from '../finding.ts'
import { testCase, testFailure } from '../test-case.ts'
import type { EvidenceContent, FileCoverage, FindingContent, ReportFormat, TestOutcome } from '../types.ts'
import { judgeGates, mayPass, worstStatus } from './judge.ts'
import type { GateVerdict } from './types.ts'
import type { GateInput } from './verdict.ts'

const context = { path: 'r', root: '' }
const now = Date.parse('2026-06-01T00:00:00Z')
const later = '2026-07-01T00:00:00Z'
const over = '2026-05-01T00:00:00Z'
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const report = (format: ReportFormat, ...contents: readonly EvidenceContent[]): CollectedReport => ({
  status: 'read',
  format,
  path: `${format}.out`,
  evidence: {
    source: { path: `${format}.out`, format, bytes: 1, digest: digest(`sha256:${sha256(format)}`) },
    contents,
  },
})

const input = (parts: Partial<GateInput>): GateInput => ({
  reports: [],
  base: null,
  changed: null,
  jobs: [],
  totalMs: null,
  reviews: null,
  commit: { id: 'c'.repeat(40), author: 'ada' },
  at: now,
  sha256,
  ...parts,
})

const judge = (config: GatesConfig, parts: Partial<GateInput>): readonly GateVerdict[] =>
  judgeGates(gatesSchema.parse(config), input(parts))
/** A verdict in a line. */
const said = (verdicts: readonly GateVerdict[]): readonly string[] =>
  verdicts.map(({ gate, status, sentence }) => `${gate} ${status}: ${sentence}`)

const tests = (
  outcomes: Readonly<Record<string, TestOutcome | 'flaky'>>,
  gaps: readonly string[] = [],
): CollectedReport =>
  report('junit', {
    kind: 'tests',
    gaps,
    cases: Object.entries(outcomes).map(([name, outcome]) =>
      testCase(
        {
          name,
          suites: ['cart'],
          file: 'test/cart.ts',
          outcome: outcome === 'flaky' ? 'passed' : outcome,
          failedAttempts: outcome === 'flaky' ? 1 : 0,
          failure:
            outcome === 'failed'
              ? testFailure({ message: `${name} broke`, detail: 'at test/cart.ts:7:1' }, context)
              : null,
        },
        context,
      ),
    ),
  })

test('tests pass when enough ran and none failed', () => {
  const [verdict] = judge(
    { tests: { minimum: 2 } },
    { reports: [tests({ a: 'passed', b: 'passed', c: 'skipped', d: 'todo' })] },
  )
  deepStrictEqual(verdict, {
    gate: 'tests',
    kind: 'tests',
    status: 'pass',
    sentence: '2 tests ran, none failed, 1 skipped',
    measured: 0,
    threshold: 0,
    bound: 'at_most',
    unit: 'tests',
    base: null,
    details: [],
    detailsTotal: 0,
    evidence: digest(`sha256:${sha256(`["sha256:${sha256('junit')}"]`)}`),
    reports: ['junit.out'],
  })
})

test('no test at all is broken, also when all were skipped', () => {
  const gate: GatesConfig = { tests: {} }
  deepStrictEqual(said(judge(gate, {})), ['tests broken: cannot tell: no tests ran'])
  deepStrictEqual(said(judge(gate, { reports: [tests({})] })), ['tests broken: cannot tell: no tests ran'])
  deepStrictEqual(said(judge(gate, { reports: [tests({ a: 'skipped' })] })), [
    'tests broken: cannot tell: no tests ran, 1 were skipped',
  ])
  deepStrictEqual(said(judge({ tests: { minimum: 5 } }, { reports: [tests({ a: 'passed' })] })), [
    'tests fail: 1 test ran, none failed, at least 5 must run',
  ])
})

test('a failed test is told with its place and message', () => {
  const [verdict] = judge({ tests: {} }, { reports: [tests({ a: 'passed', b: 'failed' })] })
  deepStrictEqual(
    [verdict?.status, verdict?.sentence, verdict?.details],
    [
      'fail',
      '1 of 2 tests failed',
      [{ text: 'test/cart.ts > cart > b: b broke', file: 'test/cart.ts', line: 7, excusedBy: null }],
    ],
  )
})

test('quarantine excuses a test until it ends, and never in silence', () => {
  const reports = [tests({ a: 'passed', 'b times': 'failed' })]
  const quarantine = (until: string, name: string): GatesConfig => ({
    tests: { quarantine: [{ test: name, reason: 'slow clock', until }] },
  })
  for (const name of ['cart > b times', 'test/cart.ts > cart > b times', '*b times'])
    deepStrictEqual(said(judge(quarantine(later, name), { reports })), [
      'tests waived: 2 tests ran, none failed, 1 failure in quarantine',
    ])
  deepStrictEqual(said(judge(quarantine(over, 'cart > b*'), { reports })), [
    'tests fail: 1 of 2 tests failed, the quarantine of "cart > b*" ended on 2026-05-01',
  ])
  deepStrictEqual(said(judge(quarantine(later, 'b'), { reports })), ['tests fail: 1 of 2 tests failed'])
  deepStrictEqual(judge(quarantine(later, 'b times'), { reports })[0]?.details, [
    {
      text: 'test/cart.ts > cart > b times: b times broke',
      file: 'test/cart.ts',
      line: 7,
      excusedBy: 'slow clock (until 2026-07-01)',
    },
  ])
})

test('a flaky test counts where the gate says so', () => {
  const reports = [tests({ a: 'flaky', b: 'passed' })]
  deepStrictEqual(said(judge({ tests: {} }, { reports })), ['tests pass: 2 tests ran, none failed, 1 flaky'])
  deepStrictEqual(said(judge({ tests: { failOnFlaky: true } }, { reports })), [
    'tests fail: 1 of 2 tests failed, 1 flaky',
  ])
})

test('evidence that is missing, unreadable or partial breaks a gate that would pass, and leaves one that fails failed', () => {
  const troubles: readonly CollectedReport[] = [
    { status: 'missing', format: 'junit', path: 'out/*.xml' },
    { status: 'unreadable', format: 'tap', path: 't.tap', detail: 't.tap:3: cut off' },
  ]
  const good = tests({ a: 'passed' }, ['3 tests were planned, and 1 told of'])
  deepStrictEqual(said(judge({ tests: {} }, { reports: [good, ...troubles] })), [
    'tests broken: cannot tell: junit.out: 3 tests were planned, and 1 told of (and 2 more)',
  ])
  deepStrictEqual(said(judge({ tests: {} }, { reports: [tests({ a: 'failed' }), ...troubles] })), [
    'tests fail: 1 of 1 test failed',
  ])
  // A coverage report that is missing says nothing about tests; one of no known form may have.
  const other: CollectedReport = { status: 'missing', format: 'lcov', path: 'lcov.info' }
  strictEqual(judge({ tests: {} }, { reports: [tests({ a: 'passed' }), other] })[0]?.status, 'pass')
  strictEqual(
    judge({ tests: {} }, { reports: [tests({ a: 'passed' }), { ...other, format: 'auto' }] })[0]?.status,
    'broken',
  )
})

test('a waiver holds until its moment, and never for what cannot be told', () => {
  const waive = (until: string): GatesConfig => ({ tests: { waive: { reason: 'launch', until } } })
  const reports = [tests({ a: 'failed' })]
  deepStrictEqual(said(judge(waive(later), { reports })), [
    'tests waived: 1 of 1 test failed; waived until 2026-07-01: launch',
  ])
  deepStrictEqual(said(judge(waive(over), { reports })), [
    'tests fail: 1 of 1 test failed; the waiver ended on 2026-05-01',
  ])
  strictEqual(judge(waive(later), {})[0]?.status, 'broken')
  strictEqual(judge(waive(later), { reports: [tests({ a: 'failed' }, ['cut off'])] })[0]?.status, 'broken')
})

/** A file of which the lines in `missed` never ran. */
const covered = (path: string, lines: number, missed: readonly number[] = []): FileCoverage => {
  const counts = fileCounts()
  for (let line = 1; line <= lines; line += 1) counts.addLine(line, missed.includes(line) ? 0 : 1)
  return fileCoverage(path, counts, context)
}
const coverage = (...files: readonly FileCoverage[]): CollectedReport =>
  report('lcov', { kind: 'coverage', files, gaps: [] })

test('coverage is compared exactly, in all and by part', () => {
  const reports = [coverage(covered('src/a.ts', 10, [1, 2]), covered('src/core/b.ts', 10))]
  deepStrictEqual(
    said(
      judge(
        {
          coverage: {
            lines: '90%',
            paths: { 'src/*.ts': { lines: '80.01%' }, 'src/core/**': { lines: '100%' }, 'lib/**': { lines: '1%' } },
          },
        },
        { reports },
      ),
    ),
    [
      'coverage.lines pass: 90 % of lines covered (18 of 20), at least 90 % wanted',
      'coverage.lines src/*.ts fail: 80 % of lines covered in src/*.ts (8 of 10), at least 80.01 % wanted',
      'coverage.lines src/core/** pass: 100 % of lines covered in src/core/** (10 of 10), at least 100 % wanted',
      'coverage.lines lib/** broken: cannot tell: no report mentions a file in lib/**',
    ],
  )
  deepStrictEqual(said(judge({ coverage: { branches: '1%' } }, { reports })), [
    'coverage.branches broken: cannot tell: the coverage reports count no branches',
  ])
  deepStrictEqual(said(judge({ coverage: { lines: '1%' } }, {})), [
    'coverage.lines broken: cannot tell: there is no coverage report',
  ])
})

test('a report of files without a line measures nothing', () => {
  const counts = fileCounts()
  counts.declare('lines')
  strictEqual(
    judge({ coverage: { lines: '0%' } }, { reports: [coverage(fileCoverage('a.ts', counts, context))] })[0]?.status,
    'broken',
  )
})

test('reports of shards are one coverage', () => {
  const reports = [coverage(covered('a.ts', 4, [1, 2])), coverage(covered('a.ts', 4, [3, 4]))]
  deepStrictEqual(said(judge({ coverage: { lines: '100%' } }, { reports })), [
    'coverage.lines pass: 100 % of lines covered (4 of 4), at least 100 % wanted',
  ])
})

const diff = (path: string, from: number, count: number): string =>
  `diff --git a/${path} b/${path}\n--- a/${path}\n+++ b/${path}\n@@ -${from - 1},0 +${from},${count} @@\n${'+x\n'.repeat(count)}`

test('coverage of changed lines counts what the diff added and tests can run', () => {
  const reports = [coverage(covered('src/a.ts', 10, [4, 5, 7]))]
  const changed = parseDiff(diff('src/a.ts', 3, 4) + diff('README.md', 1, 3))
  deepStrictEqual(said(judge({ coverage: { changedLines: '60%' } }, { reports, changed })), [
    'coverage.changedLines fail: 50 % of changed lines covered (2 of 4), at least 60 % wanted',
  ])
  deepStrictEqual(judge({ coverage: { changedLines: '60%' } }, { reports, changed })[0]?.details, [
    { text: 'src/a.ts: 4–5', file: 'src/a.ts', line: 4, excusedBy: null },
  ])
  deepStrictEqual(
    said(judge({ coverage: { changedLines: '60%' } }, { reports, changed: parseDiff(diff('README.md', 1, 3)) })),
    ['coverage.changedLines pass: no executable line changed'],
  )
  strictEqual(judge({ coverage: { changedLines: '60%' } }, { reports })[0]?.status, 'broken')
})

test('a changed file that no test loads counts as not covered in a part that names it', () => {
  const reports = [coverage(covered('src/a.ts', 10))]
  const changed = parseDiff(diff('src/new.ts', 1, 3))
  deepStrictEqual(said(judge({ coverage: { paths: { 'src/**': { changedLines: '50%' } } } }, { reports, changed })), [
    'coverage.changedLines src/** fail: 0 % of changed lines covered in src/** (0 of 3), at least 50 % wanted',
  ])
})

test('coverage may not fall further than allowed', () => {
  const base = baselineOf('b', [coverage(covered('a.ts', 1_000))])
  const drop = (missed: number): readonly string[] => {
    const lines = Array.from({ length: missed }, (_, line) => line + 1)
    return said(judge({ coverage: { maxDrop: '0.5%' } }, { reports: [coverage(covered('a.ts', 1_000, lines))], base }))
  }
  deepStrictEqual(drop(5), [
    'coverage.lines.drop pass: coverage of lines went from 100 % to 99.5 %, at most 0.5 points less allowed',
  ])
  deepStrictEqual(drop(6), [
    'coverage.lines.drop fail: coverage of lines went from 100 % to 99.4 %, at most 0.5 points less allowed',
  ])
  deepStrictEqual(judge({ coverage: { maxDrop: '0%' } }, { reports: [coverage(covered('a.ts', 1))] }), [])
  strictEqual(judge({ coverage: { maxDrop: '0%' } }, { base })[0]?.status, 'broken')
})

const found = (raw: Partial<RawFinding>): FindingContent['findings'][number] =>
  finding(
    {
      tool: 'scan',
      rule: 'CVE-2025-1',
      category: 'vulnerability',
      severity: 'high',
      message: 'bad',
      package: { name: 'lodash', version: '4.0.0' },
      ...raw,
    },
    context,
  )
const scan = (...findings: FindingContent['findings']): CollectedReport =>
  report('sarif', { kind: 'findings', tool: 'scan', findings, gaps: [] })

test('a report of a linter, however clean, is no word about security, and one of a scanner none about quality', () => {
  const of = (tool: string, covers: NonNullable<FindingContent['covers']>): CollectedReport =>
    report('sarif', { kind: 'findings', tool, covers, findings: [], gaps: [] })
  const gates = { vulnerabilities: {}, findings: {}, securityScore: { minimum: 90 } }
  const statuses = (...reports: readonly CollectedReport[]): readonly string[] =>
    judge(gates, { reports }).map(({ gate, status }) => `${gate} ${status}`)
  const linter = of('ESLint', ['quality'])
  const scanner = of('osv', ['security'])
  deepStrictEqual(statuses(linter), ['vulnerabilities broken', 'findings pass', 'securityScore broken'])
  deepStrictEqual(statuses(scanner), ['vulnerabilities pass', 'findings broken', 'securityScore pass'])
  deepStrictEqual(statuses(linter, scanner), ['vulnerabilities pass', 'findings pass', 'securityScore pass'])
  match(judge(gates, { reports: [linter] })[0]?.sentence ?? '', /no report of a scanner, only of ESLint/)
})

test('vulnerabilities from the threshold on stop a release, each advisory once', () => {
  const reports = [
    scan(
      found({}),
      found({ tool: 'other', rule: 'GHSA-aaaa-bbbb-cccc', aliases: ['CVE-2025-1'] }),
      found({ rule: 'CVE-2025-2', severity: 'medium' }),
      found({ rule: 'lint', category: 'quality', package: null }),
    ),
  ]
  deepStrictEqual(said(judge({ vulnerabilities: {} }, { reports })), [
    'vulnerabilities fail: 1 security finding of severity high or worse, none allowed',
  ])
  deepStrictEqual(said(judge({ vulnerabilities: { severity: 'medium', maximum: 2 } }, { reports })), [
    'vulnerabilities pass: 2 security findings of severity medium or worse, at most 2 allowed',
  ])
  deepStrictEqual(said(judge({ vulnerabilities: {} }, { reports: [scan()] })), [
    'vulnerabilities pass: 0 security findings of severity high or worse, none allowed',
  ])
  deepStrictEqual(said(judge({ vulnerabilities: {} }, {})), [
    'vulnerabilities broken: cannot tell: there is no report of a scanner',
  ])
  deepStrictEqual(said(judge({ findings: {} }, { reports })), [
    'findings fail: 1 finding of severity high or worse, none allowed',
  ])
})

test('a finding of unknown severity counts as the worst', () => {
  strictEqual(
    judge({ vulnerabilities: { severity: 'critical' } }, { reports: [scan(found({ severity: 'unknown' }))] })[0]
      ?.status,
    'fail',
  )
})

test('an allowed finding is waived until its moment', () => {
  const reports = [
    scan(
      found({}),
      found({ rule: 'R1', severity: 'critical', category: 'security', package: null, file: 'test/a.ts', line: 3 }),
    ),
  ]
  const allow = (until: string) => [
    { id: 'cve-2025-*', package: 'lodash', reason: 'not reached', until },
    { id: 'R1', path: 'test/**', reason: 'a fixture', until: later },
  ]
  const [waived] = judge({ vulnerabilities: { allow: allow(later) } }, { reports })
  deepStrictEqual(
    [waived?.status, waived?.sentence, waived?.details.map(({ excusedBy }) => excusedBy)],
    [
      'waived',
      '0 security findings of severity high or worse, none allowed; 2 excused',
      ['a fixture (until 2026-07-01)', 'not reached (until 2026-07-01)'],
    ],
  )
  deepStrictEqual(said(judge({ vulnerabilities: { allow: allow(over) } }, { reports })), [
    'vulnerabilities fail: 1 security finding of severity high or worse, none allowed; 1 excused; no longer allowed: cve-2025-*',
  ])
})

test('only what the base commit has not counts as new, as often as it is there more', () => {
  const same = found({ rule: 'R', category: 'security', package: null, file: 'a.ts', message: 'eval in line 3' })
  const moved = found({ rule: 'R', category: 'security', package: null, file: 'a.ts', message: 'eval in line 9' })
  const base: Baseline = baselineOf('b', [scan(same)])
  const gate: GatesConfig = { vulnerabilities: { onlyNew: true } }
  deepStrictEqual(said(judge(gate, { reports: [scan(moved)], base })), [
    'vulnerabilities pass: 0 new security findings of severity high or worse, none allowed; 1 excused',
  ])
  deepStrictEqual(said(judge(gate, { reports: [scan(same, moved)], base })), [
    'vulnerabilities fail: 1 new security finding of severity high or worse, none allowed; 1 excused',
  ])
  deepStrictEqual(said(judge(gate, { reports: [scan(same)] })), [
    'vulnerabilities broken: cannot tell: it is not known what is new, for lack of a base commit',
  ])
  strictEqual(judge(gate, { reports: [scan(found({ isNew: false }))] })[0]?.status, 'pass')
})

test('the security score falls by the weight of each finding', () => {
  const reports = [
    scan(found({}), found({ rule: 'CVE-2', severity: 'low' }), found({ rule: 'CVE-3', severity: 'info' })),
  ]
  deepStrictEqual(said(judge({ securityScore: { minimum: 84 } }, { reports })), [
    'securityScore pass: security score 84 of 100 (2 findings), at least 84 wanted',
  ])
  deepStrictEqual(said(judge({ securityScore: { minimum: 84, weights: { high: 16 } } }, { reports })), [
    'securityScore fail: security score 83 of 100 (2 findings), at least 84 wanted',
  ])
})

const measured = (...pairs: readonly (readonly [string, number])[]): CollectedReport =>
  report('measurements', {
    kind: 'measurements',
    measurements: pairs.map(([name, value]) => ({ name, value, unit: 'ms', better: null })),
    gaps: [],
  })

test('a measurement is held against bounds and against the base commit', () => {
  const base = baselineOf('b', [measured(['p95', 200])])
  const reports = [measured(['p95', 219], ['p99', 400])]
  deepStrictEqual(
    said(
      judge(
        { performance: { p95: { maximum: 250, maxRegression: '10%' }, 'p9?': { maximum: 300 }, p50: { maximum: 1 } } },
        { reports, base },
      ),
    ),
    [
      'performance p95 pass: p95 is 219 ms, at most 250 ms allowed, 200 ms at the base commit, 10 % worse allowed',
      'performance p95 pass: p95 is 219 ms, at most 300 ms allowed',
      'performance p99 fail: p99 is 400 ms, at most 300 ms allowed',
      'performance p50 broken: cannot tell: nothing named p50 was measured',
    ],
  )
  deepStrictEqual(said(judge({ performance: { p95: { maxRegression: '5%' } } }, { reports, base })), [
    'performance p95 fail: p95 is 219 ms, 200 ms at the base commit, 5 % worse allowed',
  ])
  deepStrictEqual(said(judge({ performance: { p95: { maxRegression: '5%', better: 'higher' } } }, { reports, base })), [
    'performance p95 pass: p95 is 219 ms, 200 ms at the base commit, 5 % worse allowed',
  ])
})

test('of a number that ought to be high, less is worse', () => {
  const base = baselineOf('b', [measured(['requests', 200])])
  const status = (value: number): string | undefined =>
    judge(
      { performance: { requests: { maxRegression: '5%', better: 'higher' } } },
      { reports: [measured(['requests', value])], base },
    )[0]?.status
  deepStrictEqual([300, 190, 189].map(status), ['pass', 'pass', 'fail'])
})

test('a name that fits more measurements than a run can list is one verdict', () => {
  const reports = [measured(...Array.from({ length: 200 }, (_, index) => [`bench ${index}`, index] as const))]
  const [verdict, ...others] = judge({ performance: { 'bench *': { maximum: 197 } } }, { reports })
  deepStrictEqual(others, [])
  deepStrictEqual(
    [verdict?.status, verdict?.sentence, verdict?.details.map(({ text }) => text)],
    [
      'fail',
      '2 of 200 measurements named bench * are out of bounds',
      ['bench 198 is 198 ms, at most 197 ms allowed', 'bench 199 is 199 ms, at most 197 ms allowed'],
    ],
  )
})

test('a size budget adds up files, and knows what they grew by', () => {
  const sizes = (...files: readonly (readonly [string, number])[]): CollectedReport =>
    report('sizes', {
      kind: 'sizes',
      files: files.map(([path, bytes]) => ({ path, bytes, compressedBytes: Math.floor(bytes / 3) })),
      gaps: [],
    })
  const base = baselineOf('b', [sizes(['dist/a.js', 90_000])])
  const reports = [sizes(['dist/a.js', 60_000], ['dist/b.js', 40_500], ['dist/a.css', 1])]
  deepStrictEqual(
    said(
      judge(
        {
          size: {
            'dist/*.js': { maximum: '100kB' },
            'dist/*.{js,css}': { maximum: '40kB', compressed: true },
            '*.wasm': { maximum: '1B' },
          },
        },
        { reports, base },
      ),
    ),
    [
      'size dist/*.js fail: dist/*.js (2 files) have 100.5 kB, at most 100 kB allowed, +10.5 kB against the base commit',
      'size dist/*.{js,css} pass: dist/*.{js,css} (3 files) have 33.5 kB compressed, at most 40 kB allowed, +3.5 kB against the base commit',
      'size *.wasm broken: cannot tell: no report tells the size of *.wasm',
    ],
  )
  deepStrictEqual(said(judge({ size: { 'dist/*.js': { maxGrowth: '5%' } } }, { reports, base })), [
    'size dist/*.js fail: dist/*.js (2 files) have 100.5 kB, at most 94.5 kB allowed, +10.5 kB against the base commit',
  ])
})

test('of two bounds on a size the tighter one holds', () => {
  const sizes = (bytes: number): CollectedReport =>
    report('sizes', { kind: 'sizes', files: [{ path: 'a.js', bytes, compressedBytes: null }], gaps: [] })
  const base = baselineOf('b', [sizes(100)])
  const threshold = (maximum: '200B' | '104B'): number | null | undefined =>
    judge({ size: { 'a.js': { maximum, maxGrowth: '5%' } } }, { reports: [sizes(90)], base })[0]?.threshold
  deepStrictEqual([threshold('200B'), threshold('104B')], [105, 104])
})

test('time budgets hold the run and its jobs', () => {
  deepStrictEqual(
    said(
      judge(
        { time: { total: '10m', jobs: { test: '90s', lint: '1s' } } },
        { totalMs: 600_000, jobs: [{ job: 'test', durationMs: 91_250 }] },
      ),
    ),
    [
      'time total pass: the run took 600 s, at most 600 s allowed',
      'time test fail: job test took 91.25 s, at most 90 s allowed',
      'time lint broken: cannot tell: it is not known how long job lint took',
    ],
  )
})

test('licences are judged as expressions', () => {
  const list = (licences: Readonly<Record<string, string | null>>): CollectedReport =>
    report('licences', {
      kind: 'licences',
      packages: Object.entries(licences).map(([name, licence]) => ({ name, version: '1.0.0', licence })),
      gaps: [],
    })
  const allow = ['MIT', 'Apache-2.0', 'BSD-*', 'GPL-2.0-only WITH Classpath-exception-2.0']
  const fine = list({
    a: 'MIT',
    b: '(GPL-3.0-only OR mit)',
    c: 'BSD-3-Clause AND Apache-2.0',
    d: 'GPL-2.0-only WITH Classpath-exception-2.0',
    e: 'Apache-2.0 WITH LLVM-exception',
  })
  deepStrictEqual(said(judge({ licences: { allow } }, { reports: [fine] })), [
    'licences pass: no of 5 packages have a licence against the policy',
  ])
  const bad = list({ a: 'MIT AND GPL-3.0-only', b: null, c: 'SEE LICENSE IN x', d: 'GPL-2.0-only' })
  const [verdict] = judge(
    { licences: { allow, exceptions: [{ package: 'd@1.*', reason: 'build only', until: later }] } },
    { reports: [bad] },
  )
  deepStrictEqual(
    [
      verdict?.status,
      verdict?.details.map(({ text, excusedBy }) => `${text}${excusedBy === null ? '' : ` (${excusedBy})`}`),
    ],
    [
      'fail',
      [
        'a@1.0.0: MIT AND GPL-3.0-only',
        'b@1.0.0: no licence',
        'c@1.0.0: "SEE LICENSE IN x" is no SPDX expression',
        'd@1.0.0: GPL-2.0-only (build only (until 2026-07-01))',
      ],
    ],
  )
  deepStrictEqual(
    said(
      judge(
        { licences: { deny: ['GPL-*'] } },
        { reports: [list({ a: 'GPL-3.0-only', b: 'ISC', c: 'GPL-2.0-only OR ISC' })] },
      ),
    ),
    ['licences fail: 1 of 3 packages has a licence against the policy'],
  )
  strictEqual(judge({ licences: { allow } }, { reports: [list({})] })[0]?.status, 'broken')
})

test('only the newest approval of this commit counts, and not the own', () => {
  const commit = { id: 'c'.repeat(40), author: 'ada' }
  const review = (
    by: string,
    verdict: 'approved' | 'changes_requested' | 'commented' | 'dismissed',
    at: number,
    of: string = commit.id,
  ) => ({ by, verdict, at, commit: of })
  const judged = (...reviews: readonly ReturnType<typeof review>[]): readonly string[] =>
    said(judge({ reviews: { approvals: 1 } }, { reviews, commit }))
  deepStrictEqual(judged(review('grace', 'approved', 1), review('grace', 'commented', 2)), [
    'reviews pass: 1 approval of this commit, at least 1 wanted',
  ])
  deepStrictEqual(judged(review('ada', 'approved', 1)), ['reviews fail: 0 approvals of this commit, at least 1 wanted'])
  deepStrictEqual(judged(review('grace', 'approved', 1, 'b'.repeat(40))), [
    'reviews fail: 0 approvals of this commit, at least 1 wanted',
  ])
  deepStrictEqual(judged(review('grace', 'approved', 1), review('bob', 'changes_requested', 2)), [
    'reviews fail: 1 approval of this commit, at least 1 wanted; bob asked for changes',
  ])
  deepStrictEqual(judged(review('bob', 'changes_requested', 1), review('bob', 'approved', 2)), [
    'reviews pass: 1 approval of this commit, at least 1 wanted',
  ])
  strictEqual(judge({ reviews: {} }, {})[0]?.status, 'broken')
})

test('together, one failed or broken gate keeps a commit back', () => {
  const all = (...list: readonly GateVerdict['status'][]) => list.map((status) => ({ status }))
  deepStrictEqual(
    [all(), all('pass', 'waived'), all('pass', 'broken', 'waived'), all('broken', 'fail')].map((list) => [
      worstStatus(list),
      mayPass(list),
    ]),
    [
      ['pass', true],
      ['waived', true],
      ['broken', false],
      ['fail', false],
    ],
  )
})

test('a verdict fits a row of the ledger, whatever was found, and says how much there is', () => {
  const many = Array.from({ length: 3_000 }, (_, index) => found({ rule: `R${index}`, message: 'm'.repeat(5_000) }))
  const [verdict] = judge({ vulnerabilities: {} }, { reports: [scan(...many)] })
  deepStrictEqual([verdict?.details.length, verdict?.detailsTotal, verdict?.measured], [50, 3_000, 3_000])
  ok(JSON.stringify(verdict).length < 32_768)
  deepStrictEqual(JSON.parse(JSON.stringify(verdict)), verdict)
})

test('covering a line more never turns a pass into a failure', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 40 })),
      fc.integer({ min: 0, max: 10_000 }),
      (missed, thresholdBp) => {
        const status = (lines: readonly number[]): string | undefined =>
          judge(
            { coverage: { lines: `${thresholdBp / 100}%` } },
            { reports: [coverage(covered('a.ts', 40, lines))] },
          )[0]?.status
        const before = status(missed)
        strictEqual(before, (40 - missed.length) * 10_000 >= 40 * thresholdBp ? 'pass' : 'fail')
        if (before === 'pass') strictEqual(status(missed.slice(1)), 'pass')
      },
    ),
    { numRuns: 50 },
  )
})

test('every gate without any evidence is broken', () => {
  const config: GatesConfig = {
    tests: {},
    coverage: { lines: '1%', changedLines: '1%' },
    vulnerabilities: {},
    findings: {},
    securityScore: { minimum: 0 },
    performance: { a: { maximum: 1 } },
    size: { a: { maximum: '1B' } },
    time: { total: '1s' },
    licences: { allow: ['MIT'] },
    reviews: {},
  }
  for (const verdict of judge(config, {})) {
    strictEqual(verdict.status, 'broken', verdict.gate)
    match(verdict.sentence, /^cannot tell: /)
  }
})
