/**
 * What a scanner of a commit gives: findings, or the reason why it could not look. A scanner that is missing, fails or sees nothing where something
 * should be is `broken`, and broken is never green.
 */

/** From worst to least, as in the GitHub Advisory Database. */
export const severities: readonly ['critical', 'high', 'medium', 'low'] = ['critical', 'high', 'medium', 'low']

/** How bad a finding is. */
export type Severity = (typeof severities)[number]

/** One thing that a scanner found. No field ever holds a secret. */
export type Finding = {
  /** Stable id of the rule, for instance `github-token`, `DL-USER` or `GHSA-…`. */
  readonly rule: string
  readonly severity: Severity
  /** What is wrong and what to do, one sentence or two. */
  readonly message: string
  /** Relative to the repository; null for findings without a file. */
  readonly file: string | null
  /** From 1; null where there is none. */
  readonly line: number | null
  /** The commit that brought it in; null for the working tree and for findings about the whole. */
  readonly commit: string | null
  /** The line with every secret masked; null where there is none. */
  readonly excerpt: string | null
  /** The same for the same thing in another commit or line, so that it can be allowed; SARIF's `partialFingerprints`. */
  readonly fingerprint: string
  /** Where the rule comes from or is explained. */
  readonly help: string | null
}

/** Numbers that a scan gives beside its findings, for instance `files` or `components`. */
export type ScanStats = Readonly<Record<string, number>>

/** What a scan came to. `reason` of a broken scan says what was missing and how to provide it. */
export type ScanResult =
  | { readonly status: 'ok'; readonly findings: readonly []; readonly stats: ScanStats; readonly reason: null }
  | {
      readonly status: 'findings'
      readonly findings: readonly Finding[]
      readonly stats: ScanStats
      readonly reason: null
    }
  | {
      readonly status: 'broken'
      /** What was found before it broke. */
      readonly findings: readonly Finding[]
      readonly stats: ScanStats
      readonly reason: string
    }

/** The result of a scan that could look everywhere. */
export const scanned = (findings: readonly Finding[], stats: ScanStats): ScanResult =>
  findings.length === 0
    ? { status: 'ok', findings: [], stats, reason: null }
    : { status: 'findings', findings: findings.toSorted(byWeight), stats, reason: null }

/** The result of a scan that could not look, or not everywhere. */
export const broken = (reason: string, findings: readonly Finding[] = [], stats: ScanStats = {}): ScanResult => ({
  status: 'broken',
  findings: findings.toSorted(byWeight),
  stats,
  reason,
})

/** What a job makes of a scan: it passes when nothing at or above `failOn` was found, and a broken scan never passes. */
export const verdictOf = (result: ScanResult, failOn: Severity): 'passed' | 'failed' | 'broken' => {
  if (result.status === 'broken') return 'broken'
  return result.findings.some(({ severity }) => isAtLeast(severity, failOn)) ? 'failed' : 'passed'
}

/** Whether a severity is as bad as another, or worse. */
const isAtLeast = (severity: Severity, bound: Severity): boolean =>
  severities.indexOf(severity) <= severities.indexOf(bound)

/** How many findings there are of each severity. */
export const countBySeverity = (findings: readonly Finding[]): Readonly<Record<Severity, number>> => {
  const of = (wanted: Severity): number => findings.filter(({ severity }) => severity === wanted).length
  return { critical: of('critical'), high: of('high'), medium: of('medium'), low: of('low') }
}

/** Worst first; then by place, so that two scans of the same thing print the same. */
const byWeight = (a: Finding, b: Finding): number =>
  severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
  compareText(a.file ?? '', b.file ?? '') ||
  (a.line ?? 0) - (b.line ?? 0) ||
  compareText(a.rule, b.rule) ||
  compareText(a.commit ?? '', b.commit ?? '') ||
  compareText(a.fingerprint, b.fingerprint)

/** Order of texts by UTF-16 code units: the same on every machine, whatever its locale. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
