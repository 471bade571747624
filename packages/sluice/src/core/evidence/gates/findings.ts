/** The gates over findings: vulnerabilities and other security findings, quality findings, and the score made of the former. */
import { contentsOf } from '../collected.ts'
import { matchesGlob, matchesWildcard } from '../glob.ts'
import { isAtLeast, rankOf } from '../severity.ts'
import { numberText } from '../told.ts'
import type { Finding, FindingContent, FindingScope } from '../types.ts'
import type { AllowedFinding, FindingsGate, GateDetail, GateVerdict, ScoreGate } from './types.ts'
import { brokenVerdict, counted, excuseText, type GateInput, holds, verdictOf } from './verdict.ts'

/** Judges vulnerabilities of dependencies, flaws of the code, and secrets. Without a scanner's report it is `broken`. */
export const judgeVulnerabilities = (gate: FindingsGate, input: GateInput): GateVerdict =>
  judge(gate, input, {
    kind: 'vulnerabilities',
    scope: 'security',
    isMeant: ({ category }) => category !== 'quality',
    word: 'security finding',
  })

/** Judges what linters found in the quality of the code. */
export const judgeFindings = (gate: FindingsGate, input: GateInput): GateVerdict =>
  judge(gate, input, {
    kind: 'findings',
    scope: 'quality',
    isMeant: ({ category }) => category === 'quality',
    word: 'finding',
  })

type Meant = {
  readonly kind: 'vulnerabilities' | 'findings'
  readonly scope: FindingScope
  readonly isMeant: (finding: Finding) => boolean
  readonly word: string
}

const judge = (gate: FindingsGate, input: GateInput, { kind, scope, isMeant, word }: Meant): GateVerdict => {
  const common = {
    gate: kind,
    kind,
    unit: 'findings',
    threshold: gate.maximum,
    bound: 'at_most',
    waiver: gate.waiver,
    evidence: ['findings'],
  } as const
  const contents = contentsOf(input.reports, 'findings')
  const blind = blindText(contents, scope)
  if (blind !== null) return brokenVerdict(common, input, blind)
  const bad = distinct(
    contents
      .flatMap(({ findings }) => findings)
      .filter((one) => isMeant(one) && isAtLeast(one.severity, gate.severity)),
  )
  if (gate.onlyNew && input.base?.fingerprints === undefined && bad.some(({ isNew }) => isNew === null)) {
    return brokenVerdict(common, input, 'it is not known what is new, for lack of a base commit')
  }
  const old = oldFindings(gate, input)
  const details = bad.map((one) => detailOf(one, { allow: gate.allow, at: input.at, isOld: old(one) }))
  const counting = details.filter(({ excusedBy }) => excusedBy === null).length
  const excused = details.length - counting
  const expired = expiredText(bad, gate.allow, input.at)
  return verdictOf(
    {
      ...common,
      isMet: counting <= gate.maximum,
      sentence: `${counted(counting, `${gate.onlyNew ? 'new ' : ''}${word}`)} of severity ${gate.severity} or worse, ${gate.maximum === 0 ? 'none' : `at most ${gate.maximum}`} allowed${excused === 0 ? '' : `; ${excused} excused`}${expired}`,
      measured: counting,
      details,
      // Being old is no excuse but what the gate asks; a word of a person is.
      excuses:
        counting <= gate.maximum
          ? bad.filter(
              (one) => !old(one) && (one.suppressedBy !== null || allowedBy(one, gate.allow, input.at) !== null),
            ).length
          : 0,
    },
    input,
  )
}

/** Why reports say nothing about what a gate asks, though they may be there: a linter that found nothing has not looked for vulnerabilities. Null when one of them does. */
const blindText = (contents: readonly FindingContent[], scope: FindingScope): string | null => {
  if (contents.some(({ covers }) => covers === undefined || covers.includes(scope))) return null
  const tools = [...new Set(contents.map(({ tool }) => tool))].join(', ')
  const asked = scope === 'security' ? 'a scanner' : 'a linter'
  return tools === '' ? `there is no report of ${asked}` : `there is no report of ${asked}, only of ${tools}`
}

