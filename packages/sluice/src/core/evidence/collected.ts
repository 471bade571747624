/** What came of a job's declared reports: what was read, and what was not. */
import {
  type Attachment,
  type Evidence,
  type EvidenceContent,
  type EvidenceKind,
  isReportFormat,
  kindsOfFormat,
} from './types.ts'

/** One file that a job declared as a report. `missing`: nothing at that path or glob. */
export type CollectedReport =
  | { readonly status: 'read'; readonly format: string; readonly path: string; readonly evidence: Evidence }
  | { readonly status: 'unreadable'; readonly format: string; readonly path: string; readonly detail: string }
  | { readonly status: 'missing'; readonly format: string; readonly path: string }

/** Everything of one kind that was read. */
export const contentsOf = <Kind extends EvidenceKind>(
  reports: readonly CollectedReport[],
  kind: Kind,
): readonly Extract<EvidenceContent, { readonly kind: Kind }>[] =>
  reports
    .flatMap((report) => (report.status === 'read' ? report.evidence.contents : []))
    .filter((content): content is Extract<EvidenceContent, { readonly kind: Kind }> => content.kind === kind)

/** Reasons why evidence of a kind does not tell the whole: reports that are missing or unreadable, and gaps of those that were read. */
export const troublesOf = (reports: readonly CollectedReport[], kind: EvidenceKind): readonly string[] =>
  reports.flatMap((report) => {
    if (report.status === 'read') {
      const { path } = report.evidence.source
      return report.evidence.contents
        .filter((content) => content.kind === kind)
        .flatMap(({ gaps }) => gaps.map((gap) => `${path}: ${gap}`))
    }
    if (!canGive(report.format, kind)) return []
    return [report.status === 'missing' ? `there is no report at ${report.path}` : report.detail]
  })

/** Sources of evidence of a kind; what a verdict's digest is taken over. */
export const sourcesOf = (reports: readonly CollectedReport[], kind: EvidenceKind): readonly Evidence['source'][] =>
  reports.flatMap((report) =>
    report.status === 'read' && report.evidence.contents.some((content) => content.kind === kind)
      ? [report.evidence.source]
      : [],
  )

/** The files to look at that reports name, those that were kept and those that were not. */
export const attachmentsOf = (reports: readonly CollectedReport[]): readonly Attachment[] =>
  contentsOf(reports, 'attachments').flatMap(({ attachments }) => attachments)

/** Of `auto`, and of a form that nobody knows, nobody knows what it would have told. */
const canGive = (format: string, kind: EvidenceKind): boolean =>
  !isReportFormat(format) || kindsOfFormat(format).includes(kind)
