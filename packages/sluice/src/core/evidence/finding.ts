/** Findings as every reader makes them. */
import { limits } from '../limits.ts'
import { type ReportContext, told, toldName, toldPath, unreadable } from './told.ts'
import type { Finding, FindingContent, FindingScope, Gaps, Severity } from './types.ts'

/** What a reader knows of a finding; texts as the report has them. */
export type RawFinding = {
  readonly tool: string
  readonly rule: string
  readonly category: Finding['category']
  readonly severity: Severity
  readonly message: string
  readonly aliases?: readonly string[]
  readonly score?: number | null
  readonly file?: string | null
  readonly line?: number | null
  readonly package?: {
    readonly name: string
    readonly version?: string | null
    readonly fixedIn?: string | null
  } | null
  readonly url?: string | null
  /** The tool's own fingerprint; without it rule, place and message stand in, but not the line. */
  readonly fingerprint?: string | null
  readonly isNew?: boolean | null
  readonly suppressedBy?: string | null
}

/** A finding with its texts cleaned and its fingerprint made. */
export const finding = (raw: RawFinding, { root }: ReportContext): Finding => {
  const file = raw.file === undefined || raw.file === null || raw.file === '' ? null : toldPath(raw.file, root)
  const message = told(raw.message).trim()
  const rule = toldName(raw.rule)
  const tool = toldName(raw.tool)
  const found = raw.package ?? null
  const own =
    found === null
      ? (raw.fingerprint ?? `${file ?? ''}|${message.replaceAll(/\d+/g, '0').slice(0, limits.reportNameMax)}`)
      : `${found.name}|${file ?? ''}`
  return {
    tool,
    rule,
    aliases: [...new Set((raw.aliases ?? []).map(toldName))].filter((alias) => alias !== '' && alias !== rule),
    category: raw.category,
    severity: raw.severity,
    score: raw.score ?? null,
    message,
    file,
    line: raw.line ?? null,
    package:
      found === null
        ? null
        : { name: toldName(found.name), version: nameOrNull(found.version), fixedIn: nameOrNull(found.fixedIn) },
    url: nameOrNull(raw.url),
    fingerprint: toldName(`${tool}|${rule}|${own}`),
    isNew: raw.isNew ?? null,
    suppressedBy: raw.suppressedBy === undefined || raw.suppressedBy === null ? null : toldName(raw.suppressedBy),
  }
}

const nameOrNull = (text: string | null | undefined): string | null =>
  text === null || text === undefined || text === '' ? null : toldName(text)

/** What a report of findings comes to. */
export const findingContent = (
  parts: {
    readonly tool: string
    readonly findings: readonly Finding[]
    readonly gaps: Gaps
    /** Of a report that can tell of more than security. */
    readonly covers?: readonly FindingScope[]
  },
  context: ReportContext,
): FindingContent => {
  if (parts.findings.length > limits.reportEntriesMax)
    throw unreadable(context, `more than ${limits.reportEntriesMax} findings`)
  return {
    kind: 'findings',
    tool: toldName(parts.tool),
    covers: parts.covers ?? ['security'],
    findings: parts.findings,
    gaps: parts.gaps.slice(0, limits.reportGapsMax),
  }
}
