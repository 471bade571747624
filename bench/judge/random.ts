/** Randomness of a seed: xoshiro128** (Blackman, Vigna, 2018, public domain), so that every run of the benchmark simulates the same traffic. */

/** A number from 0 up to 1, another one at each call. */
export type Random = () => number

/** The generator of a seed. */
export const randomOf = (seed: number): Random => {
  let [a, b, c, d] = [mix(seed), mix(seed + 1), mix(seed + 2), mix(seed + 3)]
  return () => {
    const scrambled = Math.imul(b, 5)
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9)
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = (d << 11) | (d >>> 21)
    return (result >>> 0) / 4_294_967_296
  }
}

/** How many trials there are up to and with the first success. */
export const trialsUntil = (random: Random, probability: number): number =>
  1 + Math.floor(Math.log(1 - random()) / Math.log1p(-probability))

/** How many of `trials` succeed: exact while there are few, by the normal approximation beyond 200 expected. */
export const successes = (random: Random, trials: number, probability: number): number => {
  if (probability <= 0 || trials <= 0) return 0
  const mean = trials * probability
  if (mean > 200 && trials - mean > 200) {
    const drawn = Math.round(mean + normal(random) * Math.sqrt(mean * (1 - probability)))
    return Math.min(trials, Math.max(0, drawn))
  }
  if (probability > 0.5) return trials - successes(random, trials, 1 - probability)
  let count = 0
  for (let at = trialsUntil(random, probability); at <= trials; at += trialsUntil(random, probability)) count += 1
  return count
}

/** A standard normal number (Box, Muller, 1958). */
export const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

const mix = (seed: number): number => {
  let mixed = (Math.imul(seed, 0x9e3779b9) + 0x7f4a7c15) | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
  return mixed ^ (mixed >>> 15)
}
