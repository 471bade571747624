/** npm's lockfiles, versions 1 to 3. Source: npm's documentation of package-lock.json. */
import { componentKey, type Component, type Lockfile, mergeComponents } from '../../core/security/component.ts'
import { SluiceError } from '../../core/errors.ts'
import { digestOf, linesOfKeys, recordOf, textOf } from './documents.ts'
import { expressionOf } from './licence-text.ts'
import type { LockfileText } from './lockfile.ts'

type Entry = Readonly<Record<string, unknown>>

/** Reads a lockfile of version 2 or 3. Version 1 has no flat list and is refused with `config_invalid`. */
export const readNpmLock = async ({ file, text }: LockfileText): Promise<Lockfile> => {
  const document = recordOf(JSON.parse(text))
  if (!('packages' in document))
    throw new SluiceError('config_invalid', {
      detail: `${file} is of version ${JSON.stringify(document['lockfileVersion'] ?? 1)}, which does not list what is installed.`,
      hint: 'npm install --package-lock-only --lockfile-version 3',
    })
  const packages = new Map(
    Object.entries(recordOf(document['packages'])).map(([path, entry]) => [path, recordOf(entry)]),
  )
  const lines = linesOfKeys(text)
  const toExpression = await expressionOf()
  const components = [...packages].flatMap(([path, entry]): readonly Component[] => {
    const name = nameOf(path, entry)
    const version = textOf(entry['version'])
    if (!path.includes('node_modules/') || entry['link'] === true || name === null || version === null) return []
    return [
      {
        name,
        version,
        digest: digestOf(entry['integrity']),
        scope:
          entry['dev'] === true
            ? 'excluded'
            : entry['optional'] === true || entry['devOptional'] === true
              ? 'optional'
              : 'required',
        licence: toExpression(entry['license']),
        line: lines.get(path) ?? null,
        dependsOn: keysOf(path, entry, packages),
      },
    ]
  })
  const own = [...packages].filter(([path]) => !path.includes('node_modules/'))
  const roots = own.flatMap(([path, entry]) =>
    keysOf(
      path,
      { ...entry, dependencies: { ...recordOf(entry['dependencies']), ...recordOf(entry['devDependencies']) } },
      packages,
    ),
  )
  return { file, kind: 'npm', components: mergeComponents(components), roots: [...new Set(roots)].toSorted() }
}

const nameOf = (path: string, entry: Entry): string | null =>
  textOf(entry['name']) ?? (path.includes('node_modules/') ? path.slice(path.lastIndexOf('node_modules/') + 13) : null)

/** What the entry at a path depends on, found as Node finds it: in its own node_modules, then in those of the folders above. */
const keysOf = (path: string, entry: Entry, packages: ReadonlyMap<string, Entry>): readonly string[] => {
  const names = ['dependencies', 'optionalDependencies', 'peerDependencies'].flatMap((kind) =>
    Object.keys(recordOf(entry[kind])),
  )
  const keys = names.flatMap((name) => {
    const found = resolve(path, name, packages)
    const version = textOf(found?.entry['version'])
    return found === null || version === null
      ? []
      : [componentKey({ name: nameOf(found.path, found.entry) ?? name, version })]
  })
  return [...new Set(keys)].toSorted()
}

const resolve = (
  path: string,
  name: string,
  packages: ReadonlyMap<string, Entry>,
): { readonly path: string; readonly entry: Entry } | null => {
  for (let at = path; ; at = at.includes('/') ? at.slice(0, at.lastIndexOf('/')) : '') {
    const candidate = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`
    const entry = packages.get(candidate)
    if (entry !== undefined && entry['link'] !== true) return { path: candidate, entry }
    if (at === '') return null
  }
}
