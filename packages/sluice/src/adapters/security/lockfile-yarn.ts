/** yarn's lockfiles: version 1, and those of Berry. */
import { componentKey, type Component, type Lockfile, mergeComponents } from '../../core/security/component.ts'
import { digestOf, linesOfKeys, recordOf, textOf } from './documents.ts'
import type { LockfileText } from './lockfile.ts'

type Entry = {
  readonly name: string
  readonly version: string
  readonly key: string
  readonly entry: Readonly<Record<string, unknown>>
}

/** Reads a lockfile. Which of the packages are only for development it does not say. */
export const readYarnLock = async ({ file, text, manifest }: LockfileText): Promise<Lockfile> => {
  const { parseSyml } = await import('@yarnpkg/parsers')
  const document = recordOf(parseSyml(text))
  const lines = linesOfKeys(text)
  const byDescriptor = new Map<string, Entry>()
  for (const [key, value] of Object.entries(document)) {
    const entry = recordOf(value)
    const version = textOf(entry['version'])
    if (key === '__metadata' || version === null) continue
    for (const descriptor of key.split(/,\s*/)) {
      const name = nameOf(textOf(entry['resolution']) ?? descriptor)
      byDescriptor.set(descriptor, { name, version, key: descriptor, entry })
    }
  }
  const keyOf = (name: string, range: string): readonly string[] => {
    const found = byDescriptor.get(`${name}@${range}`) ?? byDescriptor.get(`${name}@npm:${range}`)
    return found === undefined || isWorkspace(found) ? [] : [componentKey(found)]
  }
  const keysOf = (list: unknown): readonly string[] =>
    Object.entries(recordOf(list)).flatMap(([name, range]) => keyOf(name, String(range)))
  const entries = [...byDescriptor.values()]
  const components = entries
    .filter((found) => !isWorkspace(found))
    .map(({ name, version, key, entry }): Component => ({
      name,
      version,
      digest: digestOf(entry['integrity']),
      scope: null,
      licence: null,
      line: lines.get(key) ?? null,
      dependsOn: [...keysOf(entry['dependencies']), ...keysOf(entry['optionalDependencies'])].toSorted(),
    }))
  const own = recordOf(manifest)
  const roots = [
    ...['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) => keysOf(own[kind])),
    ...entries.filter(isWorkspace).flatMap(({ entry }) => keysOf(entry['dependencies'])),
  ]
  return { file, kind: 'yarn', components: mergeComponents(components), roots: [...new Set(roots)].toSorted() }
}

const isWorkspace = ({ entry }: Entry): boolean => /@(?:workspace|link|portal):/.test(textOf(entry['resolution']) ?? '')

/** `@a/b` of `@a/b@npm:^1.0.0`. */
const nameOf = (descriptor: string): string => descriptor.slice(0, descriptor.indexOf('@', 1))
