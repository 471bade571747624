/** `extends` and `!reference`: how jobs take over from each other. In GitLab's order: includes, then `extends`, then references. */
import { limits } from '../../../core/limits.ts'
import type { Notes, Spot } from './notes.ts'
import {
  deepMerge,
  itemsOf,
  type ListTree,
  type MapTree,
  placeOf,
  type Tree,
  textOf,
  valueOf,
  withEntries,
} from './tree.ts'

/** The document with `extends` of every job followed: bases merged in their order, then the job itself. Circles and unknown bases are noted. */
export const followExtends = (root: MapTree, notes: Notes): MapTree => {
  const done = new Map<string, MapTree>()
  const values = [...root.entries].flatMap(([name, { value }]): readonly (readonly [string, Tree])[] =>
    value.kind === 'map' && value.entries.has('extends')
      ? [[name, extended(name, value, { root, notes, done, above: [] })]]
      : [],
  )
  const merged = new Map(values)
  const entries = [...root.entries].map(
    ([name, entry]) => [name, { at: entry.at, value: merged.get(name) ?? entry.value }] as const,
  )
  return { ...root, entries: new Map(entries) }
}

type Following = {
  readonly root: MapTree
  readonly notes: Notes
  readonly done: Map<string, MapTree>
  readonly above: readonly string[]
}

const extended = (name: string, job: MapTree, following: Following): MapTree => {
  const known = following.done.get(name)
  if (known !== undefined) return known
  const { root, notes, above } = following
  const spot: Spot = { key: `${name}.extends`, place: placeOf(job, 'extends') }
  const path = [...above, name]
  if (path.length > limits.extendsDepthMax) {
    notes.error(spot, `extends goes deeper than ${limits.extendsDepthMax} jobs: ${path.join(' → ')}`)
    return job
  }
  let base: MapTree | null = null
  for (const item of itemsOf(valueOf(job, 'extends'))) {
    const from = textOf(item)
    const value = from === null ? undefined : root.entries.get(from)?.value
    if (from === null || value?.kind !== 'map') {
      notes.error(spot, `extends names "${from ?? ''}", and there is no such job`)
      continue
    }
    if (path.includes(from)) {
      notes.error(spot, `extends goes in a circle: ${[...path, from].join(' → ')}`)
      continue
    }
    const one = value.entries.has('extends') ? extended(from, value, { ...following, above: path }) : value
    base = base === null ? one : deepMerge(base, one)
  }
  const result = base === null ? job : deepMerge(base, job)
  following.done.set(name, result)
  return result
}

/** The document with every `!reference` replaced by what it names. One inside a list stays a list in it (scripts and rules flatten those). */
export const followReferences = (root: MapTree, notes: Notes): MapTree => {
  const seen = new Map<Tree, Tree>()
  const result = follow(root, { root, notes, seen, key: '', depth: 0 })
  return result.kind === 'map' ? result : root
}

type Reading = {
  readonly root: MapTree
  readonly notes: Notes
  readonly seen: Map<Tree, Tree>
  readonly key: string
  readonly depth: number
}

const follow = (tree: Tree, reading: Reading): Tree => {
  if (tree.kind === 'scalar') return tree
  const known = reading.seen.get(tree)
  if (known !== undefined) return known
  const result = followNode(tree, reading)
  // What was reached through a reference is not kept: its depth belongs to the way that led there.
  if (reading.depth === 0) reading.seen.set(tree, result)
  return result
}

const followNode = (tree: Exclude<Tree, { kind: 'scalar' }>, reading: Reading): Tree => {
  if (tree.kind === 'reference') return target(tree, reading)
  if (tree.kind === 'list') return listAfter(tree, reading)
  const changed = [...tree.entries].flatMap(([name, { value }]) => {
    const key = reading.key === '' ? name : `${reading.key}.${name}`
    const after = follow(value, { ...reading, key })
    return after === value ? [] : [[name, after] as const]
  })
  return changed.length === 0 ? tree : withEntries(tree, changed)
}

const listAfter = (tree: ListTree, reading: Reading): Tree => {
  const items = tree.items.map((item) => follow(item, reading))
  return items.every((item, index) => item === tree.items[index]) ? tree : { ...tree, items }
}

const target = (tree: Extract<Tree, { kind: 'reference' }>, reading: Reading): Tree => {
  const { root, notes, key, depth } = reading
  const spot: Spot = { key, place: tree.place }
  const nothing: Tree = { kind: 'scalar', value: null, text: '', place: tree.place }
  const path = tree.path.join(', ')
  if (depth >= limits.referenceDepthMax) {
    notes.error(spot, `!reference [${path}] is more than ${limits.referenceDepthMax} references deep, or in a circle`)
    return nothing
  }
  let node: Tree = root
  for (const step of tree.path) {
    const next: Tree | undefined = node.kind === 'map' ? node.entries.get(step)?.value : undefined
    if (next === undefined) {
      notes.error(spot, `!reference [${path}] names "${step}", which is not there`)
      return nothing
    }
    node = next
  }
  return follow(node, { ...reading, depth: depth + 1 })
}
