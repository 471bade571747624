/** What differs between two releases: everything that an id fixes and a person can read. */
import type { ReleaseDetailView } from '../../../../sluice/src/http/client/release-views.ts'

/** One difference; null where there was, or is, nothing. */
export type Difference = {
  readonly what: string
  readonly name: string
  readonly from: string | null
  readonly to: string | null
}

/** Every difference, in the order in which a release is told. */
export const differencesOf = (from: ReleaseDetailView, to: ReleaseDetailView): readonly Difference[] => [
  ...between('commit', { commit: commitText(from) }, { commit: commitText(to) }),
  ...between('artifact', artifactsOf(from), artifactsOf(to)),
  ...between('start', { command: from.start.command }, { command: to.start.command }),
  ...between('migration', namesOf(from.migrations), namesOf(to.migrations)),
  ...between('flag', namesOf(from.flags), namesOf(to.flags)),
  ...environmentsOf(from, to),
]

const commitText = ({ commit }: ReleaseDetailView): string => `${commit.id.slice(0, 7)} ${commit.subject}`

const artifactsOf = ({ artifacts }: ReleaseDetailView): Readonly<Record<string, string>> =>
  Object.fromEntries(artifacts.map(({ name, digest }) => [name, digest]))

const namesOf = (names: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(names.map((name) => [name, 'in it']))

const environmentsOf = (from: ReleaseDetailView, to: ReleaseDetailView): readonly Difference[] =>
  [...new Set([...from.specs, ...to.specs].map(({ name }) => name))].flatMap((name) => {
    const [before, after] = [from, to].map(({ specs }) => specs.find((spec) => spec.name === name))
    return between(name, flat(before), flat(after))
  })

/** A spec as paths and values: `config.TAX_PERCENT` → `19`. */
const flat = (value: unknown, path = ''): Readonly<Record<string, string>> => {
  if (value === undefined) return {}
  if (typeof value !== 'object' || value === null)
    return { [path]: typeof value === 'string' ? value : JSON.stringify(value) }
  const entries = Object.entries(value).map(([name, inner]) => flat(inner, path === '' ? name : `${path}.${name}`))
  return Object.assign({}, ...entries)
}

const between = (
  what: string,
  from: Readonly<Record<string, string>>,
  to: Readonly<Record<string, string>>,
): readonly Difference[] =>
  [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .filter((name) => from[name] !== to[name])
    .toSorted()
    .map((name) => ({ what, name, from: from[name] ?? null, to: to[name] ?? null }))
