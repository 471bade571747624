/** The section of a release in a changelog. */
import type { ConventionalCommit } from './commit.ts'
import type { RepositoryLinks } from './repository-url.ts'

/** Headings of the section, in their order, and the types of commits under each. */
export type ChangelogGroups = readonly { readonly heading: string; readonly types: readonly string[] }[]

/** What users want to know, most of them first. */
export const defaultGroups: ChangelogGroups = [
  { heading: 'Features', types: ['feat'] },
  { heading: 'Fixes', types: ['fix'] },
  { heading: 'Performance', types: ['perf'] },
  { heading: 'Reverts', types: ['revert'] },
]

/** What a section is written from. */
export type ChangelogRequest = {
  readonly version: string
  /** Day of the release, `2026-09-01`. */
  readonly day: string
  readonly tag: string
  readonly previousTag: string | null
  /** Newest first, without what was reverted. */
  readonly commits: readonly ConventionalCommit[]
  /** Null: a section without links. */
  readonly links: RepositoryLinks | null
  readonly groups: ChangelogGroups
}

/** The section as Markdown: what breaks first, then group by group, by scope and in the order of the commits. Ends with a newline. */
export const renderChangelog = (request: ChangelogRequest): string => {
  const blocks = [breakingBlock(request), ...request.groups.map((group) => groupBlock(group, request))]
  const filled = blocks.filter((block) => block !== '')
  const empty = 'No change that users see.\n'
  return [`## ${titleOf(request)} (${request.day})\n`, ...(filled.length === 0 ? [empty] : filled)].join('\n')
}

/**
 * Puts a section into a changelog, under its title and above the versions before it. A section of the same version that is there already is replaced, so that
 * doing it again changes nothing.
 */
export const insertSection = (changelog: string, section: string): string => {
  const text = changelog.trim() === '' ? '# Changelog\n' : changelog
  const version = versionOf(section)
  const headings = [...text.matchAll(/^## .*$/gm)]
  const at = headings.findIndex(([heading]) => versionOf(heading) === version)
  const start = headings[Math.max(at, 0)]?.index ?? text.length
  const end = at === -1 ? start : (headings[at + 1]?.index ?? text.length)
  const [before, rest] = [text.slice(0, start).trimEnd(), text.slice(end).trimStart()]
  return `${before}\n\n${section.trimEnd()}\n${rest === '' ? '' : `\n${rest}`}`
}

const versionOf = (heading: string): string | null => /^## \[?([^\s\]]+)/.exec(heading)?.[1] ?? null

const titleOf = ({ version, links, previousTag, tag }: ChangelogRequest): string =>
  links === null || previousTag === null ? version : `[${version}](${links.compare(previousTag, tag)})`

const breakingBlock = ({ commits, links }: ChangelogRequest): string => {
  const notes = commits.flatMap((commit) => commit.breaking.map((note) => itemOf(commit, note, links)))
  return notes.length === 0 ? '' : `### Breaking changes\n\n${notes.join('\n')}\n`
}

const groupBlock = ({ heading, types }: ChangelogGroups[number], { commits, links }: ChangelogRequest): string => {
  const items = commits
    .filter((commit) => types.includes(commit.reverts === null ? (commit.type ?? '') : 'revert'))
    .map((commit, index) => ({ commit, index }))
    .toSorted((a, b) => compare(a.commit.scope ?? '', b.commit.scope ?? '') || a.index - b.index)
    .map(({ commit }) => itemOf(commit, commit.description, links))
  return items.length === 0 ? '' : `### ${heading}\n\n${items.join('\n')}\n`
}

const itemOf = (commit: ConventionalCommit, text: string, links: RepositoryLinks | null): string => {
  const scope = commit.scope === null ? '' : `**${commit.scope}:** `
  const short = commit.id.slice(0, 7)
  const where = links === null ? short : `[${short}](${links.commit(commit.id)})`
  const named = commit.references.filter((reference) => !text.includes(reference)).map((one) => issueLink(one, links))
  const issues = named.length === 0 ? '' : `, ${named.join(', ')}`
  return `- ${scope}${linkIssues(plain(text), links)} (${where}${issues})`
}

const linkIssues = (text: string, links: RepositoryLinks | null): string =>
  text.replaceAll(/(?<![\w/`[&])#(\d+)\b/g, (whole: string) => issueLink(whole, links))

const issueLink = (reference: string, links: RepositoryLinks | null): string =>
  links !== null && /^#\d+$/.test(reference) ? `[${reference}](${links.issue(reference.slice(1))})` : reference

/** On one line, and without tags of HTML outside of code. */
const plain = (text: string): string =>
  text
    .replaceAll(/\s+/g, ' ')
    .trim()
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll('<', '&lt;')))
    .join('')

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
