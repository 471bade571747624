/** What a chart is drawn from. */

/** One line of a chart. */
export type Series = {
  readonly name: string
  readonly values: readonly (number | null)[]
  readonly colour: 'candidate' | 'stable' | 'limit'
  readonly isLimit?: boolean
}

/** The numbers of a chart; times in epoch ms. */
export type Plot = {
  readonly times: readonly number[]
  readonly series: readonly Series[]
  readonly scale: 'linear' | 'log'
  /** From when to when, epoch ms; until the last measurement when there is no end. A limit is a line from one to the other. */
  readonly span?: readonly [from: number, to: number | null]
  /** A value in words. */
  readonly tell: (value: number) => string
}
