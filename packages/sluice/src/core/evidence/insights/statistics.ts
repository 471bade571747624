/** The little statistics that insights need; robust ones, because one stalled machine must not move them. */

/** The value below which `share` (0–1) of the values lie, by linear interpolation (Hyndman and Fan's definition 7); NaN of none. */
export const quantile = (values: readonly number[], share: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const position = (sorted.length - 1) * share
  const below = sorted[Math.floor(position)] ?? Number.NaN
  const above = sorted[Math.ceil(position)] ?? Number.NaN
  return below + (above - below) * (position - Math.floor(position))
}

/** The middle value; NaN of none. */
export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** Standard deviation as the median absolute deviation estimates it (× 1.4826, exact for a normal distribution). */
export const spread = (values: readonly number[]): number => {
  const middle = median(values)
  return 1.4826 * median(values.map((value) => Math.abs(value - middle)))
}

/** Change per step: the median slope over all pairs (Theil 1950, Sen 1968); 0 of fewer than two values. Quadratic: for some hundred values. */
export const slope = (values: readonly number[]): number => {
  const slopes = values.flatMap((later, index) =>
    values.slice(0, index).map((earlier, before) => (later - earlier) / (index - before)),
  )
  return slopes.length === 0 ? 0 : median(slopes)
}
