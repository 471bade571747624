/** What the routes about the record of deliveries take and give. */
import type { ComplianceReport } from '../../core/compliance/report.ts'
import type { DoraReport } from '../../core/dora/metrics.ts'

/** A period, epoch ms: up to, not including, `to`; the last 90 days when left out. `environment`: the last of the chain, or all, when left out. */
export type PeriodInput = {
  readonly environment?: string | undefined
  readonly from?: number | undefined
  readonly to?: number | undefined
}

/** The five DORA metrics. */
export type DoraView = DoraReport

/** The compliance report. */
export type ComplianceView = ComplianceReport
