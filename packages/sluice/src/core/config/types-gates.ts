/** What a person writes under `gates`. The first sentence of each docstring is the prose of the schema in `schema-gates.ts`. */
import type { Duration, Share } from './types.ts'

/** A number of bytes and its unit, for instance `'200kB'`, `'1.5MB'`, `'64KiB'`, `'900B'`. */
export type ByteSize = `${number}${'B' | 'kB' | 'MB' | 'KiB' | 'MiB'}`

/** What a run must show before its commit becomes a release. */
export type GatesConfig = {
  /** No test fails, and enough of them ran. */
  readonly tests?: TestsGateConfig
  /** How much of the code tests must run. */
  readonly coverage?: CoverageGateConfig
  /** Security findings that stop a release: vulnerable dependencies, flaws of the code, secrets. */
  readonly vulnerabilities?: FindingsGateConfig
  /** Findings of linters that stop a release. */
  readonly findings?: FindingsGateConfig
  /** A score of 100, less a weight for each security finding. */
  readonly securityScore?: ScoreGateConfig
  /** Bounds of numbers that benchmarks and load tests report, by name; `*` stands for any characters. */
  readonly performance?: Readonly<Record<string, PerformanceGateConfig>>
  /** Budgets for the sizes of what was built, by glob; the sizes of all files that fit are added up. */
  readonly size?: Readonly<Record<string, SizeGateConfig>>
  /** Budgets for the time of the run and its jobs. */
  readonly time?: TimeGateConfig
  /** Which licences dependencies may have. */
  readonly licences?: LicencesGateConfig
  /** How many people must have approved the commit. */
  readonly reviews?: ReviewsGateConfig
}

/** Why a gate may be missed for a while. */
export type WaiverConfig = {
  /** Why; shown with every verdict that it changes. */
  readonly reason: string
  /** The moment from which it no longer holds, ISO 8601 with a zone. */
  readonly until: string
}

/** No test fails, and enough of them ran. */
export type TestsGateConfig = {
  /** How many tests must run at least. */
  readonly minimum?: number
  /** Whether a test that passed only after a failed attempt fails the gate. */
  readonly failOnFlaky?: boolean
  /** Tests whose failures do not count until a moment, and are listed. */
  readonly quarantine?: readonly QuarantineConfig[]
  /** Lets the gate be missed until a moment. */
  readonly waive?: WaiverConfig
}

/** A test whose failure does not count for a while. */
export type QuarantineConfig = WaiverConfig & {
  /** The test as reports show it, `suite > name`, with its file or without; `*` stands for any characters. */
  readonly test: string
}

/** How much of the code tests must run. */
export type CoverageDemandConfig = {
  /** Share of the executable lines. */
  readonly lines?: Share
  /** Share of the branches. */
  readonly branches?: Share
  /** Share of the functions. */
  readonly functions?: Share
  /** Share of the executable lines that changed since the base commit. */
  readonly changedLines?: Share
}

/** How much of the code tests must run, in all and in parts. */
export type CoverageGateConfig = CoverageDemandConfig & {
  /** How many points each share may fall against the base commit. */
  readonly maxDrop?: Share
  /** Demands on parts of the code, by glob. */
  readonly paths?: Readonly<Record<string, CoverageDemandConfig>>
  /** Lets the gate be missed until a moment. */
  readonly waive?: WaiverConfig
}

/** The names of severities, from worst to mildest. */
export type SeverityConfig = 'critical' | 'high' | 'medium' | 'low' | 'info'

/** Findings that stop a release. */
export type FindingsGateConfig = {
  /** The mildest severity that counts; a finding of unknown severity always does. */
  readonly severity?: SeverityConfig
  /** How many such findings are tolerated. */
  readonly maximum?: number
  /** Whether only findings count that the base commit does not have. */
  readonly onlyNew?: boolean
  /** Findings that do not count until a moment, and are listed. */
  readonly allow?: readonly AllowedFindingConfig[]
  /** Lets the gate be missed until a moment. */
  readonly waive?: WaiverConfig
}

/** A finding that is accepted for a while. */
export type AllowedFindingConfig = WaiverConfig & {
  /** The rule or advisory, for instance CVE-2025-1234; `*` stands for any characters. */
  readonly id: string
  /** Only in this package. */
  readonly package?: string
  /** Only in files that fit this glob. */
  readonly path?: string
}

/** A score of 100, less a weight for each security finding. */
export type ScoreGateConfig = {
  /** The score that must be reached, 0 to 100. */
  readonly minimum: number
  /** What a finding costs, by its severity. */
  readonly weights?: {
    /** Points for a critical finding. */
    readonly critical?: number
    /** Points for a high finding. */
    readonly high?: number
    /** Points for a medium finding. */
    readonly medium?: number
    /** Points for a low finding. */
    readonly low?: number
  }
  /** Findings that do not count until a moment, and are listed. */
  readonly allow?: readonly AllowedFindingConfig[]
  /** Lets the gate be missed until a moment. */
  readonly waive?: WaiverConfig
}

/** Bounds of a measured number. */
export type PerformanceGateConfig = {
  /** The least that it may be, in the unit of the report. */
  readonly minimum?: number
  /** The most that it may be, in the unit of the report. */
  readonly maximum?: number
  /** How much worse than at the base commit it may be. */
  readonly maxRegression?: Share
  /** Which way is better; by default what the report says, else lower. */
  readonly better?: 'lower' | 'higher'
  /** Lets the gate be missed until a moment. */
  readonly waive?: WaiverConfig
}

/** A budget for sizes. */
export type SizeGateConfig = {
  /** The most that the files may have together. */
  readonly maximum?: ByteSize
  /** How much they may grow against the base commit. */
  readonly maxGrowth?: Share
  /** Whether compressed sizes count. */
  readonly compressed?: boolean
  /** Lets the gate be missed until a moment. */
  readonly waive?: WaiverConfig
}

/** Budgets for time. */
export type TimeGateConfig = {
  /** How long the run may take, from its start until its last job ended. */
  readonly total?: Duration
  /** How long jobs may take, by their names. */
  readonly jobs?: Readonly<Record<string, Duration>>
  /** Lets the gate be missed until a moment. */
  readonly waive?: WaiverConfig
}

/** Which licences dependencies may have. */
export type LicencesGateConfig = {
  /** SPDX ids that are allowed, all others not; `*` stands for any characters. */
  readonly allow?: readonly string[]
  /** SPDX ids that are not allowed; `*` stands for any characters. */
  readonly deny?: readonly string[]
  /** Packages that may have another licence until a moment, and are listed. */
  readonly exceptions?: readonly LicenceExceptionConfig[]
  /** Lets the gate be missed until a moment. */
  readonly waive?: WaiverConfig
}

/** A package that may have another licence for a while. */
export type LicenceExceptionConfig = WaiverConfig & {
  /** The package, `name` or `name@version`; `*` stands for any characters. */
  readonly package: string
}

/** How many people must have approved the commit. */
export type ReviewsGateConfig = {
  /** How many approvals of exactly this commit, without the author's own. */
  readonly approvals?: number
  /** Whose approvals count; empty for anybody's. */
  readonly from?: readonly string[]
  /** Lets the gate be missed until a moment. */
  readonly waive?: WaiverConfig
}