/** The same advisory in the same package, told by two scanners or twice by one, counts once. */
const distinct = (findings: readonly Finding[]): readonly Finding[] => {
  const seen = new Set<string>()
  return findings
    .toSorted((a, b) => rankOf(a.severity) - rankOf(b.severity))
    .filter((one) => {
      const keys =
        one.package === null
          ? []
          : [one.rule, ...one.aliases]
              .filter((id) => /^(?:CVE|GHSA)-/i.test(id))
              .map((id) => `${id.toUpperCase()}|${one.package?.name ?? ''}`)
      const isKnown = keys.some((key) => seen.has(key))
      for (const key of keys) seen.add(key)
      return !isKnown
    })
}

/** Tells whether the base commit had a finding: as often as it had it there, and no oftener. */
const oldFindings = (gate: FindingsGate, { base }: GateInput): ((finding: Finding) => boolean) => {
  if (!gate.onlyNew) return () => false
  const left = new Map(base?.fingerprints ?? [])
  const known = new Map<Finding, boolean>()
  return (finding) => {
    const before = known.get(finding)
    if (before !== undefined) return before
    const count = left.get(finding.fingerprint) ?? 0
    if (count > 0) left.set(finding.fingerprint, count - 1)
    const isOld = finding.isNew === null ? count > 0 : !finding.isNew
    known.set(finding, isOld)
    return isOld
  }
}

type Excuses = { readonly allow: readonly AllowedFinding[]; readonly at: number; readonly isOld: boolean }

const detailOf = (one: Finding, { allow, at, isOld }: Excuses): GateDetail => {
  const allowed = allowedBy(one, allow, at)
  const where =
    one.package === null
      ? ''
      : ` in ${one.package.name}${one.package.version === null ? '' : ` ${one.package.version}`}${one.package.fixedIn === null ? '' : `, fixed in ${one.package.fixedIn}`}`
  return {
    text: `${one.severity} ${one.rule}${where}: ${one.message}`,
    file: one.file,
    line: one.line,
    excusedBy: isOld ? 'already in the base commit' : allowed === null ? one.suppressedBy : excuseText(allowed),
  }
}

const allowedBy = (one: Finding, allow: readonly AllowedFinding[], at: number): AllowedFinding | null =>
  allow.find((entry) => isNamed(one, entry) && holds(entry, at)) ?? null

const isNamed = ({ rule, aliases, package: found, file }: Finding, entry: AllowedFinding): boolean =>
  [rule, ...aliases].some((id) => matchesWildcard(id.toLowerCase(), entry.id.toLowerCase())) &&
  (entry.package === null || (found !== null && matchesWildcard(found.name, entry.package))) &&
  (entry.path === null || (file !== null && matchesGlob(file, entry.path)))

const expiredText = (bad: readonly Finding[], allow: readonly AllowedFinding[], at: number): string => {
  const over = allow.filter((entry) => !holds(entry, at) && bad.some((one) => isNamed(one, entry)))
  return over.length === 0 ? '' : `; no longer allowed: ${over.map(({ id }) => id).join(', ')}`
}

/** Judges the score: 100, less the weight of each security finding that is not excused, never below 0. */
export const judgeScore = (gate: ScoreGate, input: GateInput): GateVerdict => {
  const common = {
    gate: 'securityScore',
    kind: 'securityScore',
    unit: 'points',
    threshold: gate.minimum,
    bound: 'at_least',
    waiver: gate.waiver,
    evidence: ['findings'],
  } as const
  const contents = contentsOf(input.reports, 'findings')
  const blind = blindText(contents, 'security')
  if (blind !== null) return brokenVerdict(common, input, blind)
  const found = distinct(
    contents
      .flatMap(({ findings }) => findings)
      .filter(({ category, severity }) => category !== 'quality' && severity !== 'info'),
  )
  const details = found.map((one) => detailOf(one, { allow: gate.allow, at: input.at, isOld: false }))
  const counting = found.filter((_, index) => details[index]?.excusedBy === null)
  const lost = counting.reduce(
    (sum, { severity }) =>
      sum + (severity === 'info' ? 0 : gate.weights[severity === 'unknown' ? 'critical' : severity]),
    0,
  )
  const score = Math.max(0, 100 - lost)
  const excused = found.length - counting.length
  return verdictOf(
    {
      ...common,
      isMet: score >= gate.minimum,
      sentence: `security score ${numberText(score)} of 100 (${counted(counting.length, 'finding')}${excused === 0 ? '' : `, ${excused} excused`}), at least ${gate.minimum} wanted`,
      measured: score,
      details,
      excuses: excused,
    },
    input,
  )
}
