/** Rules about the papers: dependencies, changelog, words that do not belong into the project. */
import type { Violation } from './source.ts'

/** Packages that have a row in `docs/dependencies.md`. */
export const dependencyRows = (page: string): readonly string[] =>
  [...page.matchAll(/^\| `([^`]+)` \|([^|]+)\|([^|]+)\|([^|]+)\|$/gm)].map(([, name = '']) => name)

/** Dependencies of a `package.json` without a row, or without an exact version. Workspaces of this repository need neither. */
export const missingRows = (path: string, text: string, rows: readonly string[]): readonly Violation[] => {
  const manifest: Readonly<Record<string, unknown>> = JSON.parse(text)
  const lists = ['dependencies', 'devDependencies', 'optionalDependencies'].map((key) => manifest[key])
  return lists.flatMap((list) => {
    const entries = typeof list === 'object' && list !== null ? Object.entries(list) : []
    return entries.flatMap(([name, version]) => {
      if (name === 'sluice' || name.startsWith('@sluice/')) return []
      return [
        ...(rows.includes(name) ? [] : [`${path}: ${name} has no row in docs/dependencies.md`]),
        ...(/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(String(version))
          ? []
          : [`${path}: ${name} ${String(version)} is not an exact version`]),
      ]
    })
  })
}

/** Lines of the changelog that are not in its form: a title, versions (the newest first, unreleased or with a date), sections, sentences. */
export const wrongChangelogLines = (text: string): readonly Violation[] => {
  const wrong: Violation[] = []
  const lines = text.split('\n')
  if (lines[0] !== '# Changelog') wrong.push('CHANGELOG.md:1 begins with # Changelog')
  const versions: string[] = []
  for (const [index, line] of lines.entries()) {
    if (!line.startsWith('## ')) continue
    const found = /^## (\d+\.\d+\.\d+) \((?:unreleased|\d{4}-\d{2}-\d{2})\)$/.exec(line)
    if (found === null)
      wrong.push(`CHANGELOG.md:${index + 1} is not of the form ## 1.2.3 (unreleased) or (2026-01-31): ${line}`)
    else versions.push(found[1] ?? '')
  }
  if (versions.length === 0) wrong.push('CHANGELOG.md has no version')
  const sorted = versions.toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))
  if (versions.join() !== sorted.join()) wrong.push('CHANGELOG.md has its versions in another order than newest first')
  for (const [index, line] of lines.entries()) {
    if (/^[-*] /.test(line) && !/^- \S/.test(line)) wrong.push(`CHANGELOG.md:${index + 1} a list item begins with "- "`)
  }
  return wrong
}

// Put together from parts, so that this file does not contain what it looks for.
const unwanted: readonly (readonly [RegExp, string])[] = [
  [new RegExp(['registry', 'npmjs'].join('\\.'), 'i'), 'a package registry'],
  [new RegExp(['registry', 'yarnpkg'].join('\\.'), 'i'), 'a package registry'],
  [new RegExp(`(?:^|[\\s'"\`(=:])/(?:${['work', 'root', 'Users'].join('|')})/`, 'm'), 'a path of one machine'],
  [new RegExp(`(?:^|[\\s'"\`(=:])/home/(?!<|user\\b)[a-z]`, 'm'), 'a path of one machine'],
]

/** Words of a file that belong to the machine or the network it was written on. */
export const machineWords = (path: string, text: string): readonly Violation[] =>
  unwanted.flatMap(([pattern, what]) => {
    const found = pattern.exec(text)
    return found === null ? [] : [`${path}:${text.slice(0, found.index + 1).split('\n').length} names ${what}`]
  })
