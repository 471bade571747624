/** A YAML document as GitLab means it, with the place of every key: what all of lowering reads. Plain data; anchors and merge keys are resolved. */

/** Where something stands, counted from 1; `line` and `column` are null for what no file says. */
export type Place = { readonly file: string; readonly line: number | null; readonly column: number | null }

/** A mapping. Keys keep the order in which they were written. */
export type MapTree = {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, { readonly at: Place; readonly value: Tree }>
  readonly place: Place
}

/** A sequence. */
export type ListTree = { readonly kind: 'list'; readonly items: readonly Tree[]; readonly place: Place }

/** A value; `text` is how it reads as a variable (`1.50` is `1.5`, `yes` is `true`). */
export type ScalarTree = {
  readonly kind: 'scalar'
  readonly value: string | number | boolean | null
  readonly text: string
  readonly place: Place
}

/** A node of a document. A `reference` is `!reference [job, key, …]` that was not followed yet. */
export type Tree =
  | MapTree
  | ListTree
  | ScalarTree
  | { readonly kind: 'reference'; readonly path: readonly string[]; readonly place: Place }

/** The value of a key; null where there is none, or nothing is written. */
export const valueOf = (tree: Tree | null, key: string): Tree | null => {
  if (tree?.kind !== 'map') return null
  const value = tree.entries.get(key)?.value ?? null
  return value?.kind === 'scalar' && value.value === null ? null : value
}

/** Whether a key is written at all, even if with nothing. */
export const hasKey = (tree: Tree | null, key: string): boolean => tree?.kind === 'map' && tree.entries.has(key)

/** Where a key stands; the place of the whole when it is not written. */
export const placeOf = (tree: MapTree, key: string): Place => tree.entries.get(key)?.at ?? tree.place

/** The text of a scalar; null for anything else. */
export const textOf = (tree: Tree | null): string | null =>
  tree?.kind === 'scalar' && tree.value !== null ? tree.text : null

/** A truth value; null for anything else. */
export const booleanOf = (tree: Tree | null): boolean | null =>
  tree?.kind === 'scalar' && typeof tree.value === 'boolean' ? tree.value : null

/** A whole number; null for anything else. */
export const integerOf = (tree: Tree | null): number | null =>
  tree?.kind === 'scalar' && typeof tree.value === 'number' && Number.isInteger(tree.value) ? tree.value : null

/** The items of a list; a single value is a list of one, nothing an empty one. */
export const itemsOf = (tree: Tree | null): readonly Tree[] =>
  tree === null ? [] : tree.kind === 'list' ? tree.items : [tree]

/** The texts of a list of scalars, or of one; anything else in it is left out. */
export const textsOf = (tree: Tree | null): readonly string[] => itemsOf(tree).flatMap((item) => textOf(item) ?? [])

/** A mapping made of others, the later ones winning key by key; mappings inside are merged the same way (Rails' `deep_merge`, which `extends` and `include` use). */
export const deepMerge = (base: MapTree, over: MapTree): MapTree => {
  const entries = new Map(base.entries)
  for (const [key, entry] of over.entries) {
    const present = entries.get(key)?.value
    const value = present?.kind === 'map' && entry.value.kind === 'map' ? deepMerge(present, entry.value) : entry.value
    entries.set(key, { at: entry.at, value })
  }
  return { kind: 'map', entries, place: over.place }
}

/** A mapping with some keys set to other values; their places are those of the values. */
export const withEntries = (tree: MapTree, values: Iterable<readonly [string, Tree]>): MapTree => {
  const entries = new Map(tree.entries)
  for (const [key, value] of values) entries.set(key, { at: value.place, value })
  return { ...tree, entries }
}

/** A mapping without some keys. */
export const withoutKeys = (tree: MapTree, keys: ReadonlySet<string>): MapTree => ({
  ...tree,
  entries: new Map([...tree.entries].filter(([key]) => !keys.has(key))),
})

/** A mapping without those of some keys that nothing is written for. */
export const withoutNulls = (tree: MapTree, keys: ReadonlySet<string>): MapTree => ({
  ...tree,
  entries: new Map(
    [...tree.entries].filter(([key, { value }]) => !keys.has(key) || value.kind !== 'scalar' || value.value !== null),
  ),
})
