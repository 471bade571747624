/**
 * From cumulative counts to evidence: a pure fold, one look at a time.
 *
 * Between two looks the candidate had `n` units of which `x` were bad, the stable `m` and `y`. The batch multiplies the evidence of each
 * alternative by (θ1/θ0)^x · ((1 − θ1)/(1 − θ0))^y at the observed share w = n/(n + m); the order of the events inside does not matter, because
 * nobody looks between them. It is a supermartingale still: with independent units, candidate's rate p ≤ tol·q and a = θ1/θ0, b = (1 − θ1)/(1 − θ0),
 * the expected factor is (1 + p(a − 1))^n · (1 + q(b − 1))^m ≤ exp(q·(tol·n·(a − 1) + m·(b − 1))), and with θ0 = tol·n/(tol·n + m) that exponent
 * is (tol·n + m)·((θ1 − θ0) + (θ0 − θ1)) = 0. So Ville's bound holds at every look, whatever the shares were.
 */
import { type Evidence, noEvidence, stepOf } from '../eprocess.ts'
import type {
  ArmCount,
  CountedMetric,
  ExternalReading,
  ExternalState,
  MetricReading,
  MetricState,
  OutsideReadings,
  OutsideSpec,
  OutsideState,
} from './types.ts'

/** What is known after one more look; undefined where nobody is to be asked. */
export const foldOutside = (
  before: OutsideState | undefined,
  readings: OutsideReadings | undefined,
  { spec, at }: { readonly spec: OutsideSpec; readonly at: number },
): OutsideState | undefined => {
  if (spec.metrics === undefined && spec.externalJudge === undefined) return undefined
  return {
    metrics: (spec.metrics?.metrics ?? []).map((metric) => {
      const known = before?.metrics.find((one) => one.metric === metric.name) ?? unknown(metric.name)
      const reading = readings?.metrics.find((one) => one.metric === metric.name)
      return reading === undefined ? known : foldReading({ ...known, askedAt: at }, reading, metric)
    }),
    external:
      spec.externalJudge === undefined ? null : foldExternal(before?.external ?? null, readings?.external ?? null, at),
  }
}

const none: ArmCount = { units: 0, badUnits: 0 }

const unknown = (metric: string): MetricState => ({
  metric,
  askedAt: 0,
  last: null,
  silent: 'it was never asked',
  candidate: none,
  stable: none,
  evidence: noEvidence,
})

/** One metric after one look. What cannot be compared with the look before (a new era, counts that went back) is where counting begins again. */
const foldReading = (state: MetricState, reading: MetricReading, metric: CountedMetric): MetricState => {
  if (reading.kind === 'silent') return { ...state, silent: reading.detail }
  const fault = faultOf(reading)
  if (fault !== null) return { ...state, silent: fault }
  const heard = { ...state, silent: null, last: reading }
  if (state.last === null || state.last.era !== reading.era) return heard
  const candidate = since(state.last.candidate, reading.candidate)
  const stable = state.last.stable === null || reading.stable === null ? none : since(state.last.stable, reading.stable)
  if (candidate === null || stable === null) return heard
  if (candidate.badUnits > candidate.units || stable.badUnits > stable.units)
    return { ...state, silent: 'more units went bad than there were: `bad` counts what `total` does not' }
  return {
    ...heard,
    candidate: plus(state.candidate, candidate),
    stable: plus(state.stable, stable),
    evidence: weighBatch(state.evidence, { candidate, stable }, metric.tolerance),
  }
}

/** Evidence after a batch: what both arms counted between two looks. */
export const weighBatch = (
  evidence: Evidence,
  { candidate, stable }: { readonly candidate: ArmCount; readonly stable: ArmCount },
  tolerance: number,
): Evidence => {
  const share = candidate.units / (candidate.units + stable.units)
  if (!(share > 0 && share < 1)) return evidence
  const step = candidate.badUnits + stable.badUnits === 0 ? null : stepOf(share, tolerance)
  if (step === null) return evidence
  return evidence.map(
    (value, index) =>
      value + candidate.badUnits * (step.candidate[index] ?? 0) + stable.badUnits * (step.stable[index] ?? 0),
  )
}

/** What was counted between two looks; null when a counter went back. */
const since = (before: ArmCount, now: ArmCount): ArmCount | null => {
  const units = now.units - before.units
  const badUnits = now.badUnits - before.badUnits
  return units < 0 || badUnits < 0 ? null : { units, badUnits }
}

const plus = (one: ArmCount, other: ArmCount): ArmCount => ({
  units: one.units + other.units,
  badUnits: one.badUnits + other.badUnits,
})

const isCount = (value: number): boolean => Number.isFinite(value) && value >= 0

const faultOf = ({ candidate, stable }: Extract<MetricReading, { kind: 'counted' }>): string | null => {
  const counts = [candidate.units, candidate.badUnits, stable?.units ?? 0, stable?.badUnits ?? 0]
  return counts.every(isCount) ? null : `counts that are none: ${counts.join(', ')}`
}

const foldExternal = (before: ExternalState | null, reading: ExternalReading | null, at: number): ExternalState => {
  const known = before ?? { askedAt: 0, answer: null, silent: 'it was never asked' }
  if (reading === null) return known
  if (reading.kind === 'silent') return { ...known, askedAt: at, silent: reading.detail }
  const { directive, reason } = reading
  return { askedAt: at, answer: { directive, reason, at }, silent: null }
}
