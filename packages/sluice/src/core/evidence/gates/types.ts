/** Gates: what a run must show before its commit becomes a release. Settings in, evidence in, verdicts out; all of it plain data for run, release and ledger. */
import type { Digest } from '../../model.ts'
import type { CoverageMetric, Severity } from '../types.ts'

/** A reason to let something pass that a gate would stop, until a moment (epoch ms). Without an end it would be a change of the gate. */
export type Waiver = { readonly reason: string; readonly until: number }

/** A test whose failure is known and being worked on. */
export type QuarantinedTest = Waiver & {
  /** The test's id, or its end (`suite > name`); `*` stands for any characters. */
  readonly test: string
}

/** A finding that is accepted. */
export type AllowedFinding = Waiver & {
  /** Rule, advisory or alias: `CVE-2025-1234`; `*` stands for any characters. */
  readonly id: string
  /** Only in this package, or below this path (a glob); null for anywhere. */
  readonly package: string | null
  readonly path: string | null
}

/** A package whose licence is accepted though the policy does not. */
export type LicenceException = Waiver & {
  /** `name` or `name@version`; `*` stands for any characters. */
  readonly package: string
}

/** How much must be covered, each in basis points; null for no demand. */
export type CoverageDemand = {
  readonly linesBp: number | null
  readonly branchesBp: number | null
  readonly functionsBp: number | null
  /** Of the executable lines that the commits since the base changed. */
  readonly changedLinesBp: number | null
}

/** The gates of a pipeline; null for one that is not wanted. */
export type GateSettings = {
  readonly tests: TestsGate | null
  readonly coverage: CoverageGate | null
  readonly vulnerabilities: FindingsGate | null
  readonly findings: FindingsGate | null
  readonly securityScore: ScoreGate | null
  readonly performance: readonly PerformanceGate[]
  readonly size: readonly SizeGate[]
  readonly time: TimeGate | null
  readonly licences: LicencesGate | null
  readonly reviews: ReviewsGate | null
}

/** No test fails, and enough of them ran. */
export type TestsGate = {
  readonly minimum: number
  /** Tests that only passed after a failed attempt fail the gate, too. */
  readonly failOnFlaky: boolean
  readonly quarantine: readonly QuarantinedTest[]
  readonly waiver: Waiver | null
}

/** Enough of the code is run by tests. */
export type CoverageGate = CoverageDemand & {
  /** How far each ratio may fall against the base commit, basis points; null for any. */
  readonly maxDropBp: number | null
  /** The same demands for parts of the code, by glob. */
  readonly paths: readonly (CoverageDemand & { readonly glob: string })[]
  readonly waiver: Waiver | null
}

/** No more findings of a severity than tolerated. */
export type FindingsGate = {
  /** The mildest that counts. */
  readonly severity: Severity
  readonly maximum: number
  /** Only those that the base commit has not. */
  readonly onlyNew: boolean
  readonly allow: readonly AllowedFinding[]
  readonly waiver: Waiver | null
}

/** The score made of security findings: 100, less a weight for each. */
export type ScoreGate = {
  readonly minimum: number
  readonly weights: Readonly<Record<'critical' | 'high' | 'medium' | 'low', number>>
  readonly allow: readonly AllowedFinding[]
  readonly waiver: Waiver | null
}

/** A number of a benchmark or load test stays within bounds. */
export type PerformanceGate = {
  /** Name of the measurement; `*` stands for any characters. */
  readonly name: string
  readonly minimum: number | null
  readonly maximum: number | null
  /** How much worse than at the base commit it may be, basis points. */
  readonly maxRegressionBp: number | null
  /** Null: what the report says, else lower. */
  readonly better: 'lower' | 'higher' | null
  readonly waiver: Waiver | null
}

/** What was built stays small enough. */
export type SizeGate = {
  /** Files whose sizes are added up. */
  readonly glob: string
  readonly maximumBytes: number | null
  /** How much it may grow against the base commit, basis points. */
  readonly maxGrowthBp: number | null
  readonly compressed: boolean
  readonly waiver: Waiver | null
}

/** The pipeline stays fast enough. */
export type TimeGate = {
  /** From the run's start until its last job ended. */
  readonly totalMs: number | null
  readonly jobs: Readonly<Record<string, number>>
  readonly waiver: Waiver | null
}

/** Dependencies have licences that are allowed. */
export type LicencesGate = {
  /** SPDX ids, `*` stands for any characters; empty: any that is not denied. */
  readonly allow: readonly string[]
  readonly deny: readonly string[]
  readonly exceptions: readonly LicenceException[]
  readonly waiver: Waiver | null
}

/** People have looked at the commit. */
export type ReviewsGate = {
  readonly approvals: number
  /** Who may approve; empty: anybody but the author. */
  readonly from: readonly string[]
  readonly waiver: Waiver | null
}

/** One review of a change, as the source host or Sluice itself has it. The newest of each person counts. */
export type ReviewRecord = {
  readonly by: string
  readonly verdict: 'approved' | 'changes_requested' | 'commented' | 'dismissed'
  /** The commit that was looked at. */
  readonly commit: string
  readonly at: number
}

/** The kinds of gates. */
export type GateKind = keyof GateSettings

/**
 * What a gate says. `pass`: met, without any excuse. `waived`: not met, but for excuses that still hold. `fail`: not met. `broken`: nobody can tell, because evidence
 * is missing, unreadable, or does not tell the whole; never good.
 */
export type GateStatus = 'pass' | 'fail' | 'broken' | 'waived'

/** A gate's verdict, with everything that it rests on. */
export type GateVerdict = {
  /** `tests`, `coverage.lines`, `coverage.changedLines src/core/**`, `size dist/*.js`; unique in a run. */
  readonly gate: string
  /** `all`: judging them failed as a whole. */
  readonly kind: GateKind | 'all'
  readonly status: GateStatus
  /** What it says, with its numbers; one sentence. */
  readonly sentence: string
  /** What was measured, and its bound, both in `unit`; null where nothing was. */
  readonly measured: number | null
  readonly threshold: number | null
  readonly bound: 'at_least' | 'at_most' | null
  readonly unit: GateUnit
  /** The same at the base commit; null without one. */
  readonly base: number | null
  /** What speaks against it or was excused: at most `limits.gateDetailsMax` of `detailsTotal`. */
  readonly details: readonly GateDetail[]
  readonly detailsTotal: number
  /** SHA-256 over the digests of all reports that it looked at, in their order; null when there was none. */
  readonly evidence: Digest | null
  /** The reports, by their paths; at most `limits.gateDetailsMax`. */
  readonly reports: readonly string[]
}

/** What a verdict's numbers count. Shares are percent (0–100), sizes bytes, times milliseconds; `value`: in the measurement's own unit. */
export type GateUnit = 'tests' | 'percent' | 'findings' | 'points' | 'value' | 'bytes' | 'ms' | 'packages' | 'reviews'

/** One thing that a verdict lists. `excusedBy`: the reason why it does not count; null when it does. */
export type GateDetail = {
  readonly text: string
  readonly file: string | null
  readonly line: number | null
  readonly excusedBy: string | null
}

/** Metrics that a coverage gate can demand, with the name of their setting. */
export const coverageDemands: readonly (readonly [CoverageMetric, 'linesBp' | 'branchesBp' | 'functionsBp'])[] = [
  ['lines', 'linesBp'],
  ['branches', 'branchesBp'],
  ['functions', 'functionsBp'],
]
