/** Holds documents against the table of keys: what is unknown or refused is an error with its place, what is read differently a warning. */
import { distance } from 'fastest-levenshtein'
import { nearest } from '../../../core/config/nearest.ts'
import { keyRows, type KeyScope } from './keys.ts'
import type { Notes, Spot } from './notes.ts'
import { misfitOf } from './shapes.ts'
import type { MapTree, Tree } from './tree.ts'

/** Checks the keys of one mapping. `at` is its dotted path. */
export const checkKeys = (
  tree: Tree | null,
  scope: KeyScope,
  { key: path, notes }: { readonly key: string; readonly notes: Notes },
): void => {
  if (tree?.kind !== 'map') return
  const rows = keyRows(scope)
  for (const [name, { at }] of tree.entries) {
    const spot: Spot = { key: path === '' ? name : `${path}.${name}`, place: at }
    const row = rows[name]
    if (row === undefined) notes.error(spot, unknownKey(name, scope))
    else if (row[0] === 'refused') notes.refuse(spot, `${shown(scope, name)} is refused: ${row[1]}`)
    else {
      if (row[0] !== 'supported') notes.warn(spot, `${shown(scope, name)}: ${row[1]}`)
      checkShape(tree, name, { scope, spot, notes })
    }
  }
}

/** Checks what kinds of values the keywords at the root of a file have; anything else there is a job. */
export const checkRoot = (root: MapTree, notes: Notes): void => {
  for (const [name, { at }] of root.entries)
    checkShape(root, name, { scope: 'root', spot: { key: name, place: at }, notes })
}

const checkShape = (
  tree: MapTree,
  name: string,
  { scope, spot, notes }: { readonly scope: KeyScope; readonly spot: Spot; readonly notes: Notes },
): void => {
  const value = tree.entries.get(name)?.value
  const misfit = value === undefined ? null : misfitOf(scope, name, value)
  if (misfit !== null) expected(notes, spot, `${misfit} for ${shown(scope, name)}`)
}

const unknownKey = (name: string, scope: KeyScope): string => {
  const meant = nearest(name, Object.keys(keyRows(scope)), distance)
  const what = scope === 'job' ? 'a job' : `"${scope}"`
  return `${what} has no key "${name}"${meant === null ? '' : `; did you mean "${meant}"?`}`
}

const shown = (scope: KeyScope, name: string): string =>
  scope === 'root' || scope === 'job' || scope === 'default' ? name : `${scope.replaceAll(' ', ':')}:${name}`

/** Says that a value is not what its key takes. */
export const expected = (notes: Notes, spot: Spot, what: string): void => notes.error(spot, `expected ${what}`)

/** Where a key of a mapping stands, as a spot. */
export const spotOf = (tree: MapTree, path: string, name: string): Spot => ({
  key: path === '' ? name : `${path}.${name}`,
  place: tree.entries.get(name)?.at ?? tree.place,
})
