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
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946, 1971.5909503065513,
    133.14166789178438, 3.3871328727963665,
  ],
  below: [
    5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751, 687.1870074920579,
    42.31333070160091, 1,
  ],
} as const

const tail = {
  above: [
    0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
    5.769497221460691, 4.630337846156546, 1.4234371107496835,
  ],
  below: [
    1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
    1.6763848301838038, 2.053191626637759, 1,
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
