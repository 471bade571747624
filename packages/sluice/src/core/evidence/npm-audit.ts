/** Reads `npm audit --json`: report version 2 (npm 7 and later) and 1 (npm 6, pnpm). What npm prints when it could not ask is an error, not a clean bill. */
import { finding, findingContent } from './finding.ts'
import {
  isObject,
  type JsonObject,
  listAt,
  listOf,
  numberOf,
  objectAt,
  objectOf,
  parseJson,
  textOf,
  textsOf,
} from './json.ts'
import { severityOfWord } from './severity.ts'
import { type ReportContext, toldName, unreadable } from './told.ts'
import type { Finding, FindingContent } from './types.ts'

/** The vulnerabilities of an audit. `evidence_unreadable` when npm says that it failed. */
export const readNpmAudit = (text: string, context: ReportContext): FindingContent => {
  const audit = objectAt(parseJson(text, context), context, '')
  if (audit['error'] !== undefined) {
    const error = objectOf(audit['error'])
    throw unreadable(
      context,
      `npm audit failed: ${toldName(textOf(error['summary']) ?? textOf(error['code']) ?? textOf(audit['message']) ?? 'no reason given')}`,
    )
  }
  const isOld = audit['advisories'] !== undefined
  if (!isOld && audit['auditReportVersion'] !== 2)
    throw unreadable(
      context,
      `expected auditReportVersion 2, found ${JSON.stringify(audit['auditReportVersion'] ?? null)}`,
    )
  const findings = isOld ? oldFindings(audit, context) : newFindings(audit, context)
  const total = numberOf(objectOf(objectOf(audit['metadata'])['vulnerabilities'])['total']) ?? 0
  const gaps =
    total > 0 && findings.length === 0 ? [`npm counts ${total} vulnerable packages, and tells of no advisory`] : []
  return findingContent({ tool: 'npm audit', findings, gaps }, context)
}

const newFindings = (audit: JsonObject, context: ReportContext): readonly Finding[] => {
  const byKey = new Map<string, Finding>()
  for (const [name, value] of Object.entries(objectAt(audit['vulnerabilities'], context, 'vulnerabilities'))) {
    const at = `vulnerabilities.${name}`
    const entry = objectAt(value, context, at)
    // A text in `via` is a package that hands its own advisory down; that one has an entry itself.
    for (const advisory of listAt(entry['via'], context, `${at}.via`).filter(isObject)) {
      const one = newFinding(advisory, entry, { name: textOf(advisory['name']) ?? name, context })
      byKey.set(one.fingerprint, one)
    }
  }
  return [...byKey.values()]
}

const newFinding = (
  advisory: JsonObject,
  entry: JsonObject,
  { name, context }: { readonly name: string; readonly context: ReportContext },
): Finding => {
  const url = textOf(advisory['url'])
  const score = numberOf(objectOf(advisory['cvss'])['score'])
  const fix = entry['fixAvailable']
  return finding(
    {
      tool: 'npm audit',
      rule: advisoryId(url) ?? `npm:${String(numberOf(advisory['source']) ?? 'unnamed')}`,
      aliases: textsOf(advisory['cwe']),
      category: 'vulnerability',
      severity: severityOfWord(textOf(advisory['severity']) ?? textOf(entry['severity'])),
      // npm writes 0 for "has none".
      score: score === 0 ? null : score,
      message: `${textOf(advisory['title']) ?? 'no title'} (${name} ${textOf(advisory['range']) ?? textOf(entry['range']) ?? ''})`,
      package: {
        name,
        version: null,
        fixedIn: isObject(fix) ? `${textOf(fix['name']) ?? ''}@${textOf(fix['version']) ?? ''}` : null,
      },
      url,
    },
    context,
  )
}

const oldFindings = (audit: JsonObject, context: ReportContext): readonly Finding[] =>
  Object.entries(objectAt(audit['advisories'], context, 'advisories')).map(([id, value]) => {
    const advisory = objectAt(value, context, `advisories.${id}`)
    const url = textOf(advisory['url'])
    const cwe = advisory['cwe']
    return finding(
      {
        tool: 'npm audit',
        rule: textOf(advisory['github_advisory_id']) ?? advisoryId(url) ?? `npm:${id}`,
        aliases: [...textsOf(advisory['cves']), ...(typeof cwe === 'string' ? [cwe] : textsOf(cwe))],
        category: 'vulnerability',
        severity: severityOfWord(textOf(advisory['severity'])),
        score: numberOf(objectOf(advisory['cvss'])['score']),
        message: textOf(advisory['title']) ?? 'no title',
        package: {
          name: textOf(advisory['module_name']) ?? 'unnamed',
          version: textOf(objectOf(listOf(advisory['findings'])[0])['version']),
          fixedIn: textOf(advisory['patched_versions']),
        },
        url,
      },
      context,
    )
  })

const advisoryId = (url: string | null): string | null => /\b(GHSA(?:-[0-9a-z]{4}){3})\b/i.exec(url ?? '')?.[1] ?? null
