/** `parallel`: a job as several legs, numbered or one for each way through a matrix. */
import { limits } from '../../../core/limits.ts'
import { checkKeys, expected, spotOf } from './check-keys.ts'
import type { Notes } from './notes.ts'
import { integerOf, itemsOf, type MapTree, type Tree, textsOf, valueOf } from './tree.ts'

/** One leg. */
export type Leg = {
  readonly name: string
  /** Variables of the matrix; empty for a numbered leg. */
  readonly variables: ReadonlyMap<string, string>
  /** From 1. */
  readonly index: number
  readonly total: number
}

/** The legs of a job; null for a job without `parallel`. */
export const legsOf = (name: string, job: MapTree, notes: Notes): readonly Leg[] | null => {
  const parallel = valueOf(job, 'parallel')
  if (parallel === null) return null
  const spot = spotOf(job, name, 'parallel')
  checkKeys(parallel, 'parallel', { key: spot.key, notes })
  const count = integerOf(parallel)
  const matrix = valueOf(parallel, 'matrix')
  const ways = matrix === null ? null : itemsOf(matrix).flatMap(waysThrough)
  const total = ways?.length ?? count ?? 0
  if (total < 1 || total > limits.parallelMax) {
    expected(notes, spot, `a number from 1 to ${limits.parallelMax}, or a matrix with as many ways at most`)
    return null
  }
  if (ways === null)
    return Array.from({ length: total }, (_, index) => ({
      name: `${name} ${index + 1}/${total}`,
      variables: new Map(),
      index: index + 1,
      total,
    }))
  return ways.map((variables, index) => ({
    name: `${name}: [${[...variables.values()].join(', ')}]`,
    variables,
    index: index + 1,
    total,
  }))
}

/** Every way to choose one value of each list of a mapping, the last key turning fastest. One more than allowed is made at most. */
const waysThrough = (tree: Tree): readonly ReadonlyMap<string, string>[] => {
  if (tree.kind !== 'map') return []
  let ways: readonly ReadonlyMap<string, string>[] = [new Map()]
  for (const [name, { value }] of tree.entries)
    ways = ways
      .flatMap((way) => textsOf(value).map((text) => new Map([...way, [name, text]])))
      .slice(0, limits.parallelMax + 1)
  return ways
}

/** Whether a leg is one of those that `needs:parallel:matrix` of another job names; `$[[ matrix.NAME ]]` there is the value of that job's own leg. */
export const isNamedLeg = (leg: Leg, matrix: Tree, own: Leg | null): boolean =>
  itemsOf(matrix).some(
    (item) =>
      item.kind === 'map' &&
      [...item.entries].every(([name, { value }]) =>
        textsOf(value).some((text) => ofLeg(text, own) === (leg.variables.get(name) ?? '')),
      ),
  )

const ofLeg = (text: string, own: Leg | null): string =>
  text.replaceAll(/\$\[\[\s*matrix\.([\w-]+)\s*\]\]/g, (whole, name: string) => own?.variables.get(name) ?? whole)
