/** The layering table of the architecture, and what breaks it. */
import { posix } from 'node:path'
import { dynamicImports, type Import, type Source, type Violation, violation } from './source.ts'

type Layer = {
  /** Layers whose values and types may be imported; its own is always allowed. */
  readonly imports: readonly string[]
  /** Layers whose types may be imported. */
  readonly types: readonly string[]
  readonly node: boolean
  /** Packages; `true` for any. */
  readonly packages: readonly string[] | true
  /** Whether a folder inside the layer (`drivers/docker`) may import its neighbours. */
  readonly neighbours: boolean
}

const outer = { imports: ['core', 'ports', 'lib'], types: [], node: true, packages: true, neighbours: false } as const

/** Folder of `packages/sluice/src` → what it may import. */
export const layers: Readonly<Record<string, Layer>> = {
  core: { imports: [], types: [], node: false, packages: ['zod', '@sluice/sdk'], neighbours: true },
  ports: { imports: [], types: ['core'], node: false, packages: [], neighbours: true },
  lib: { imports: ['core'], types: [], node: true, packages: true, neighbours: true },
  engine: { imports: ['core', 'ports'], types: [], node: false, packages: [], neighbours: true },
  gateway: { imports: ['core', 'lib'], types: [], node: true, packages: [], neighbours: true },
  runner: { imports: ['core', 'lib'], types: ['ports'], node: true, packages: true, neighbours: true },
  drivers: outer,
  routers: outer,
  adapters: outer,
  http: { imports: ['core', 'ports', 'engine', 'lib'], types: [], node: true, packages: true, neighbours: true },
  cli: { imports: ['core', 'lib', 'http/client'], types: [], node: true, packages: true, neighbours: true },
}

const home = 'packages/sluice/src/'

/** Files beside the folders: the composition root, which alone may name concrete adapters, and the face of the package. They may import anything. */
const composition: ReadonlySet<string> = new Set([
  'app.ts',
  'host.ts',
  'index.ts',
  'keepers.ts',
  'main.ts',
  'serve.ts',
  'state.ts',
])

/** Imports that the table does not allow. Tests may import anything. */
export const layerViolations = (source: Source): readonly Violation[] => {
  if (!source.path.startsWith(home) || isTest(source.path)) return []
  const [name = ''] = source.path.slice(home.length).split('/')
  const layer = layers[name]
  if (layer === undefined) return composition.has(name) ? [] : [violation(source, 0, `there is no layer "${name}"`)]
  return [...source.imports, ...dynamicImports(source)].flatMap((one) => {
    const why = refused(source.path, { name, ...layer }, one)
    return why === null ? [] : [violation(source, one.at, `${name} may not import ${one.from}: ${why}`)]
  })
}

/** Whether a file is a test, or helps one. */
export const isTest = (path: string): boolean =>
  path.endsWith('.test.ts') || path.endsWith('.test.all.ts') || /(?:^|\/)test\//.test(path)

const refused = (path: string, layer: Layer & { readonly name: string }, { from, kind }: Import): string | null => {
  if (from.startsWith('node:')) return layer.node ? null : 'it is kept from the platform'
  if (!from.startsWith('.')) {
    const [scope = '', name = ''] = from.split('/')
    const packageName = scope.startsWith('@') ? `${scope}/${name}` : scope
    return layer.packages === true || layer.packages.includes(packageName) ? null : 'it takes no such package'
  }
  const target = posix.join(posix.dirname(path), from)
  if (!target.startsWith(home)) return 'it reaches out of the package'
  const inside = target.slice(home.length)
  const [other = ''] = inside.split('/')
  if (other === layer.name)
    return layer.neighbours || sameFolder(path, target) ? null : 'its neighbours do not know each other'
  if (layer.imports.some((allowed) => inside === `${allowed}.ts` || inside.startsWith(`${allowed}/`))) return null
  if (layer.types.includes(other)) return kind === 'type' ? null : 'types only'
  return 'the layering table does not allow it'
}

const sameFolder = (path: string, target: string): boolean => folderOf(path) === folderOf(target)

const folderOf = (path: string): string => path.slice(home.length).split('/').slice(0, 2).join('/')

/** What the dashboard imports of the program beyond the client of the API, and what that itself has of core: types, errors, names. */
export const dashboardViolations = (source: Source): readonly Violation[] => {
  if (!source.path.startsWith('packages/dashboard/src/') || isTest(source.path)) return []
  return [...source.imports, ...dynamicImports(source)].flatMap(({ from, at, kind }) => {
    const target = posix.join(posix.dirname(source.path), from)
    if (!from.startsWith('.') || target.startsWith('packages/dashboard/')) return []
    const inside = target.startsWith(home) ? target.slice(home.length) : ''
    const isAllowed =
      inside.startsWith('http/client/') || (inside.startsWith('core/') && (kind === 'type' || shownNames.has(inside)))
    return isAllowed ? [] : [violation(source, at, `the dashboard may not import ${from}`)]
  })
}

/** Tables of core whose values the dashboard shows: they import nothing themselves that it must not have. */
const shownNames: ReadonlySet<string> = new Set([
  'core/errors.ts',
  'core/identity/permissions.ts',
  'core/ledger/entry.ts',
])

/** Circles of value imports; each is told once, as the files in order. */
export const cycles = (sources: readonly Source[]): readonly Violation[] => {
  const edges = new Map(
    sources.map((source) => {
      const values = source.imports.filter(({ from, kind }) => kind === 'value' && from.startsWith('.'))
      return [source.path, values.map(({ from }) => posix.join(posix.dirname(source.path), from))] as const
    }),
  )
  const done = new Set<string>()
  const found: Violation[] = []
  const walk = (path: string, above: readonly string[]): void => {
    if (above.includes(path))
      found.push(`circle of imports: ${[...above.slice(above.indexOf(path)), path].join(' → ')}`)
    if (done.has(path) || above.includes(path)) return
    for (const next of edges.get(path) ?? []) walk(next, [...above, path])
    done.add(path)
  }
  for (const path of edges.keys()) walk(path, [])
  return found
}

/** Packages that are loaded with any of some files, sorted: by imports of values, from file to file. What is imported when it is needed does not count. */
export const packagesWith = (sources: readonly Source[], paths: readonly string[]): readonly string[] => {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const seen = new Set<string>()
  const packages = new Set<string>()
  const open = [...paths]
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    for (const { from, kind } of byPath.get(path)?.imports ?? []) {
      if (kind !== 'value' || from.startsWith('node:')) continue
      if (from.startsWith('.')) open.push(posix.join(posix.dirname(path), from))
      else packages.add(from)
    }
  }
  return [...packages].toSorted()
}
