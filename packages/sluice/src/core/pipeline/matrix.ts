/**
 * Combinations of a matrix, in the algebra of GitHub Actions (docs: "Running variations of jobs in a workflow", 2026): the product of the axes in the order
 * written, without what `exclude` fits; then each `include` adds its values to every combination whose axis values it does not contradict, or becomes a
 * combination of its own.
 */
import type { Texts } from './job-plan.ts'

/** What is combined. */
export type Matrix = {
  readonly axes: Readonly<Record<string, readonly string[]>>
  readonly include: readonly Texts[]
  readonly exclude: readonly Texts[]
}

/** The combinations in order. */
export const expandMatrix = ({ axes, include, exclude }: Matrix): readonly Texts[] => {
  const product = productOf(axes).filter((leg) => !exclude.some((pattern) => fits(leg, pattern)))
  const legs = product.map((leg) => ({ original: leg, values: leg }))
  const own: Texts[] = []
  for (const extra of include) {
    let isAdded = false
    for (const leg of legs) {
      if (!isCompatible(leg.original, extra)) continue
      leg.values = { ...leg.values, ...extra }
      isAdded = true
    }
    if (!isAdded) own.push(extra)
  }
  return [...legs.map(({ values }) => values), ...own]
}

const productOf = (axes: Matrix['axes']): readonly Texts[] => {
  const entries = Object.entries(axes)
  if (entries.length === 0) return []
  return entries.reduce<readonly Texts[]>(
    (legs, [axis, values]) => legs.flatMap((leg) => values.map((value) => ({ ...leg, [axis]: value }))),
    [{}],
  )
}

const fits = (leg: Texts, pattern: Texts): boolean =>
  Object.entries(pattern).every(([axis, value]) => leg[axis] === value)

/** An `include` may not change an original value; a combination without axes in common takes everything. */
const isCompatible = (original: Texts, extra: Texts): boolean =>
  Object.entries(extra).every(([axis, value]) => !(axis in original) || original[axis] === value)

/** What a leg is called: `test (24, linux)`. */
export const legName = (job: string, values: readonly string[]): string => `${job} (${values.join(', ')})`

/** A name that is there more than once, which would be two jobs, or two files, in one place; null when there is none. */
export const twiceIn = (names: readonly string[]): string | null => {
  const seen = new Set<string>()
  return names.find((name) => seen.has(name) || !seen.add(name)) ?? null
}
