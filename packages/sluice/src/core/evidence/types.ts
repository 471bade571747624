/**
 * What a commit's checks left behind, in one model: whatever wrote a report, tests are tests and coverage is coverage. Plain data, JSON-safe; texts are
 * cleaned of control characters and bounded, because reports hold whatever a test printed.
 */
import type { Digest } from '../model.ts'

/** Where evidence was read: the file below the checkout, its form, and the digest of exactly those bytes. */
export type EvidenceSource = {
  readonly path: string
  readonly format: ReportFormat
  readonly bytes: number
  readonly digest: Digest
}

/** One report, read. Some tools tell several things in one file. */
export type Evidence = { readonly source: EvidenceSource; readonly contents: readonly EvidenceContent[] }

/** What a report tells. */
export type EvidenceContent =
  | TestContent
  | CoverageContent
  | FindingContent
  | LicenceContent
  | SizeContent
  | MeasurementContent
  | AttachmentContent

/** What kinds of evidence there are. */
export type EvidenceKind = EvidenceContent['kind']

/**
 * Reasons why a report, though readable, does not tell the whole: a plan of ten tests and three results, a scanner that says of itself that it failed.
 * Any of them makes the gates that look at it `broken`.
 */
export type Gaps = readonly string[]

/** Results of tests. No cases is what it is: nothing was run. */
export type TestContent = { readonly kind: 'tests'; readonly cases: readonly TestCase[]; readonly gaps: Gaps }

/** How a test ended, after all its attempts. `todo`: known to be unfinished, whatever it came to. */
export type TestOutcome = 'passed' | 'failed' | 'skipped' | 'todo'

/** One test. */
export type TestCase = {
  /** File (where told), suites and name, joined by ` > `; what history and quarantine know the test by. */
  readonly id: string
  readonly name: string
  /** From the outermost inwards. */
  readonly suites: readonly string[]
  /** Relative to the checkout, where it lies below it. */
  readonly file: string | null
  /** From 1. */
  readonly line: number | null
  readonly outcome: TestOutcome
  readonly durationMs: number | null
  /** Attempts that failed before the last one; a passed test with some is flaky. */
  readonly failedAttempts: number
  readonly failure: TestFailure | null
  /** Paths of traces, screenshots and the like, as the report has them. */
  readonly attachments: readonly string[]
}

/** Why a test failed, or why its last failed attempt did. */
export type TestFailure = {
  readonly message: string
  /** Class or code of the error; null where the report has none. */
  readonly type: string | null
  /** Stack, difference, output: as many lines as fit. */
  readonly detail: string
  readonly expected: string | null
  readonly actual: string | null
  readonly file: string | null
  readonly line: number | null
}

/** Of `total` things, `covered` were run. */
export type Ratio = { readonly covered: number; readonly total: number }

/** Coverage as three ratios; null: the report does not measure that. */
export type CoverageTotals = {
  readonly lines: Ratio | null
  readonly branches: Ratio | null
  readonly functions: Ratio | null
}

/** What coverage counts. */
export type CoverageMetric = keyof CoverageTotals

/** Coverage of the source files that the tests loaded. */
export type CoverageContent = {
  readonly kind: 'coverage'
  readonly files: readonly FileCoverage[]
  readonly gaps: Gaps
}

/** Coverage of one source file. */
export type FileCoverage = {
  /** Relative to the checkout where it lies below it, `/` between its parts. */
  readonly path: string
  readonly totals: CoverageTotals
  /** Executable lines (from 1) and how often each ran, by line; null where the report only has totals. */
  readonly lines: readonly LineHits[] | null
  /** Lines with branches, and how many of those were taken. */
  readonly branches: readonly LineRatio[] | null
  /** Lines where functions begin, and how many of those ran. */
  readonly functions: readonly LineRatio[] | null
}

/** A line and how often it ran. */
export type LineHits = readonly [line: number, hits: number]

/** A line, and of its `total` things, how many were `covered`. */
export type LineRatio = readonly [line: number, covered: number, total: number]

/** How bad a finding is. `unknown`: the report does not say; gates then take it for as bad as it can be. */
export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info' | 'unknown'

/** What a report looked for: flaws that somebody could use, or the quality of the code. */
export type FindingScope = 'security' | 'quality'

/** What scanners and linters found. None is a good answer, of a scanner that ran, and only about what it looked for. */
export type FindingContent = {
  readonly kind: 'findings'
  readonly tool: string
  /** Absent in evidence of before it was told: both. */
  readonly covers?: readonly FindingScope[]
  readonly findings: readonly Finding[]
  readonly gaps: Gaps
}

