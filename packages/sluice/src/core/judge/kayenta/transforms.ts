import { mean, normalQuantile, percentile, ranks } from './statistics.ts'
import type { EffectMeasure } from './types.ts'

/** Numbers that are none go, or become 0. */
export const withoutNaNs = (values: readonly number[], strategy: 'remove' | 'replace'): readonly number[] =>
  strategy === 'remove'
    ? values.filter((value) => !Number.isNaN(value))
    : values.map((value) => (Number.isNaN(value) ? 0 : value))

/** Which values lie outside the fences of Tukey; with `widened` fences no narrower than the first and the last percentile. */
export const outliersOf = (
  values: readonly number[],
  { factor, fences }: { readonly factor: number; readonly fences: 'tukey' | 'widened' },
): readonly boolean[] => {
  if (values.length === 0) return []
  const q1 = percentile(values, 25)
  const q3 = percentile(values, 75)
  const low = q1 - factor * (q3 - q1)
  const high = q3 + factor * (q3 - q1)
  const isWide = fences === 'widened'
  const least = isWide ? Math.min(percentile(values, 1), low) : low
  const most = isWide ? Math.max(percentile(values, 99), high) : high
  return values.map((value) => value < least || value > most)
}

/** The values without outliers, as Kayenta's judge takes them out. */
export const withoutOutliers = (values: readonly number[], factor: number): readonly number[] => {
  const isOutlier = outliersOf(values, { factor, fences: 'widened' })
  return values.filter((_, index) => isOutlier[index] !== true)
}

/**
 * A constant sample made to vary by a hundred-thousandth of itself, so that ranks can be taken. Kayenta draws this noise at random; here it is
 * the normal quantiles at evenly spaced probabilities, so that the same data has the same verdict.
 */
export const withNoise = (values: readonly number[]): readonly number[] =>
  values.map((value, index) => value + Math.abs(value) * 1e-5 * normalQuantile((index + 0.5) / values.length))

/** Size of the shift from control to experiment; NaN for a ratio of means one of which is 0. */
export const effectSize = (
  { control, experiment }: { readonly control: readonly number[]; readonly experiment: readonly number[] },
  measure: EffectMeasure,
): number => {
  if (measure === 'cles') return commonLanguage(control, experiment)
  const below = mean(control)
  const above = mean(experiment)
  return below === 0 || above === 0 ? Number.NaN : above / below
}

/** Share of pairs in which the experiment's value is the higher one (Vargha and Delaney, 2000). */
const commonLanguage = (control: readonly number[], experiment: readonly number[]): number => {
  const m = experiment.length
  const n = control.length
  const sum = ranks([...experiment, ...control])
    .ranks.slice(0, m)
    .reduce((total, rank) => total + rank, 0)
  return (2 * sum - m * (m + 1)) / (2 * n * m)
}
