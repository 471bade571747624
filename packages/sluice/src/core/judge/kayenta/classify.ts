/** The metric classifier of Kayenta's NetflixACAJudge-v1.0, exact but for the noise that it draws at random. */
import { mannWhitneyShift, type Samples, type Shift } from './mann-whitney.ts'
import { effectSize, withNoise } from './transforms.ts'
import type { Classification, ClassifierSettings, EffectBounds, MetricClassification } from './types.ts'

/** Classifies one metric; samples come without NaNs. Throws TiedObservations, which Kayenta's judge calls `Error`. */
export const classifyMetric = (samples: Samples, settings: ClassifierSettings): MetricClassification => {
  const { control, experiment } = samples
  if (control.length === 0 || experiment.length === 0) return classifyEmpty(settings)
  if (isSame(control, experiment)) return passed('control and experiment are identical', 'compared')
  const found = compare(samples, settings)
  const isCritical = settings.critical && isBeyond(found.classification, found.deviation, settings.criticalBounds)
  return { ...found, deviation: orNull(found.deviation), critical: isCritical, compared: true }
}

const passed = (reason: string, basis: 'compared' | 'unseen'): MetricClassification => ({
  classification: 'Pass',
  reason,
  deviation: 1,
  critical: false,
  compared: basis === 'compared',
})

/** No data on one side. With `replace`, Kayenta passes what it has never seen; Sluice's mapping does not. */
const classifyEmpty = ({ nanStrategy, mustHaveData, critical }: ClassifierSettings): MetricClassification => {
  if (nanStrategy === 'replace') return passed('no data, which the config replaces by zeros', 'unseen')
  const isFailing = mustHaveData && !critical
  return {
    classification: isFailing ? 'NodataFailMetric' : 'Nodata',
    reason: 'no data',
    deviation: 1,
    critical: critical && !isFailing,
    compared: false,
  }
}

const isSame = (a: readonly number[], b: readonly number[]): boolean => {
  const [one, other] = [a, b].map((values) => values.toSorted((x, y) => x - y))
  const isIdentical = a.length === b.length && one?.every((value, index) => value === other?.[index]) === true
  return isIdentical || new Set([...a, ...b]).size === 1
}

type Compared = {
  readonly classification: Classification
  readonly reason: string | null
  readonly deviation: number
}

const compare = (given: Samples, settings: ClassifierSettings): Compared => {
  const isConstant = new Set(given.control).size === 1 && new Set(given.experiment).size === 1
  const samples = isConstant ? { control: withNoise(given.control), experiment: withNoise(given.experiment) } : given
  const shift = mannWhitneyShift(samples, settings.confidence)
  const deviation = effectSize(samples, settings.effectMeasure)
  const side = sideOf(shift, settings)
  if (side === 'Pass' || !isBeyond(side, deviation, settings.allowed))
    return { classification: 'Pass', reason: null, deviation }
  return { classification: side, reason: sentence(side, shift), deviation }
}

/** Which side of the control the interval lies on, clear of a fraction of its own estimate. */
const sideOf = (
  { low, high, estimate }: Shift,
  { tolerance, direction }: ClassifierSettings,
): 'Pass' | 'High' | 'Low' => {
  const bound = tolerance * Math.abs(estimate)
  if (direction !== 'decrease' && low > bound) return 'High'
  if (direction !== 'increase' && high < -bound) return 'Low'
  return 'Pass'
}

/** Whether a shift is large enough to matter. One that is no number counts as large. */
const isBeyond = (side: Classification, deviation: number, bounds: EffectBounds): boolean => {
  if (side === 'High') return Number.isNaN(deviation) || deviation >= bounds.increase
  if (side === 'Low') return Number.isNaN(deviation) || deviation <= bounds.decrease
  return false
}

const sentence = (side: 'High' | 'Low', { low, high, estimate }: Shift): string =>
  `${side}: shifted by ${short(estimate)}, interval ${short(low)} to ${short(high)}`

const short = (value: number): string => String(Number(value.toPrecision(4)))

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value)
