/** pnpm's lockfiles, versions 6 and 9. Source: pnpm's lockfile specification. */
import { type Component, type Lockfile, mergeComponents } from '../../core/security/component.ts'
import { SluiceError } from '../../core/errors.ts'
import { digestOf, linesOfKeys, recordOf, textOf } from './documents.ts'
import type { LockfileText } from './lockfile.ts'

/** Reads a lockfile of version 6 or 9; older ones are refused with `config_invalid`. */
export const readPnpmLock = async ({ file, text }: LockfileText): Promise<Lockfile> => {
  const { parse } = await import('yaml')
  const document = recordOf(parse(text, { maxAliasCount: 0 }))
  const version = Number.parseFloat(String(document['lockfileVersion']))
  if (!(version >= 6))
    throw new SluiceError('config_invalid', {
      detail: `${file} is of version ${String(document['lockfileVersion'])}; versions 6 and 9 are read.`,
      hint: 'pnpm install --lockfile-only with pnpm 8 or newer',
    })
  const lines = linesOfKeys(text)
  const packages = recordOf(document['packages'])
  const snapshots = version >= 9 ? recordOf(document['snapshots']) : packages
  const graph = new Map<string, readonly string[]>()
  for (const [key, entry] of Object.entries(snapshots)) {
    const name = plainKey(key)
    graph.set(name, [...new Set([...(graph.get(name) ?? []), ...dependenciesOf(entry)])])
  }
  const components = Object.entries(packages).flatMap(([key, entry]): readonly Component[] => {
    const plain = plainKey(key)
    const at = plain.lastIndexOf('@')
    const read = recordOf(entry)
    const versionText = textOf(read['version']) ?? plain.slice(at + 1)
    if (at < 1 || !/^\d/.test(versionText)) return []
    const scope =
      read['dev'] === true ? 'excluded' : read['optional'] === true ? 'optional' : version >= 9 ? null : 'required'
    const dependsOn = (graph.get(plain) ?? []).toSorted()
    const digest = digestOf(recordOf(read['resolution'])['integrity'])
    return [
      {
        name: plain.slice(0, at),
        version: versionText,
        digest,
        scope,
        licence: null,
        line: lines.get(key) ?? null,
        dependsOn,
      },
    ]
  })
  const importers = 'importers' in document ? Object.values(recordOf(document['importers'])) : [document]
  const roots = importers.flatMap((importer) => [
    ...dependenciesOf(importer),
    ...keysOf(recordOf(importer)['devDependencies']),
  ])
  return { file, kind: 'pnpm', components: mergeComponents(components), roots: [...new Set(roots)].toSorted() }
}

/** Without a leading slash (version 6) and without the peers in brackets. */
const plainKey = (key: string): string => key.replace(/^\//, '').replace(/\(.*$/, '')

const dependenciesOf = (entry: unknown): readonly string[] =>
  ['dependencies', 'optionalDependencies'].flatMap((kind) => keysOf(recordOf(entry)[kind]))

/** A value is a version, an aliased `name@version`, or a record with either (importers). Links to other packages of the workspace are left out. */
const keysOf = (list: unknown): readonly string[] =>
  Object.entries(recordOf(list)).flatMap(([name, value]) => {
    const plain = plainKey(textOf(value) ?? textOf(recordOf(value)['version']) ?? '')
    if (/^\d/.test(plain)) return [`${name}@${plain}`]
    return plain.lastIndexOf('@') > 0 && !plain.includes(':') ? [plain] : []
  })
