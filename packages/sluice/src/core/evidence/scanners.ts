/** Reads the JSON of vulnerability scanners: OSV-Scanner (v1 and v2), Trivy (schema 2), and GitLab's reports of security and code quality. */
import { finding, findingContent } from './finding.ts'
import {
  type JsonObject,
  largestOf,
  lineOf,
  listAt,
  listOf,
  numberOf,
  objectAt,
  objectOf,
  optionalListAt,
  parseJson,
  textOf,
  textsOf,
} from './json.ts'
import { cvssScore, severityOfScore, severityOfWord } from './severity.ts'
import { type ReportContext, toldName, unreadable } from './told.ts'
import type { Finding, FindingContent, LicenceContent, PackageLicence, Severity } from './types.ts'

/** The vulnerabilities of an OSV-Scanner report; it lists vulnerable packages only, so an empty list is a good answer. */
export const readOsv = (text: string, context: ReportContext): FindingContent => {
  const report = objectAt(parseJson(text, context), context, '')
  // Null is what it writes for none.
  const results = report['results'] === null ? [] : listAt(report['results'], context, 'results')
  const findings = results.flatMap((value, index) => {
    const result = objectAt(value, context, `results[${index}]`)
    const file = textOf(objectOf(result['source'])['path'])
    return optionalListAt(result['packages'], context, `results[${index}].packages`).flatMap((one, place) =>
      osvPackage(objectAt(one, context, `results[${index}].packages[${place}]`), {
        file,
        context,
        at: `results[${index}].packages[${place}]`,
      }),
    )
  })
  return findingContent({ tool: 'OSV-Scanner', findings, gaps: [] }, context)
}

type Place = { readonly file: string | null; readonly context: ReportContext; readonly at: string }

const osvPackage = (found: JsonObject, { file, context, at }: Place): readonly Finding[] => {
  const { name, version } = objectOf(found['package'])
  const groups = listOf(found['groups']).map(objectOf)
  return optionalListAt(found['vulnerabilities'], context, `${at}.vulnerabilities`).map((value, index) => {
    const vulnerability = objectAt(value, context, `${at}.vulnerabilities[${index}]`)
    const id = textOf(vulnerability['id']) ?? 'unnamed'
    const group = groups.find(({ ids }) => textsOf(ids).includes(id)) ?? {}
    const { severity, score } = osvSeverity(vulnerability, group)
    return finding(
      {
        tool: 'OSV-Scanner',
        rule: id,
        aliases: [...textsOf(vulnerability['aliases']), ...textsOf(group['aliases'])],
        category: 'vulnerability',
        severity,
        score,
        message: textOf(vulnerability['summary']) ?? textOf(vulnerability['details']) ?? 'no summary',
        file,
        package: {
          name: textOf(name) ?? 'unnamed',
          version: textOf(version),
          fixedIn: osvFixed(vulnerability, textOf(name)),
        },
      },
      context,
    )
  })
}

const osvSeverity = (
  vulnerability: JsonObject,
  group: JsonObject,
): { readonly severity: Severity; readonly score: number | null } => {
  const most = Number(textOf(group['max_severity']) ?? Number.NaN)
  const scores = listOf(vulnerability['severity']).flatMap(
    (one) => cvssScore(textOf(objectOf(one)['score']) ?? '') ?? [],
  )
  const score = Number.isFinite(most) ? most : largestOf(scores)
  const word = severityOfWord(textOf(objectOf(vulnerability['database_specific'])['severity']))
  return { severity: score === null ? word : severityOfScore(score), score }
}

const osvFixed = (vulnerability: JsonObject, name: string | null): string | null => {
  const affected = listOf(vulnerability['affected'])
    .map(objectOf)
    .filter((one) => objectOf(one['package'])['name'] === name)
  const events = affected.flatMap(({ ranges }) => listOf(ranges).flatMap((range) => listOf(objectOf(range)['events'])))
  return events.map((event) => textOf(objectOf(event)['fixed'])).findLast((fixed) => fixed !== null) ?? null
}

/** What Trivy found: vulnerabilities, misconfigurations, secrets (never their text), licences. Without any result it scanned nothing. */
export const readTrivy = (text: string, context: ReportContext): readonly (FindingContent | LicenceContent)[] => {
  const report = objectAt(parseJson(text, context), context, '')
  if (report['SchemaVersion'] !== 2)
    throw unreadable(context, `expected SchemaVersion 2, found ${JSON.stringify(report['SchemaVersion'] ?? null)}`)
  const results = optionalListAt(report['Results'], context, 'Results').map((value, index) =>
    objectAt(value, context, `Results[${index}]`),
  )
  const findings = results.flatMap((result, index) => trivyResult(result, `Results[${index}]`, context))
  const gaps = results.length === 0 ? ['Trivy found nothing that it could scan'] : []
  const packages = results
    .flatMap((result) => listOf(result['Licenses']).map(objectOf))
    .map((one): PackageLicence => ({
      name: toldName(textOf(one['PkgName']) ?? textOf(one['FilePath']) ?? 'unnamed'),
      version: null,
      licence: textOf(one['Name']),
    }))
  return [
    findingContent({ tool: 'Trivy', findings, gaps }, context),
    ...(packages.length === 0 ? [] : [{ kind: 'licences', packages, gaps } as const]),
  ]
}

