/** Evidence without the secrets that a test or a scanner printed into its report. */
import type { CollectedReport } from './collected.ts'
import type { Evidence, EvidenceContent, Finding, TestCase, TestFailure } from './types.ts'

/** What takes secrets out. Both give back what holds none. */
export type ReportMask = {
  /** Of any text that a report has. */
  readonly text: (text: string) => string
  /** Of a path; one of a file that is there is how the file is found again, and may stay. */
  readonly path: (path: string) => string
}

/** The same report, every text of it masked. Kinds, formats, digests and numbers are no texts of a report's own, and stay. */
export const maskReport = (report: CollectedReport, mask: ReportMask): CollectedReport => {
  const path = mask.path(report.path)
  switch (report.status) {
    case 'read':
      return { ...report, path, evidence: maskEvidence(report.evidence, mask) }
    case 'unreadable':
      return { ...report, path, detail: mask.text(report.detail) }
    case 'missing':
      return { ...report, path }
  }
}

const maskEvidence = ({ source, contents }: Evidence, mask: ReportMask): Evidence => ({
  source: { ...source, path: mask.path(source.path) },
  contents: contents.map((content) => ({ ...maskContent(content, mask), gaps: content.gaps.map(mask.text) })),
})

const maskContent = (content: EvidenceContent, mask: ReportMask): EvidenceContent => {
  switch (content.kind) {
    case 'tests':
      return { ...content, cases: content.cases.map((one) => maskCase(one, mask)) }
    case 'coverage':
      return { ...content, files: content.files.map((file) => ({ ...file, path: mask.path(file.path) })) }
    case 'findings':
      return {
        ...content,
        tool: mask.text(content.tool),
        findings: content.findings.map((finding) => maskFinding(finding, mask)),
      }
    case 'licences':
      return {
        ...content,
        packages: content.packages.map(({ name, version, licence }) => ({
          name: mask.text(name),
          version: orNull(version, mask.text),
          licence: orNull(licence, mask.text),
        })),
      }
    case 'sizes':
      return { ...content, files: content.files.map((file) => ({ ...file, path: mask.path(file.path) })) }
    case 'measurements':
      return {
        ...content,
        measurements: content.measurements.map((one) => ({
          ...one,
          name: mask.text(one.name),
          unit: mask.text(one.unit),
        })),
      }
    case 'attachments':
      return {
        ...content,
        attachments: content.attachments.map((one) => ({
          ...one,
          path: mask.path(one.path),
          title: mask.text(one.title),
        })),
      }
  }
}

const maskCase = (test: TestCase, mask: ReportMask): TestCase => ({
  ...test,
  id: mask.text(test.id),
  name: mask.text(test.name),
  suites: test.suites.map(mask.text),
  file: orNull(test.file, mask.path),
  failure: test.failure === null ? null : maskFailure(test.failure, mask),
  attachments: test.attachments.map(mask.path),
})

const maskFailure = (failure: TestFailure, mask: ReportMask): TestFailure => ({
  ...failure,
  message: mask.text(failure.message),
  type: orNull(failure.type, mask.text),
  detail: mask.text(failure.detail),
  expected: orNull(failure.expected, mask.text),
  actual: orNull(failure.actual, mask.text),
  file: orNull(failure.file, mask.path),
})

const maskFinding = (finding: Finding, mask: ReportMask): Finding => ({
  ...finding,
  tool: mask.text(finding.tool),
  rule: mask.text(finding.rule),
  aliases: finding.aliases.map(mask.text),
  message: mask.text(finding.message),
  file: orNull(finding.file, mask.path),
  package:
    finding.package === null
      ? null
      : {
          name: mask.text(finding.package.name),
          version: orNull(finding.package.version, mask.text),
          fixedIn: orNull(finding.package.fixedIn, mask.text),
        },
  url: orNull(finding.url, mask.text),
  fingerprint: mask.text(finding.fingerprint),
  suppressedBy: orNull(finding.suppressedBy, mask.text),
})

const orNull = (text: string | null, change: (text: string) => string): string | null =>
  text === null ? null : change(text)
