/** Figures with the bounds that they should keep. A bound that is not kept is said, and is the exit code of the benchmark. */
import { parseArgs } from 'node:util'
import type { Figure } from './report.ts'

/** A figure and, where it has one, the bound that it should keep, in words. */
export type Bounded = Figure & {
  readonly bound?: { readonly words: string; readonly kept: boolean; readonly depends?: 'on the machine' }
}

/** A figure that should be at most so much. */
export const atMost = (figure: Figure, limit: number): Bounded => ({
  ...figure,
  bound: { words: `at most ${limit}`, kept: figure.value <= limit },
})

/** A figure that should be at least so much. */
export const atLeast = (figure: Figure, limit: number): Bounded => ({
  ...figure,
  bound: { words: `at least ${limit}`, kept: figure.value >= limit },
})

/** A bound on time or memory: a short run on a machine with other work measures that work, so there it is told and decides nothing. */
export const onThisMachine = ({ bound, ...figure }: Bounded): Bounded =>
  bound === undefined ? figure : { ...figure, bound: { ...bound, depends: 'on the machine' } }

/** The figures alone, one sentence for each bound that is not kept, and the exit code. */
export const judge = (
  bounded: readonly Bounded[],
  { quick }: { readonly quick: boolean } = { quick: false },
): { readonly figures: readonly Figure[]; readonly missed: readonly string[]; readonly exitCode: 0 | 1 } => {
  const missed = bounded.flatMap(({ name, value, unit, bound }) =>
    bound === undefined || bound.kept ? [] : [`MISSED: ${name} is ${value} ${unit}, wanted ${bound.words}`],
  )
  const figures = bounded.map(({ name, value, unit }) => ({ name, value, unit }))
  const decides = ({ bound }: Bounded): boolean => bound?.kept === false && !(quick && bound.depends !== undefined)
  return { figures, missed, exitCode: bounded.some(decides) ? 1 : 0 }
}

/** Reads `--quick` (the short form for CI) and `--json`; refuses anything else. */
export const readOptions = (args: readonly string[]): { readonly quick: boolean; readonly json: boolean } => {
  const flag = { type: 'boolean', default: false } as const
  const { values } = parseArgs({ args: [...args], options: { quick: flag, json: flag } })
  return { quick: values.quick, json: values.json }
}
