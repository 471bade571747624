/** The packages that a lockfile names. */

/** One package of npm's ecosystem, resolved. */
export type Component = {
  readonly name: string
  readonly version: string
  /** Digest of its archive, algorithm in capitals and bytes in hexadecimal; null where the lockfile has none. */
  readonly digest: { readonly algorithm: 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512'; readonly hex: string } | null
  /** `excluded`: only for development; `optional`: may be missing; null where the lockfile does not say. */
  readonly scope: 'required' | 'optional' | 'excluded' | null
  /** SPDX expression; null where nobody says. */
  readonly licence: string | null
  /** Line of the lockfile, from 1; null where it was not found. */
  readonly line: number | null
  /** Keys of what it depends on, as `componentKey` gives them, sorted. */
  readonly dependsOn: readonly string[]
}

/** What a lockfile resolves to. */
export type Lockfile = {
  /** Relative to the repository. */
  readonly file: string
  readonly kind: 'npm' | 'pnpm' | 'yarn'
  /** Each name and version once, sorted by key. */
  readonly components: readonly Component[]
  /** Keys of what the project itself depends on. */
  readonly roots: readonly string[]
}

/** `name@version`: unique in a lockfile. */
export const componentKey = ({ name, version }: { readonly name: string; readonly version: string }): string =>
  `${name}@${version}`

/** Package URL of a component. Source: the purl specification, type npm: a scope is a namespace, and its @ is encoded. */
export const purlOf = ({ name, version }: { readonly name: string; readonly version: string }): string =>
  `pkg:npm/${name.split('/').map(encodeURIComponent).join('/')}@${encodeURIComponent(version)}`

/** One of each key, sorted; of twins the stricter scope and everything that they depend on is kept. */
export const mergeComponents = (components: readonly Component[]): readonly Component[] => {
  const merged = new Map<string, Component>()
  for (const component of components) {
    const key = componentKey(component)
    const other = merged.get(key)
    merged.set(key, other === undefined ? component : together(other, component))
  }
  return [...merged.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, component]) => component)
}

const strictness = ['required', null, 'optional', 'excluded'] as const

const together = (a: Component, b: Component): Component => ({
  ...a,
  scope: strictness[Math.min(strictness.indexOf(a.scope), strictness.indexOf(b.scope))] ?? null,
  dependsOn: [...new Set([...a.dependsOn, ...b.dependsOn])].toSorted(),
})
