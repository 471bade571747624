/** The statistics that Kayenta takes from a library: mean, percentile, ranks, the normal quantile. */

/** Arithmetic mean; 0 of nothing. */
export const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((total, value) => total + value, 0) / values.length

/** Percentile `p` (0–100) by linear interpolation (type R-7 of Hyndman and Fan, 1996). `values` must not be empty. */
export const percentile = (values: readonly number[], p: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const position = ((sorted.length - 1) * p) / 100
  const low = sorted[Math.floor(position)] ?? 0
  const high = sorted[Math.ceil(position)] ?? low
  return low + (position - Math.floor(position)) * (high - low)
}

/** Ranks from 1 on, equal values sharing the mean of theirs, and how many values share each rank. */
export const ranks = (
  values: readonly number[],
): { readonly ranks: readonly number[]; readonly ties: readonly number[] } => {
  const order = values.map((value, index) => ({ value, index })).toSorted((a, b) => a.value - b.value)
  const given: number[] = values.map(() => 0)
  const ties: number[] = []
  for (let first = 0; first < order.length;) {
    let last = first
    while (last + 1 < order.length && order[last + 1]?.value === order[first]?.value) last += 1
    for (const { index } of order.slice(first, last + 1)) given[index] = (first + last) / 2 + 1
    ties.push(last - first + 1)
    first = last + 1
  }
  return { ranks: given, ties }
}

const central = {
  above: [
    2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457, 13731.693765509461125,
    1971.5909503065514427, 133.14166789178437745, 3.387132872796366608,
  ],
  below: [
    5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867, 5394.1960214247511077,
    687.1870074920579083, 42.313330701600911252, 1,
  ],
} as const

const tail = {
  above: [
    7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
    3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734,
  ],
  below: [
    1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
    0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1,
  ],
} as const

const polynomial = (coefficients: readonly number[], x: number): number =>
  coefficients.reduce((total, coefficient) => total * x + coefficient, 0)

/**
 * Quantile of the standard normal distribution, to 16 digits for `p` from 1e-10 to 1 − 1e-10, further out less.
 * Source: Wichura, algorithm AS 241 (PPND16), Applied Statistics 37, 1988.
 */
export const normalQuantile = (p: number): number => {
  const q = p - 0.5
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q
    return (q * polynomial(central.above, r)) / polynomial(central.below, r)
  }
  const r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p)) - 1.6
  return (Math.sign(q) * polynomial(tail.above, r)) / polynomial(tail.below, r)
}
