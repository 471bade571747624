/** The judge's own lane: measures whenever both arms have traffic, whatever the step, paused or not. */
import { foldOutside } from '../judge/outside/fold.ts'
import { judgeOutside, withOutside } from '../judge/outside/verdict.ts'
import { judge, type Measurement } from '../judge/verdict.ts'
import { type Advancing, issue, type RolloutDecision, unchanged } from './effects.ts'
import { accrued, finishStep, takeUp } from './forward.ts'
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
  const step = state.plan.steps[state.index]
  const demand =
    step?.kind === 'judge' && state.stage.kind === 'resting'
      ? { baked: accrued(state.stage, step.bakeMs, at) >= step.bakeMs, unitsMin: step.unitsMin }
      : { baked: false, unitsMin: 0 }
  const verdict = withOutside(judge(measurement, { policy: spec.judge, demand }, at), judgeOutside(outside, spec, at))
  if (verdict.verdict === 'fail') return fail({ ...state, lastVerdict: verdict }, verdict, at)
  if (verdict.verdict === 'broken') return wasSilent({ ...state, lastVerdict: verdict }, at, verdict.detail)
  const guard = { kind: 'due', at: at + spec.judge.intervalMs, silentSince: null } as const
  const judged = { ...state, guard, lastVerdict: verdict }
  if (state.paused?.kind === 'broken') return takeUp(judged, at)
  return verdict.verdict === 'pass' && state.paused === null ? finishStep(judged, at) : unchanged(judged)
}

/** Evidence against the candidate: turn back, with the numbers as the cause. */
export const fail = (state: Advancing, verdict: VerdictRecord, at: number): RolloutDecision =>
  turnBack({ ...state, lastVerdict: verdict }, { route: wayBack(state), cause: { kind: 'judged', verdict } }, at)
