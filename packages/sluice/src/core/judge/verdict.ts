import type { JudgePolicy } from '../model.ts'
import type { EffectResult, VerdictRecord } from '../rollout/types.ts'

/** What the source said about the two arms. */
export type Measurement = Extract<EffectResult, { kind: 'measured' }>

/** How much evidence a step asks for before the absence of alarm counts as a pass. */
export type Demand = { readonly baked: boolean; readonly unitsMin: number }

/** What a measurement is held against. */
export type Standard = { readonly policy: JudgePolicy; readonly demand: Demand }

const percent = ({ units, badUnits }: { units: number; badUnits: number }): string =>
  units === 0 ? 'nothing measured' : `${badUnits} of ${units} bad (${((100 * badUnits) / units).toFixed(2)} %)`

/**
 * The four verdicts. `fail`: the evidence crossed 1/α. `broken`: the source is stale or has no evidence to give. `pass`: baked, with
 * the minimum of units, and no fail. `hold`: anything else; a lack of data is never a pass.
 */
export const judge = (measurement: Measurement, { policy, demand }: Standard, now: number): VerdictRecord => {
  const { candidate, stable, shareBp, tripped } = measurement
  // A number that is none is no evidence.
  const logE = Number.isNaN(measurement.logE) ? null : measurement.logE
  const record = (verdict: VerdictRecord['verdict'], detail: string): VerdictRecord => ({
    verdict,
    at: now,
    logE: logE ?? 0,
    shareBp,
    candidate,
    stable,
    detail,
  })
  const counts = `candidate ${percent(candidate)}, stable ${percent(stable)}`
  if (tripped) return record('fail', `the tripwire cut the candidate: ${counts}`)
  const ageMs = now - measurement.observedAt
  // Written so that a number that is none counts as stale. Counts from the future are as useless: one of the two clocks is wrong.
  if (!(Math.abs(ageMs) <= policy.staleAfterMs))
    return record('broken', `the newest counts are ${ageMs} ms old (limit ${policy.staleAfterMs} ms)`)
  if (logE === null) return record('broken', 'the source keeps no evidence for this rollout')
  const rate = candidate.units === 0 ? 0 : candidate.badUnits / candidate.units
  if (logE >= -Math.log(policy.alpha) && rate > policy.ignoreBelow) return record('fail', counts)
  if (demand.baked && candidate.units >= demand.unitsMin && candidate.units > 0) return record('pass', counts)
  if (demand.baked)
    return record('hold', `${candidate.units} of at least ${demand.unitsMin} candidate units seen: ${counts}`)
  return record('hold', counts)
}
