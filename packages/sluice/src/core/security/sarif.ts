/** Scan results as SARIF, the form that gates, code hosts and editors read. Source: OASIS SARIF 2.1.0 (errata 01, August 2023). */
import type { JsonValue } from '../pipeline/job-plan.ts'
import { compareText, type Finding, type ScanResult, type Severity } from './scan.ts'

/** Who scanned. */
export type SarifTool = { readonly name: string; readonly version: string }

const levels: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
}

/** GitHub's `security-severity` property, a CVSS-like score: the middle of each band of CVSS 3.1's qualitative scale. */
const scores: Readonly<Record<Severity, string>> = { critical: '9.5', high: '8.0', medium: '5.5', low: '2.0' }

/** A SARIF log with one run. A broken scan says so in `invocations`, with `executionSuccessful: false`, so that no reader takes it for clean. */
export const sarifOf = (tool: SarifTool, result: ScanResult): JsonValue => {
  const rules = rulesOf(result.findings)
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: tool.name, semanticVersion: tool.version, rules: rules.map(ruleOf) } },
        invocations: [
          {
            executionSuccessful: result.status !== 'broken',
            ...(result.status === 'broken'
              ? { toolExecutionNotifications: [{ level: 'error', message: { text: result.reason } }] }
              : {}),
          },
        ],
        results: result.findings.map((finding) => resultOf(finding, rules)),
        columnKind: 'utf16CodeUnits',
      },
    ],
  }
}

const rulesOf = (findings: readonly Finding[]): readonly Finding[] =>
  [...new Map(findings.map((finding) => [finding.rule, finding])).values()].toSorted((a, b) =>
    compareText(a.rule, b.rule),
  )

const ruleOf = (finding: Finding): JsonValue => ({
  id: finding.rule,
  ...(finding.help === null ? {} : { helpUri: finding.help }),
  defaultConfiguration: { level: levels[finding.severity] },
  properties: { 'security-severity': scores[finding.severity] },
})

const resultOf = (finding: Finding, rules: readonly Finding[]): JsonValue => ({
  ruleId: finding.rule,
  ruleIndex: rules.findIndex(({ rule }) => rule === finding.rule),
  level: levels[finding.severity],
  message: { text: finding.message },
  ...(finding.file === null ? {} : { locations: [locationOf(finding.file, finding)] }),
  partialFingerprints: { 'sluice/v1': finding.fingerprint },
  properties: { severity: finding.severity, ...(finding.commit === null ? {} : { commit: finding.commit }) },
})

const locationOf = (file: string, finding: Finding): JsonValue => ({
  physicalLocation: {
    artifactLocation: { uri: file.split('/').map(encodeURIComponent).join('/'), uriBaseId: 'SRCROOT' },
    ...(finding.line === null
      ? {}
      : {
          region: {
            startLine: finding.line,
            ...(finding.excerpt === null ? {} : { snippet: { text: finding.excerpt } }),
          },
        }),
  },
})
