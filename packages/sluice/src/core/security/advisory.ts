/** Advisories in OSV's form, and which components they are about. Source: OSV schema 1.6.7, "Evaluation". */
import { z } from 'zod'
import { compareVersions, parseVersion, type Version } from '../conventions/semver.ts'
import type { Lockfile } from './component.ts'
import type { Finding, Severity } from './scan.ts'

/** A point of a range. */
type Event = {
  readonly introduced?: string | undefined
  readonly fixed?: string | undefined
  readonly last_affected?: string | undefined
}

type Affected = {
  readonly package?: { readonly ecosystem: string; readonly name: string } | undefined
  readonly ranges: readonly { readonly type: string; readonly events: readonly Event[] }[]
  readonly versions: readonly string[]
}

/** One advisory, as far as it is looked at. */
export type Advisory = {
  readonly id: string
  /** ISO 8601. */
  readonly modified?: string | undefined
  readonly withdrawn?: string | undefined
  readonly summary?: string | undefined
  readonly details?: string | undefined
  readonly severity: readonly { readonly type: string; readonly score: string }[]
  readonly affected: readonly Affected[]
  readonly database_specific?: { readonly severity?: string | undefined } | undefined
}

const event: z.ZodType<Event> = z.object({
  introduced: z.string().optional(),
  fixed: z.string().optional(),
  last_affected: z.string().optional(),
})

const affected: z.ZodType<Affected> = z.object({
  package: z.object({ ecosystem: z.string(), name: z.string() }).optional(),
  ranges: z.array(z.object({ type: z.string(), events: z.array(event) })).default([]),
  versions: z.array(z.string()).default([]),
})

const record: z.ZodType<Advisory> = z.object({
  id: z.string(),
  modified: z.string().optional(),
  withdrawn: z.string().optional(),
  summary: z.string().optional(),
  details: z.string().optional(),
  severity: z.array(z.object({ type: z.string(), score: z.string() })).default([]),
  affected: z.array(affected).default([]),
  database_specific: z.object({ severity: z.string().optional() }).optional(),
})

/** Reads an advisory; null for a document that is none. */
export const parseAdvisory = (document: unknown): Advisory | null => record.safeParse(document).data ?? null

/** Names of npm packages that an advisory is about. */
export const packagesOf = (advisory: Advisory): readonly string[] =>
  advisory.affected.flatMap(({ package: about }) => (about?.ecosystem === 'npm' ? [about.name] : []))

/** Findings of a lockfile: each component in a range of an advisory that was not withdrawn. `scoreOf` gives the CVSS score of a vector; null for none. */
export const matchAdvisories = (
  lockfile: Lockfile,
  advisories: readonly Advisory[],
  scoreOf: (vector: string) => number | null,
): readonly Finding[] => {
  const byName = new Map<string, { readonly advisory: Advisory; readonly part: Affected }[]>()
  for (const advisory of advisories) {
    if (advisory.withdrawn !== undefined) continue
    for (const part of advisory.affected) {
      if (part.package?.ecosystem !== 'npm') continue
      byName.set(part.package.name, [...(byName.get(part.package.name) ?? []), { advisory, part }])
    }
  }
  return lockfile.components.flatMap((component) =>
    (byName.get(component.name) ?? [])
      .filter(({ part }) => isAffected(component.version, part))
      .map(({ advisory, part }): Finding => {
        const fixes = part.ranges.flatMap(({ events }) => events.flatMap(({ fixed }) => fixed ?? []))
        return {
          rule: advisory.id,
          severity: severityOf(advisory, scoreOf),
          message: `${component.name} ${component.version}: ${advisory.summary ?? firstLine(advisory.details)}. ${fixSentence(component.version, fixes)}`,
          file: lockfile.file,
          line: component.line,
          commit: null,
          excerpt: null,
          fingerprint: `${advisory.id}:${component.name}@${component.version}`,
          help: `https://osv.dev/vulnerability/${advisory.id}`,
        }
      }),
  )
}

/** CVSS 3.1's qualitative scale. */
export const severityOfScore = (score: number): Severity =>
  score >= 9 ? 'critical' : score >= 7 ? 'high' : score >= 4 ? 'medium' : 'low'

/** The words of advisory databases. Anything else is `high`: nobody has said that it is harmless. */
export const severityOfWord = (word: string): Severity => {
  const lowered = word.toLowerCase()
  if (lowered === 'critical' || lowered === 'high' || lowered === 'medium' || lowered === 'low') return lowered
  if (lowered === 'moderate') return 'medium'
  return lowered === 'info' || lowered === 'none' ? 'low' : 'high'
}

/** The database's own word, else the worst score. */
const severityOf = (advisory: Advisory, scoreOf: (vector: string) => number | null): Severity => {
  const word = advisory.database_specific?.severity
  if (word !== undefined) return severityOfWord(word)
  const scores = advisory.severity.map(({ score }) => scoreOf(score)).filter((score) => score !== null)
  return scores.length === 0 ? 'high' : severityOfScore(Math.max(...scores))
}

const isAffected = (text: string, part: Affected): boolean => {
  if (part.versions.includes(text)) return true
  const version = parseVersion(text)
  if (version === null) return false
  return part.ranges.some(({ type, events }) => type !== 'GIT' && isInRange(version, events))
}

/** Events in order of their versions; what the last one at or below the version says holds. `0` stands before all versions. */
const isInRange = (version: Version, events: readonly Event[]): boolean => {
  let isVulnerable = false
  for (const { at, kind } of sortedEvents(events)) {
    const order = at === null ? 1 : compareVersions(version, at)
    if (kind === 'introduced' && order >= 0) isVulnerable = true
    if (kind === 'fixed' && order >= 0) isVulnerable = false
    if (kind === 'last_affected' && order > 0) isVulnerable = false
  }
  return isVulnerable
}

type Point = { readonly at: Version | null; readonly kind: 'introduced' | 'fixed' | 'last_affected' }

const sortedEvents = (events: readonly Event[]): readonly Point[] =>
  events
    .flatMap(({ introduced, fixed, last_affected: last }): readonly Point[] => [
      ...pointOf('introduced', introduced),
      ...pointOf('fixed', fixed),
      ...pointOf('last_affected', last),
    ])
    .toSorted((a, b) => (a.at === null ? -1 : b.at === null ? 1 : compareVersions(a.at, b.at)))

const pointOf = (kind: Point['kind'], text: string | undefined): readonly Point[] => {
  if (text === undefined) return []
  const at = text === '0' ? null : parseVersion(text)
  return at === null && text !== '0' ? [] : [{ at, kind }]
}

const fixSentence = (version: string, fixes: readonly string[]): string => {
  const current = parseVersion(version)
  const better = fixes
    .map(parseVersion)
    .flatMap((fix, index) =>
      fix !== null && current !== null && compareVersions(fix, current) > 0 ? [{ fix, text: fixes[index] }] : [],
    )
    .toSorted((a, b) => compareVersions(a.fix, b.fix))
  return better[0] === undefined ? 'No version without it is known.' : `Fixed in ${better[0].text}.`
}

const firstLine = (details: string | undefined): string => details?.trim().split('\n', 1)[0] ?? 'no summary'