/** One finding. */
export type Finding = {
  readonly tool: string
  /** Id of the rule, or of the advisory: `CVE-2025-1234`, `no-unused-vars`. */
  readonly rule: string
  /** Other names of the same: CVE, GHSA, CWE. */
  readonly aliases: readonly string[]
  /** `vulnerability`: a flaw of a dependency; `security`: one of the code or its set-up; `secret`: a credential; `quality`: anything else. */
  readonly category: 'vulnerability' | 'security' | 'secret' | 'quality'
  readonly severity: Severity
  /** CVSS base score or the tool's own, 0–10. */
  readonly score: number | null
  readonly message: string
  readonly file: string | null
  readonly line: number | null
  readonly package: { readonly name: string; readonly version: string | null; readonly fixedIn: string | null } | null
  readonly url: string | null
  /** The same for the same finding in another commit, also when lines moved. */
  readonly fingerprint: string
  /** Whether it was there before, as the tool itself compared; null where it did not. */
  readonly isNew: boolean | null
  /** Why the tool's own means (a comment, its ignore list) set it aside; null where they did not. */
  readonly suppressedBy: string | null
}

/** Licences of dependencies. */
export type LicenceContent = {
  readonly kind: 'licences'
  readonly packages: readonly PackageLicence[]
  readonly gaps: Gaps
}

/** Licence of one package. */
export type PackageLicence = {
  readonly name: string
  readonly version: string | null
  /** An SPDX expression, or whatever the package says instead; null for nothing. */
  readonly licence: string | null
}

/** Sizes of what was built. */
export type SizeContent = { readonly kind: 'sizes'; readonly files: readonly FileSize[]; readonly gaps: Gaps }

/** Size of one file, or of a bundle by its name. */
export type FileSize = { readonly path: string; readonly bytes: number | null; readonly compressedBytes: number | null }

/** Numbers of benchmarks and load tests. */
export type MeasurementContent = {
  readonly kind: 'measurements'
  readonly measurements: readonly Measurement[]
  readonly gaps: Gaps
}

/** One number. */
export type Measurement = {
  readonly name: string
  readonly value: number
  /** `ms`, `req/s` …; empty where the report has none. */
  readonly unit: string
  /** Which way is better; null where the report does not say. */
  readonly better: 'lower' | 'higher' | null
}

/** Files for people to look at: Playwright traces, and what test cases name as their attachments. A gap says of one why it is not kept. */
export type AttachmentContent = {
  readonly kind: 'attachments'
  readonly attachments: readonly Attachment[]
  readonly gaps: Gaps
}

/** One file to look at. */
export type Attachment = {
  /** Below the checkout. */
  readonly path: string
  readonly mediaType: string
  /** What it is, or the id of the test that names it. */
  readonly title: string
  /** The file itself in the evidence store; absent when it could not be kept. */
  readonly kept?: KeptFile
}

/** A file in the evidence store. */
export type KeptFile = { readonly digest: Digest; readonly bytes: number }

/** The forms of reports that are read. */
export type ReportFormat = (typeof reportFormats)[number]

/** Every form, by the kind of evidence it gives. */
export const reportFormats = [
  'junit',
  'tap',
  'node-spec',
  'node-events',
  'lcov',
  'cobertura',
  'jacoco',
  'istanbul',
  'istanbul-summary',
  'sarif',
  'npm-audit',
  'osv',
  'trivy',
  'gitlab-security',
  'code-quality',
  'cyclonedx',
  'spdx',
  'licences',
  'sizes',
  'file-size',
  'measurements',
  'hyperfine',
  'k6',
  'lighthouse',
  'playwright-trace',
] as const

/** What evidence a form can give; what an unreadable file of that form takes away. */
export const kindsOfFormat = (format: ReportFormat): readonly EvidenceKind[] => {
  switch (format) {
    case 'junit':
    case 'tap':
    case 'node-spec':
    case 'node-events':
      return ['tests']
    case 'lcov':
    case 'cobertura':
    case 'jacoco':
    case 'istanbul':
    case 'istanbul-summary':
      return ['coverage']
    case 'sarif':
    case 'npm-audit':
    case 'osv':
    case 'gitlab-security':
    case 'code-quality':
      return ['findings']
    case 'trivy':
    case 'cyclonedx':
      return ['findings', 'licences']
    case 'spdx':
    case 'licences':
      return ['licences']
    case 'sizes':
    case 'file-size':
      return ['sizes']
    case 'measurements':
    case 'hyperfine':
    case 'k6':
    case 'lighthouse':
      return ['measurements']
    case 'playwright-trace':
      return ['attachments']
  }
}

/** Whether a text names a form. */
export const isReportFormat = (text: string): text is ReportFormat => reportFormats.some((format) => format === text)

/** The form that a name means, also GitLab's names for what a report is about (`gitlab-sast`, `gitlab-codequality`); null for one that nothing reads. */
export const namedFormat = (name: string): ReportFormat | 'auto' | null => {
  if (name === 'auto' || isReportFormat(name)) return name
  if (name === 'gitlab-codequality') return 'code-quality'
  return /^gitlab-(?:sast|dast|secret-detection|(?:dependency|container|cluster-image)-scanning|(?:coverage|api)-fuzzing)$/.test(
    name,
  )
    ? 'gitlab-security'
    : null
}
