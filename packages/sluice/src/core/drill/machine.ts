/**
 * A rollback drill: a real rollback and the return from it, proved by what the data plane shows, with the times it took. Durable, so that a control plane that dies in the middle comes
 * back to return.
 *
 * | status   | event                                      | next                                          |
 * |----------|--------------------------------------------|-----------------------------------------------|
 * | absent   | drill_started                              | drilling (back)                               |
 * | drilling | effect_succeeded                           | drilling (dwell · return) · ended             |
 * | drilling | effect_failed, effect_unknown, time_passed | drilling                                      |
 * | drilling | stay_requested                             | ended (stayed)                                |
 * | drilling | work_parked                                | ended (failed)                                |
 */
import { isAwaited, laneAt, nearLane, performing } from '../lane.ts'
import { limits } from '../limits.ts'
import type { Decision, Machine } from '../machine.ts'
import { unreachable } from '../machine.ts'
import { retryDelayMs } from '../rollout/effects.ts'
import type { DrillEffect, DrillEvent, DrillLeg, DrillPhase, DrillProof, DrillResult, DrillState } from './types.ts'

type Drilling = Extract<DrillState, { status: 'drilling' }>
type Ended = Extract<DrillState, { status: 'ended' }>
type DrillDecision = Decision<DrillState, DrillEffect>

const unchanged = (state: DrillState): DrillDecision => ({ state, effects: [] })

const decide = (state: DrillState, event: DrillEvent): DrillDecision => {
  if (state.status === 'ended') return unchanged(state)
  if (state.status === 'absent') return event.type === 'drill_started' ? start(event) : unchanged(state)
  switch (event.type) {
    case 'drill_started':
      return unchanged(state)
    case 'effect_succeeded':
      return isAwaited(state.lane, event.sequence) ? wasPerformed(state, event.result, event.at) : unchanged(state)
    case 'effect_failed':
    case 'effect_unknown':
      return isAwaited(state.lane, event.sequence) ? later(state, event.at) : unchanged(state)
    case 'time_passed':
      return timePassed(state, event.at)
    case 'stay_requested': {
      const why = event.reason === null ? '' : `: ${event.reason}`
      return unchanged(end(state, { outcome: 'stayed', detail: `${event.by.name} rolled back${why}`, at: event.at }))
    }
    case 'work_parked':
      return unchanged(end(state, { outcome: 'failed', detail: event.detail, at: event.at }))
    default:
      return unreachable(event)
  }
}

const start = ({ plan, at }: Extract<DrillEvent, { type: 'drill_started' }>): DrillDecision =>
  issue(
    {
      status: 'drilling',
      plan,
      startedAt: at,
      sequence: 0,
      phase: 'back',
      lane: { kind: 'due', at },
      attempt: 1,
      back: null,
    },
    at,
  )

const actionOf = ({ phase, plan }: Drilling): DrillEffect['action'] => {
  if (phase === 'back') return { kind: 'go', to: plan.target, from: plan.serving }
  return phase === 'return'
    ? { kind: 'go', to: plan.serving, from: plan.target }
    : { kind: 'prove', release: plan.target }
}

const issue = (state: Drilling, at: number): DrillDecision => {
  const sequence = state.sequence + 1
  const action = actionOf(state)
  const effect: DrillEffect = {
    sequence,
    key: `${state.plan.id}/${state.phase}/${action.kind}`,
    fence: { token: 0, sequence },
    deadlineMs: action.kind === 'go' ? limits.drillLegMsMax : limits.measureDeadlineMs,
    action,
  }
  return { state: { ...state, sequence, lane: performing(effect, at) }, effects: [effect] }
}

const enter = (state: Drilling, phase: DrillPhase, at: number): DrillDecision =>
  issue({ ...state, phase, attempt: 1 }, at)

/** The same under the same key: a rollout that was asked for twice is one. */
const later = (state: Drilling, at: number): DrillDecision =>
  unchanged({
    ...state,
    attempt: state.attempt + 1,
    lane: { kind: 'due', at: at + retryDelayMs(state.attempt) },
  })

const timePassed = (state: Drilling, at: number): DrillDecision => {
  const lane = nearLane(state.lane, state.phase === 'dwell' ? state.plan.dwellMs : limits.retryDelayMsMax, at)
  if (lane !== state.lane) return unchanged({ ...state, lane })
  if (at < laneAt(lane)) return unchanged(state)
  if (lane.kind === 'performing') return later(state, at)
  return state.phase === 'dwell' ? enter(state, 'prove', at) : issue(state, at)
}

const wasPerformed = (state: Drilling, result: DrillResult, at: number): DrillDecision => {
  switch (result.kind) {
    case 'went':
      return went(state, result.leg, at)
    case 'proved':
      return proved(state, result.proof, at)
    case 'failed':
      return unchanged(end(state, { outcome: 'failed', detail: result.detail, at }))
    default:
      return unreachable(result)
  }
}

const went = (state: Drilling, leg: DrillLeg, at: number): DrillDecision => {
  if (state.phase === 'back') {
    const lane = { kind: 'due', at: at + state.plan.dwellMs } as const
    return unchanged({ ...state, phase: 'dwell', attempt: 1, back: leg, lane })
  }
  const detail = `back in ${state.back?.tookMs ?? 0} ms, returned in ${leg.tookMs} ms`
  const isProved = isWhole(leg.proof) && state.back !== null && isWhole(state.back.proof)
  const ending = isProved
    ? ({ outcome: 'passed', detail } as const)
    : ({ outcome: 'failed', detail: `${detail}, but the data plane does not show all traffic there` } as const)
  return unchanged(end(state, { ...ending, at, leg }))
}

/** What was seen at the end of the dwell is the proof: by then it had time to answer. Whatever it is, the drill returns. */
const proved = (state: Drilling, proof: DrillProof, at: number): DrillDecision =>
  state.back === null ? unchanged(state) : enter({ ...state, back: { ...state.back, proof } }, 'return', at)

const isWhole = ({ shareBp }: DrillProof): boolean => shareBp === 10_000

type Ending = Pick<Ended, 'outcome' | 'detail'> & { readonly at: number; readonly leg?: DrillLeg }

const end = (state: Drilling, { outcome, detail, at, leg }: Ending): Ended => ({
  status: 'ended',
  plan: state.plan,
  startedAt: state.startedAt,
  sequence: state.sequence,
  endedAt: at,
  outcome,
  detail,
  back: state.back,
  return: leg ?? null,
})

/** See the table above. */
export const drillMachine: Machine<DrillState, DrillEvent, DrillEffect> = {
  name: 'drill',
  version: 1,
  decide,
  outstanding: (state) => (state.status === 'drilling' && state.lane.kind === 'performing' ? [state.lane.effect] : []),
  nextAt: (state) => (state.status === 'drilling' ? laneAt(state.lane) : null),
  settled: (state) => state.status === 'ended',
}
