/** The judge's own lane: measures whenever both arms have traffic, whatever the step, paused or not. */
import { foldOutside } from '../judge/outside/fold.ts'
import { judgeOutside, withOutside } from '../judge/outside/verdict.ts'
import { type Demand, judge, type Measurement } from '../judge/verdict.ts'
import { type Advancing, issue, type RolloutDecision, unchanged } from './effects.ts'
import { rampAfter, shareAsked } from './exposure.ts'
import { accrued, enter, finishStep, takeUp } from './forward.ts'
import { turnBack, wayBack } from './revert.ts'
import type { VerdictRecord } from './types.ts'

/** Time to look. */
export const measure = (state: Advancing, at: number, silentSince: number | null): RolloutDecision => {
  const effect = issue(state, 'guard', { kind: 'measure' })
  const guard = { kind: 'measuring', effect, deadlineAt: at + effect.deadlineMs, silentSince } as const
  return { state: { ...state, sequence: effect.sequence, guard }, effects: [effect] }
}

/** The source said nothing: look again, and pause the rollout once it has been silent too long. */
export const wasSilent = (state: Advancing, at: number, detail: string): RolloutDecision => {
  if (state.guard.kind !== 'measuring') return unchanged(state)
  const silentSince = state.guard.silentSince ?? at
  const guard = { kind: 'due', at: at + state.plan.spec.judge.intervalMs, silentSince } as const
  const isBroken = at - silentSince >= state.plan.spec.judge.staleAfterMs
  const paused = state.paused ?? (isBroken ? ({ kind: 'broken', detail } as const) : null)
  return unchanged({ ...state, guard, paused })
}

/** The source answered: judge it. */
export const wasMeasured = (before: Advancing, measurement: Measurement, at: number): RolloutDecision => {
  const { spec } = before.plan
  const outside = foldOutside(before.outside, measurement.outside, { spec, at })
  const state = outside === undefined ? before : { ...before, outside }
  const seen = judge(measurement, { policy: spec.judge, demand: demandOf(state, at) }, at)
  const verdict = withOutside(seen, judgeOutside(outside, spec, at))
  if (verdict.verdict === 'fail') return fail({ ...state, lastVerdict: verdict }, verdict, at)
  if (verdict.verdict === 'broken') return wasSilent({ ...state, lastVerdict: verdict }, at, verdict.detail)
  const guard = { kind: 'due', at: at + spec.judge.intervalMs, silentSince: null } as const
  const judged = { ...state, guard, lastVerdict: verdict }
  if (state.paused?.kind === 'broken') return takeUp(judged, at)
  return verdict.verdict === 'pass' && state.paused === null ? passed(judged, verdict, at) : unchanged(judged)
}

const nothingAsked: Demand = { baked: false, unitsMin: 0 }

const demandOf = ({ plan, index, stage }: Advancing, at: number): Demand => {
  const step = plan.steps[index]
  if (step?.kind !== 'judge' || stage.kind !== 'resting') return nothingAsked
  const { bakeMs, unitsMin } = step
  // Where proof is asked for, time alone never ends it.
  const isProof = step.until === 'proven'
  const asked = { baked: !isProof && accrued(stage, bakeMs, at) >= bakeMs, unitsMin, horizonMs: bakeMs }
  const { prove, latency } = plan.spec.judge
  if (prove === undefined && !isProof) return asked
  const [onward] = rampAfter(plan.steps, index)
  // The budget counts bad answers, not slow ones: where those are judged too, only a proof ends a step early.
  const mayGoOn = onward !== undefined && latency === undefined
  return { ...asked, proof: 'suffices', ...(mayGoOn ? { onwardBp: onward.shareBp } : {}) }
}

/**
 * On to the next share, or, where there is an exposure budget, to the largest planned one that it allows; none: what is there stays, and is judged on. The last
 * step to all of the traffic is asked like any other.
 */
const passed = (state: Advancing, verdict: VerdictRecord, at: number): RolloutDecision => {
  const { nextShareBp } = verdict
  if (nextShareBp === undefined) return finishStep(state, at)
  const ramp = rampAfter(state.plan.steps, state.index)
  if (ramp.length === 0 && nextShareBp >= shareAsked(state.plan, state.index)) return finishStep(state, at)
  const next = ramp.findLast(({ shareBp }) => shareBp <= nextShareBp)
  if (next !== undefined) return enter(state, next.index, at)
  const detail = `no larger share fits the exposure budget of ${state.plan.spec.judge.exposureBudget} bad responses: ${verdict.detail}`
  return unchanged({ ...state, lastVerdict: { ...verdict, verdict: 'hold', detail } })
}

/** Evidence against the candidate: turn back, with the numbers as the cause. */
const fail = (state: Advancing, verdict: VerdictRecord, at: number): RolloutDecision =>
  turnBack({ ...state, lastVerdict: verdict }, { route: wayBack(state), cause: { kind: 'judged', verdict } }, at)
