import type { JudgePolicy } from '../model.ts'
import type { EffectResult, VerdictRecord } from '../rollout/types.ts'
import { assess, type Assessment, proofOf } from './assess.ts'
import { allShares, nextShare } from './next-share.ts'

/** What the source said about the two arms. */
export type Measurement = Extract<EffectResult, { kind: 'measured' }>

/** How much evidence a step asks for before the absence of alarm counts as a pass. */
export type Demand = {
  readonly baked: boolean
  readonly unitsMin: number
  /** Being proven good ends the step before it is baked. */
  readonly proof?: 'suffices'
  /** How long the next share would last at most; asks which one the exposure budget allows. */
  readonly horizonMs?: number
  /** A larger share that is judged too (basis points): that the exposure budget allows it ends the step before it is baked. */
  readonly onwardBp?: number
}

/** What a measurement is held against. */
export type Standard = { readonly policy: JudgePolicy; readonly demand: Demand }

const percent = ({ units, badUnits }: { units: number; badUnits: number }): string =>
  units === 0 ? 'nothing measured' : `${badUnits} of ${units} bad (${percentage(badUnits, units)} %)`

const percentage = (badUnits: number, units: number): string =>
  badUnits === 0 ? '0.00' : ((100 * badUnits) / units).toFixed(2)

/**
 * The four verdicts. `fail`: the evidence crossed 1/α. `broken`: the source is stale, has no evidence to give, or counts what is not independent.
 * `pass`: baked, or proven good where that suffices, or good enough for a larger share that is judged too, with the minimum of units, and no fail. `hold`: anything else; a lack of data is never a pass.
 */
export const judge = (measurement: Measurement, { policy, demand }: Standard, now: number): VerdictRecord => {
  const { candidate, stable, shareBp, tripped, statistics } = measurement
  const assessment = statistics === undefined ? null : assess(statistics, policy)
  const isAsked = policy.prove !== undefined || demand.proof === 'suffices'
  const proof = statistics === undefined || !isAsked ? null : proofOf(statistics, policy)
  const logE = numberOf(assessment === null ? measurement.logE : assessment.logE)
  const next = nextOf(measurement, { policy, demand })
  const record = (verdict: VerdictRecord['verdict'], detail: string): VerdictRecord => {
    const plain = { verdict, at: now, logE: logE ?? 0, shareBp, candidate, stable, detail }
    if (statistics === undefined) return plain
    return { ...plain, ...metricsOf(assessment), ...boundsOf(proof), ...next }
  }
  const counts = countsOf(measurement, assessment)
  if (tripped) return record('fail', `the tripwire cut the candidate: ${counts}`)
  const ageMs = now - measurement.observedAt
  // Written so that a number that is none counts as stale. Counts from the future are as useless: one of the two clocks is wrong.
  if (!(Math.abs(ageMs) <= policy.staleAfterMs))
    return record('broken', `the newest counts are ${ageMs} ms old (limit ${policy.staleAfterMs} ms)`)
  if (logE === null) return record('broken', 'the source keeps no evidence for this rollout')
  const dependent = assessment?.dependent ?? null
  if (dependent !== null)
    return record(
      'broken',
      `not independent: by ${dependent}, the stable arm differs from itself; counts would prove nothing`,
    )
  if (isFailed({ measurement, assessment, policy })) return record('fail', counts)
  const isProven = demand.proof === 'suffices' && proof?.isGood === true
  const isOver = demand.baked || isProven || (next.nextShareBp ?? 0) >= (demand.onwardBp ?? Infinity)
  if (isOver && candidate.units >= demand.unitsMin && candidate.units > 0) return record('pass', counts)
  if (isOver) return record('hold', `${candidate.units} of at least ${demand.unitsMin} candidate units seen: ${counts}`)
  return record('hold', counts)
}

/** A number that is none is no evidence. An infinite one stays: some alternative explains it with certainty. */
const numberOf = (value: number | null): number | null => (Number.isNaN(value) ? null : value)

/** What the verdict is judged by besides the clock. */
type Judged = {
  readonly measurement: Measurement
  readonly assessment: Assessment | null
  readonly policy: JudgePolicy
}

const isFailed = ({ measurement, assessment, policy }: Judged): boolean => {
  const limit = -Math.log(policy.alpha)
  if (assessment !== null) return assessment.countedLogE >= limit
  const { candidate, logE } = measurement
  const rate = candidate.units === 0 ? 0 : candidate.badUnits / candidate.units
  return logE !== null && logE >= limit && rate > policy.ignoreBelow
}

/** The counts that decide: those of the metric that speaks most against the candidate. */
const countsOf = ({ candidate, stable }: Measurement, assessment: Assessment | null): string => {
  const found = assessment?.metrics.find(({ metric }) => metric === assessment.deciding)
  if (found === undefined || found.metric === 'errors')
    return `candidate ${percent(candidate)}, stable ${percent(stable)}`
  return `${found.metric}: candidate ${percent(found.candidate)}, stable ${percent(found.stable)}`
}

/** The largest share that the exposure budget allows next; 0 when it allows none. */
const nextOf = (
  { statistics, observedAt }: Measurement,
  { policy, demand: { horizonMs } }: Standard,
): Pick<VerdictRecord, 'nextShareBp'> => {
  if (horizonMs === undefined || statistics === undefined || policy.exposureBudget === undefined) return {}
  const requests = statistics.candidate.requests + statistics.stable.requests
  const requestsPerMs = requests / Math.max(1, observedAt - statistics.since)
  const allowed = allShares.map((shareBp) => ({ shareBp, horizonMs }))
  return { nextShareBp: nextShare({ statistics, policy, allowed, requestsPerMs }) ?? 0 }
}

const metricsOf = (assessment: Assessment | null): Pick<VerdictRecord, 'metric' | 'metrics'> => {
  if (assessment === null) return {}
  const { deciding, metrics } = assessment
  return metrics.length > 1 ? { metric: deciding, metrics } : { metric: deciding }
}

const boundsOf = (proof: ReturnType<typeof proofOf> | null): Pick<VerdictRecord, 'proven' | 'bounds'> => {
  if (proof === null) return {}
  const bounds = proof.proofs.map(({ metric, ratioUpper, rateUpper }) => ({ metric, ratioUpper, rateUpper }))
  return { proven: proof.isGood, bounds }
}
