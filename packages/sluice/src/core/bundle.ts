/** What a release brings besides its code, and what going from one to another therefore changes: all of it comes back with a rollback. */
import { migrationClass, type MigrationClass } from './point-of-no-return.ts'
import type { EnvironmentSpec, Release } from './model.ts'

/** One thing that differs between two releases in an environment. `null`: not there. Values of variables are told, versions of secrets in place of their values. */
export type BundleChange = {
  readonly what: 'artifact' | 'start' | 'config' | 'secret' | 'flag' | 'listen' | 'instances' | 'sticky' | 'health'
  readonly name: string
  readonly from: string | null
  readonly to: string | null
}

/** Everything that differs, in a fixed order. Empty when there is nothing to compare with. */
export const bundleChanges = (from: Release | null, to: Release, environment: string): readonly BundleChange[] => {
  const [before, after] = [from === null ? null : specIn(from, environment), specIn(to, environment)]
  if (from === null || before === null || after === null) return []
  const single = (what: BundleChange['what'], one: string, other: string): readonly BundleChange[] =>
    one === other ? [] : [{ what, name: what, from: one, to: other }]
  return [
    ...differences('artifact', digestsOf(from), digestsOf(to)),
    ...single('start', from.content.start.command, to.content.start.command),
    ...differences('config', before.config, after.config),
    ...differences('secret', before.secretVersions, after.secretVersions),
    ...differences('flag', flagsOf(from), flagsOf(to)),
    ...single('listen', addressOf(before), addressOf(after)),
    ...single('instances', String(before.instances), String(after.instances)),
    ...single('sticky', JSON.stringify(before.sticky), JSON.stringify(after.sticky)),
    ...single('health', JSON.stringify(before.health), JSON.stringify(after.health)),
  ]
}

/** Migrations that come with a release and were not in the one before, with their class. */
export const migrationsBetween = (
  from: Release | null,
  to: Release,
): readonly { readonly name: string; readonly class: MigrationClass }[] => {
  const known = new Set(from?.content.migrations)
  return to.content.migrations.filter((name) => !known.has(name)).map((name) => ({ name, class: migrationClass(name) }))
}

const specIn = ({ content }: Release, environment: string): EnvironmentSpec | null =>
  content.environments.find(({ name }) => name === environment) ?? null

const digestsOf = ({ content }: Release): Readonly<Record<string, string>> =>
  Object.fromEntries(content.artifacts.map(({ name, digest }) => [name, digest]))

/** What its code reads of the flag service, each said to be read. */
const flagsOf = ({ content }: Release): Readonly<Record<string, string>> =>
  Object.fromEntries((content.flags ?? []).map((name) => [name, 'read']))

const addressOf = ({ listen }: EnvironmentSpec): string => `${listen.host}:${listen.port}`

const differences = (
  what: BundleChange['what'],
  from: Readonly<Record<string, string>>,
  to: Readonly<Record<string, string>>,
): readonly BundleChange[] =>
  [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .toSorted()
    .filter((name) => from[name] !== to[name])
    .map((name) => ({ what, name, from: from[name] ?? null, to: to[name] ?? null }))
