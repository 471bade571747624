/**
 * Reads SARIF 2.1.0 (OASIS, errata 01, August 2023) as ESLint, CodeQL, Semgrep and Trivy write it. Severity is the rule's `security-severity` where there is one
 * (GitHub's convention), the level otherwise. A run that says that it failed, or has no results at all, is a gap.
 */
import { finding, findingContent } from './finding.ts'
import {
  isObject,
  type JsonObject,
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
import { severityOfScore, severityOfWord } from './severity.ts'
import { decoded, type ReportContext, toldName, unreadable } from './told.ts'
import type { Finding, FindingContent, FindingScope, Severity } from './types.ts'

type Run = {
  readonly tool: string
  readonly run: JsonObject
  readonly at: string
  readonly context: ReportContext
  readonly rules: Rules
}

type Rules = {
  readonly all: readonly JsonObject[]
  readonly byId: ReadonlyMap<string, JsonObject>
  readonly byIndex: (component: number | null, index: number) => JsonObject | null
}

/** The findings of a SARIF text. `evidence_unreadable` names the place. */
export const readSarif = (text: string, context: ReportContext): FindingContent => {
  const log = objectAt(parseJson(text, context), context, '')
  if (log['version'] !== '2.1.0')
    throw unreadable(context, `expected SARIF version 2.1.0, found ${JSON.stringify(log['version'] ?? null)}`, {
      at: 'version',
    })
  const runs = listAt(log['runs'], context, 'runs').map((value, index) => runOf(value, `runs[${index}]`, context))
  const gaps = runs.length === 0 ? ['the report holds no run, so no tool ran'] : runs.flatMap(gapsOf)
  const tool = [...new Set(runs.map((run) => run.tool))].join(', ')
  const covers = [...new Set(runs.flatMap(coveredBy))]
  const findings = runs.flatMap(findingsOf)
  return findingContent({ tool: tool === '' ? 'SARIF' : tool, findings, gaps, covers }, context)
}

/** Linters whose reports list no rule, or only those that were broken: what they are known for. */
const linters =
  /^(?:biome|checkstyle|clippy|detekt|eslint|flake8|golangci-lint|ktlint|markdownlint|oxlint|pmd|prettier|pylint|rubocop|ruff|shellcheck|standard|stylelint|swiftlint|tslint|yamllint)\b/i

/**
 * What a tool looked for: by its rules and findings, where any of them is about security; else by what it is known for; else by whether it names rules, none of which is. A
 * report without rules, of a tool that nobody knows, may be of either kind: a scanner that found nothing often writes just that.
 */
const coveredBy = (whole: Run): readonly FindingScope[] => {
  const categories = [
    ...whole.rules.all.map((rule) => categoryOf(tagsOf(rule), scoreOf(rule))),
    ...findingsOf(whole).map(({ category }) => category),
  ]
  if (categories.some((category) => category !== 'quality')) return ['security', 'quality']
  return linters.test(whole.tool) || categories.length > 0 ? ['quality'] : ['security', 'quality']
}

const tagsOf = ({ properties }: JsonObject): readonly string[] => textsOf(objectOf(properties)['tags'])

const runOf = (value: unknown, at: string, context: ReportContext): Run => {
  const run = objectAt(value, context, at)
  const tool = objectAt(run['tool'], context, `${at}.tool`)
  const driver = objectAt(tool['driver'], context, `${at}.tool.driver`)
  const extensions = listOf(tool['extensions']).map(objectOf)
  const rulesOf = (component: JsonObject): readonly JsonObject[] => listOf(component['rules']).map(objectOf)
  const all = [...extensions, driver].flatMap(rulesOf)
  return {
    tool: toldName(textOf(driver['name']) ?? 'unnamed tool'),
    run,
    at,
    context,
    rules: {
      all,
      byId: new Map(all.flatMap((rule) => (typeof rule['id'] === 'string' ? [[rule['id'], rule] as const] : []))),
      byIndex: (component, index) =>
        rulesOf(component === null ? driver : (extensions[component] ?? {}))[index] ?? null,
    },
  }
}

const gapsOf = ({ run, tool, at, context }: Run): readonly string[] => {
  const invocations = listOf(run['invocations']).map(objectOf)
  const failed = invocations.filter((invocation) => invocation['executionSuccessful'] === false)
  const said = failed.flatMap((invocation) => [
    ...textsOf([invocation['exitCodeDescription']]),
    ...listOf(invocation['toolExecutionNotifications']).flatMap(
      (one) => textOf(objectOf(objectOf(one)['message'])['text']) ?? [],
    ),
  ])
  const results = run['results']
  if (results !== undefined && results !== null) listAt(results, context, `${at}.results`)
  return [
    ...(failed.length === 0
      ? []
      : [`${tool} says that it failed${said[0] === undefined ? '' : `: ${toldName(said[0])}`}`]),
    // Section 3.14.23: an empty list is "found nothing"; null or none is "did not look".
    ...(results === undefined || results === null ? [`${tool} gives no results, not even an empty list`] : []),
    ...(isObject(run['externalPropertyFileReferences']) &&
    run['externalPropertyFileReferences']['results'] !== undefined
      ? [`${tool} keeps results in other files`]
      : []),
  ]
}

const findingsOf = (whole: Run): readonly Finding[] =>
  optionalListAt(whole.run['results'], whole.context, `${whole.at}.results`).flatMap((value, index) => {
    const result = objectAt(value, whole.context, `${whole.at}.results[${index}]`)
    return isFinding(result) ? [findingOf(result, whole)] : []
  })

/** Not what passed, was not applicable, or is gone since the baseline (sections 3.27.9 and 3.27.24). */
const isFinding = ({ kind, baselineState }: JsonObject): boolean =>
  kind !== 'pass' && kind !== 'notApplicable' && baselineState !== 'absent'

const findingOf = (result: JsonObject, { tool, run, context, rules }: Run): Finding => {
  const reference = objectOf(result['rule'])
  const index = numberOf(result['ruleIndex']) ?? numberOf(reference['index'])
  const component = numberOf(objectOf(reference['toolComponent'])['index'])
  const id = textOf(result['ruleId']) ?? textOf(reference['id'])
  // An id may go deeper than its rule: `CA1000/1`.
  const known =
    id === null ? null : (rules.byId.get(id) ?? rules.byId.get(id.slice(0, Math.max(0, id.lastIndexOf('/')))))
  const rule = (index === null || index < 0 ? null : rules.byIndex(component, index)) ?? known ?? {}
  const tags = [...tagsOf(rule), ...tagsOf(result)]
  const { severity, score } = severityOf(result, rule)
  const location = objectOf(objectOf(listOf(result['locations'])[0])['physicalLocation'])
  const region = objectOf(location['region'])
  return finding(
    {
      tool,
      rule: id ?? textOf(rule['id']) ?? 'unnamed rule',
      aliases: tags.flatMap((tag) => /^(?:external\/cwe\/)?(cwe-\d+)/i.exec(tag)?.[1]?.toUpperCase() ?? []),
      category: categoryOf(tags, score),
      severity,
      score,
      message: messageOf(result, rule),
      file: fileOf(objectOf(location['artifactLocation']), run),
      line: lineOf(region['startLine']),
      url: textOf(rule['helpUri']),
      fingerprint: fingerprintOf(result, fileOf(objectOf(location['artifactLocation']), run)),
      isNew: result['baselineState'] === undefined ? null : result['baselineState'] === 'new',
      suppressedBy: suppressionOf(result),
    },
    context,
  )
}

const severityOf = (
  result: JsonObject,
  rule: JsonObject,
): { readonly severity: Severity; readonly score: number | null } => {
  const score = scoreOf(objectOf(result['properties'])['security-severity'] === undefined ? rule : result)
  if (score !== null) return { severity: severityOfScore(score), score }
  // Section 3.27.10: a result of another kind than `fail` has no level; without one it is the rule's, and without that a warning.
  if (result['kind'] !== undefined && result['kind'] !== 'fail') return { severity: 'info', score: null }
  const level = textOf(result['level']) ?? textOf(objectOf(rule['defaultConfiguration'])['level']) ?? 'warning'
  return { severity: severityOfWord(level), score: null }
}

/** GitHub's `security-severity` of a rule or result, 0 to 10. */
const scoreOf = ({ properties }: JsonObject): number | null => {
  const told = objectOf(properties)['security-severity']
  const score = typeof told === 'string' && told.trim() !== '' ? Number(told) : numberOf(told)
  return score !== null && Number.isFinite(score) && score >= 0 && score <= 10 ? score : null
}

const categoryOf = (tags: readonly string[], score: number | null): Finding['category'] => {
  const words = new Set(tags.map((tag) => tag.toLowerCase()))
  if (words.has('vulnerability')) return 'vulnerability'
  if (words.has('secret')) return 'secret'
  return score !== null || words.has('security') ? 'security' : 'quality'
}

const messageOf = (result: JsonObject, rule: JsonObject): string => {
  const message = objectOf(result['message'])
  const id = textOf(message['id'])
  const template =
    textOf(message['text']) ??
    textOf(message['markdown']) ??
    (id === null ? null : textOf(objectOf(objectOf(rule['messageStrings'])[id])['text']))
  const parts = textsOf(message['arguments'])
  const filled = template?.replaceAll(/\{(\d{1,3})\}/g, (whole, index) => parts[Number(index)] ?? whole)
  return filled ?? textOf(objectOf(rule['shortDescription'])['text']) ?? 'no message'
}

const fileOf = (location: JsonObject, run: JsonObject): string | null => {
  const index = numberOf(location['index'])
  const known = index === null || index < 0 ? {} : objectOf(objectOf(listOf(run['artifacts'])[index])['location'])
  const uri = textOf(location['uri']) ?? textOf(known['uri'])
  if (uri === null) return null
  const base = textOf(location['uriBaseId']) ?? textOf(known['uriBaseId'])
  const folder = base === null ? null : textOf(objectOf(objectOf(run['originalUriBaseIds'])[base])['uri'])
  const whole =
    folder !== null && folder.startsWith('file:') && !/^[a-z][a-z0-9+.-]*:/i.test(uri)
      ? `${folder.replace(/\/?$/, '/')}${uri}`
      : uri
  return whole.startsWith('file:') ? whole : decoded(whole)
}

/** A whole fingerprint identifies by itself; a partial one only together with the file. */
const fingerprintOf = (result: JsonObject, file: string | null): string | null => {
  const first = (value: unknown): string | null => {
    const [entry] = Object.entries(objectOf(value)).toSorted(([a], [b]) => (a < b ? -1 : 1))
    return entry === undefined || typeof entry[1] !== 'string' ? null : `${entry[0]}=${entry[1]}`
  }
  const whole = first(result['fingerprints'])
  // Semgrep writes this in place of one for whoever is not logged in.
  if (whole !== null && !whole.endsWith('=requires login')) return whole
  const partial = first(result['partialFingerprints'])
  return partial === null ? null : `${file ?? ''}|${partial}`
}

/** Section 3.35: one that is rejected or under review does not suppress. */
const suppressionOf = (result: JsonObject): string | null => {
  const accepted = listOf(result['suppressions'])
    .map(objectOf)
    .find(({ status }) => status === undefined || status === 'accepted')
  return accepted === undefined
    ? null
    : (textOf(accepted['justification']) ?? `suppressed ${textOf(accepted['kind']) ?? ''}`.trim())
}
