/** What a run shows of its evidence: counts, what failed, what took longest. Small and plain, for the state, the API and the terminal. */
import { limits } from '../limits.ts'
import type { Baseline } from './baseline.ts'
import { attachmentsOf, type CollectedReport, contentsOf, troublesOf } from './collected.ts'
import { compareCoverage, type CoverageChange, coverageTotals, mergeFiles } from './coverage.ts'
import { told } from './told.ts'
import type { Attachment, CoverageTotals, Severity, TestCase } from './types.ts'

/** A run's evidence in short. */
export type EvidenceSummary = {
  readonly tests: TestSummary | null
  readonly coverage: CoverageSummary | null
  /** Findings that no tool suppressed, by severity; null without a scanner. */
  readonly findings: Readonly<Record<Severity, number>> | null
  readonly attachments: readonly Omit<Attachment, 'kept'>[]
  /** Declared reports that could not be read, with the reason. */
  readonly unread: readonly string[]
  /** Files that reports name and that could not be kept, with the reason. */
  readonly unkept: readonly string[]
}

/** Tests in short. */
export type TestSummary = {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly flaky: number
  readonly durationMs: number
  /** At most `limits.gateDetailsMax` of `failed`, details cut to some lines. */
  readonly failures: readonly TestCase[]
  readonly slowest: readonly { readonly id: string; readonly durationMs: number }[]
}

/** Coverage in short; `change` null without a base commit. */
export type CoverageSummary = { readonly totals: CoverageTotals; readonly change: CoverageChange | null }

const slowestShown = 5

/** Summarizes all reports of a run. */
export const summarizeEvidence = (reports: readonly CollectedReport[], base: Baseline | null): EvidenceSummary => {
  const tests = contentsOf(reports, 'tests')
  const coverage = contentsOf(reports, 'coverage')
  const scans = contentsOf(reports, 'findings')
  return {
    tests: tests.length === 0 ? null : testSummary(tests.flatMap(({ cases }) => cases)),
    coverage:
      coverage.length === 0
        ? null
        : coverageSummary(
            coverage.flatMap(({ files }) => files),
            base,
          ),
    findings: scans.length === 0 ? null : severityCounts(scans.flatMap(({ findings }) => findings)),
    attachments: attachmentsOf(reports)
      .slice(0, limits.gateDetailsMax)
      .map(({ path, mediaType, title }) => ({ path, mediaType, title })),
    unread: reports
      .flatMap((report) =>
        report.status === 'read'
          ? []
          : [report.status === 'missing' ? `there is no report at ${report.path}` : report.detail],
      )
      .slice(0, limits.gateDetailsMax),
    unkept: troublesOf(reports.filter(isRead), 'attachments').slice(0, limits.gateDetailsMax),
  }
}

const isRead = ({ status }: CollectedReport): boolean => status === 'read'

const testSummary = (cases: readonly TestCase[]): TestSummary => {
  const count = (is: (one: TestCase) => boolean): number => cases.filter(is).length
  const failed = cases.filter(({ outcome }) => outcome === 'failed')
  return {
    passed: count(({ outcome }) => outcome === 'passed'),
    failed: failed.length,
    skipped: count(({ outcome }) => outcome === 'skipped' || outcome === 'todo'),
    flaky: count(({ outcome, failedAttempts }) => outcome === 'passed' && failedAttempts > 0),
    durationMs: cases.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0),
    failures: failed.slice(0, limits.gateDetailsMax).map(shortened),
    slowest: slowestOf(cases, slowestShown),
  }
}

const shortened = (one: TestCase): TestCase => ({
  ...one,
  failure:
    one.failure === null
      ? null
      : {
          ...one.failure,
          message: told(one.failure.message, limits.reportNameMax),
          detail: told(one.failure.detail, 2 * limits.reportNameMax),
        },
})

/** The tests that took longest, the longest first. */
const slowestOf = (
  cases: readonly TestCase[],
  count: number,
): readonly { readonly id: string; readonly durationMs: number }[] =>
  cases
    .flatMap(({ id, durationMs }) => (durationMs === null ? [] : [{ id, durationMs }]))
    .toSorted((a, b) => b.durationMs - a.durationMs)
    .slice(0, count)

const coverageSummary = (all: Parameters<typeof mergeFiles>[0], base: Baseline | null): CoverageSummary => {
  const files = mergeFiles(all)
  const before = base?.coverage ?? null
  const change = before === null ? null : compareCoverage(before, files)
  return {
    totals: coverageTotals(files),
    change: change === null ? null : { ...change, drops: change.drops.slice(0, limits.gateDetailsMax) },
  }
}

const severityCounts = (
  findings: readonly { readonly severity: Severity; readonly suppressedBy: string | null }[],
): Readonly<Record<Severity, number>> => {
  const counts: Record<Severity, number> = { critical: 0, high: 0, medium: 0, low: 0, info: 0, unknown: 0 }
  for (const { severity, suppressedBy } of findings) if (suppressedBy === null) counts[severity] += 1
  return counts
}
