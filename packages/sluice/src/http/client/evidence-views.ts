/** Evidence of runs, and what many runs tell, as the API answers them; see `views.ts`. */
import type { Durations, FailureRate } from '../../core/evidence/insights/durations.ts'
import type { FlakyTest } from '../../core/evidence/insights/flaky.ts'
import type { EvidenceSummary } from '../../core/evidence/summary.ts'
import type { AnnotationView } from './run-views.ts'

/** What a run's reports came to, and what its jobs remarked. */
export type EvidenceView = EvidenceSummary & {
  /** At most `limits.gateDetailsMax` of `annotationsTotal`. */
  readonly annotations: readonly (Omit<AnnotationView, 'after'> & { readonly job: string })[]
  readonly annotationsTotal: number
  /** Markdown that jobs wrote about themselves. */
  readonly summaries: readonly { readonly job: string; readonly text: string }[]
  /** The commit with which coverage is compared; null for none. */
  readonly comparedWith: string | null
}

/** A file that a report of a run names; digest and size null when the file itself could not be kept. */
export type AttachmentView = {
  readonly job: string
  /** Below the job's checkout. */
  readonly path: string
  readonly mediaType: string
  /** What it is, or the id of the test that names it. */
  readonly title: string
  readonly digest: string | null
  readonly bytes: number | null
}

/** The files that reports of a run name, and why some of them could not be kept. */
export type AttachmentsView = {
  readonly attachments: readonly AttachmentView[]
  readonly gaps: readonly { readonly job: string; readonly text: string }[]
}

/** What the last runs tell. */
export type InsightsView = {
  /** How many runs were looked at. */
  readonly runs: number
  readonly flaky: readonly FlakyTest[]
  readonly slowest: readonly Durations[]
  readonly jobs: readonly Durations[]
  readonly failures: readonly FailureRate[]
}