const trivyResult = (result: JsonObject, at: string, context: ReportContext): readonly Finding[] => {
  const file = textOf(result['Target'])
  const each = (key: string, make: (one: JsonObject) => Finding): readonly Finding[] =>
    optionalListAt(result[key], context, `${at}.${key}`).map((value, index) =>
      make(objectAt(value, context, `${at}.${key}[${index}]`)),
    )
  const common = (
    one: JsonObject,
  ): {
    readonly tool: string
    readonly severity: Severity
    readonly file: string | null
    readonly url: string | null
  } => ({
    tool: 'Trivy',
    severity: severityOfWord(textOf(one['Severity'])),
    file,
    url: textOf(one['PrimaryURL']),
  })
  return [
    ...each('Vulnerabilities', (one) =>
      finding(
        {
          ...common(one),
          rule: textOf(one['VulnerabilityID']) ?? 'unnamed',
          aliases: [...textsOf(one['CweIDs']), ...textsOf(one['VendorIDs'])],
          category: 'vulnerability',
          score: trivyScore(one),
          message: textOf(one['Title']) ?? textOf(one['Description']) ?? 'no title',
          package: {
            name: textOf(one['PkgName']) ?? 'unnamed',
            version: textOf(one['InstalledVersion']),
            fixedIn: textOf(one['FixedVersion']),
          },
        },
        context,
      ),
    ),
    ...each(
      'Misconfigurations',
      (one) =>
        finding(
          {
            ...common(one),
            rule: textOf(one['ID']) ?? 'unnamed',
            aliases: textsOf([one['AVDID']]),
            category: 'security',
            message: textOf(one['Message']) ?? textOf(one['Title']) ?? 'no message',
            line: lineOf(objectOf(one['CauseMetadata'])['StartLine']),
          },
          context,
        ),
      // Trivy lists what passed as well when it is asked to.
    ).filter((_, index) => objectOf(listOf(result['Misconfigurations'])[index])['Status'] !== 'PASS'),
    ...each('Secrets', (one) =>
      finding(
        {
          ...common(one),
          rule: textOf(one['RuleID']) ?? 'unnamed',
          category: 'secret',
          message: textOf(one['Title']) ?? 'a secret',
          line: lineOf(one['StartLine']),
        },
        context,
      ),
    ),
  ]
}

const trivyScore = (one: JsonObject): number | null => {
  const scores = Object.values(objectOf(one['CVSS'])).flatMap(
    (source) => numberOf(objectOf(source)['V3Score']) ?? numberOf(objectOf(source)['V40Score']) ?? [],
  )
  return largestOf(scores)
}

/** The findings of a GitLab security report (security-report-schemas 15): SAST, secrets, dependencies, containers. One whose scan failed is a gap. */
export const readGitlabSecurity = (text: string, context: ReportContext): FindingContent => {
  const report = objectAt(parseJson(text, context), context, '')
  const scan = objectOf(report['scan'])
  const tool = textOf(objectOf(scan['scanner'])['name']) ?? textOf(scan['type']) ?? 'GitLab scanner'
  const vulnerabilities = listAt(report['vulnerabilities'], context, 'vulnerabilities')
  const findings = vulnerabilities.map((value, index) => {
    const one = objectAt(value, context, `vulnerabilities[${index}]`)
    const location = objectOf(one['location'])
    const dependency = objectOf(location['dependency'])
    const name = textOf(objectOf(dependency['package'])['name'])
    const identifiers = listOf(one['identifiers']).flatMap((identifier) => textOf(objectOf(identifier)['value']) ?? [])
    return finding(
      {
        tool,
        rule: identifiers[0] ?? textOf(one['id']) ?? 'unnamed',
        aliases: identifiers,
        category: name !== null ? 'vulnerability' : scan['type'] === 'secret_detection' ? 'secret' : 'security',
        severity: severityOfWord(textOf(one['severity'])),
        message: textOf(one['name']) ?? textOf(one['message']) ?? textOf(one['description']) ?? 'no name',
        file: textOf(location['file']),
        line: lineOf(location['start_line']),
        package: name === null ? null : { name, version: textOf(dependency['version']) },
        url: textOf(objectOf(listOf(one['links'])[0])['url']),
      },
      context,
    )
  })
  return findingContent(
    { tool, findings, gaps: scan['status'] === 'failure' ? [`${tool} says that its scan failed`] : [] },
    context,
  )
}

/** The findings of a Code Climate report, as GitLab's code quality takes it. */
export const readCodeQuality = (text: string, context: ReportContext): FindingContent => {
  const issues = listAt(parseJson(text, context), context, '')
  const findings = issues.map((value, index) => {
    const issue = objectAt(value, context, `[${index}]`)
    const location = objectOf(issue['location'])
    return finding(
      {
        tool: textOf(issue['engine_name']) ?? 'code quality',
        rule: textOf(issue['check_name']) ?? 'unnamed',
        category: textsOf(issue['categories']).includes('Security') ? 'security' : 'quality',
        severity: severityOfWord(textOf(issue['severity'])),
        message: textOf(issue['description']) ?? 'no description',
        file: textOf(location['path']),
        line:
          lineOf(objectOf(location['lines'])['begin']) ??
          lineOf(objectOf(objectOf(location['positions'])['begin'])['line']),
        fingerprint: textOf(issue['fingerprint']),
      },
      context,
    )
  })
  const isMixed = findings.some(({ category }) => category === 'security')
  const covers = isMixed ? (['quality', 'security'] as const) : (['quality'] as const)
  return findingContent({ tool: 'code quality', findings, gaps: [], covers }, context)
}
