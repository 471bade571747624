/**
 * The watch over a release after its promotion: it looks at what the data plane counts for as long as the config says, and starts the rollback by itself when a declared limit is
 * exceeded for long enough. One begins with each rollout that succeeded where triggers are configured, and needs no holdback.
 *
 * | status    | event                                        | next                                                  |
 * |-----------|----------------------------------------------|-------------------------------------------------------|
 * | absent    | watch_started                                | watching                                              |
 * | watching  | time_passed                                  | watching (looks)                                      |
 * | watching  | effect_succeeded                             | watching · returning (a trigger fired) · ended        |
 * | watching  | effect_failed, effect_unknown                | watching                                              |
 * | returning | effect_succeeded                             | returning (busy) · ended                              |
 * | returning | effect_failed, effect_unknown, time_passed   | returning                                             |
 * | watching  | work_parked                                  | ended                                                 |
 * | returning | work_parked                                  | ended                                                 |
 *
 * Time counts only where it was looked at, and no more than two intervals a look: neither a clock jump nor a control plane that was away makes a watch end early or a trigger fire.
 */
import { isAwaited, laneAt, nearLane, performing } from '../lane.ts'
import { limits } from '../limits.ts'
import type { Decision, Machine } from '../machine.ts'
import { unreachable } from '../machine.ts'
import { retryDelayMs } from '../rollout/effects.ts'
import { weigh } from './triggers.ts'
import type { Triggered, WatchEffect, WatchEvent, WatchReading, WatchResult, WatchState } from './types.ts'

type Watching = Extract<WatchState, { status: 'watching' }>
type Returning = Extract<WatchState, { status: 'returning' }>
type Ended = Extract<WatchState, { status: 'ended' }>
type Live = Watching | Returning
type WatchDecision = Decision<WatchState, WatchEffect>

const unchanged = (state: WatchState): WatchDecision => ({ state, effects: [] })

const decide = (state: WatchState, event: WatchEvent): WatchDecision => {
  if (state.status === 'ended') return unchanged(state)
  if (state.status === 'absent') return event.type === 'watch_started' ? unchanged(start(event)) : unchanged(state)
  switch (event.type) {
    case 'watch_started':
      return unchanged(state)
    case 'effect_succeeded':
      return isAwaited(state.lane, event.sequence) ? wasPerformed(state, event.result, event.at) : unchanged(state)
    case 'effect_failed':
    case 'effect_unknown':
      return isAwaited(state.lane, event.sequence) ? later(state, event.at) : unchanged(state)
    case 'time_passed':
      return timePassed(state, event.at)
    case 'work_parked':
      return unchanged(end(state, { outcome: 'refused', detail: event.detail, at: event.at }))
    default:
      return unreachable(event)
  }
}

const start = ({ plan, at }: Extract<WatchEvent, { type: 'watch_started' }>): Watching => ({
  status: 'watching',
  plan,
  startedAt: at,
  sequence: 0,
  lane: { kind: 'due', at },
  watchedMs: 0,
  last: null,
  first: null,
  alarms: [],
})

const timePassed = (state: Live, at: number): WatchDecision => {
  const lane = nearLane(state.lane, pauseMs(state), at)
  if (lane !== state.lane) return unchanged({ ...state, lane })
  if (at < laneAt(lane)) return unchanged(state)
  return lane.kind === 'performing' ? later(state, at) : issue(state, at)
}

const pauseMs = (state: Live): number =>
  state.status === 'watching' ? state.plan.triggers.intervalMs : retryDelayMs(state.attempt)

const issue = (state: Live, at: number): WatchDecision => {
  const sequence = state.sequence + 1
  const { rollout, health } = state.plan
  const effect: WatchEffect =
    state.status === 'watching'
      ? {
          sequence,
          key: `${rollout}/watch/look`,
          fence: { token: 0, sequence },
          deadlineMs: limits.measureDeadlineMs + health.timeoutMs,
          action: { kind: 'look' },
        }
      : {
          sequence,
          key: `${rollout}/watch/roll_back`,
          fence: { token: 0, sequence },
          deadlineMs: limits.callMarginMs,
          action: { kind: 'roll_back', triggered: state.triggered },
        }
  return { state: { ...state, sequence, lane: performing(effect, at) }, effects: [effect] }
}

/** Nothing came of it, or nobody knows: the same again after a pause. A rollback asked for twice under its key is one. */
const later = (state: Live, at: number): WatchDecision => {
  const next = state.status === 'returning' ? { ...state, attempt: state.attempt + 1 } : state
  return unchanged({ ...next, lane: { kind: 'due', at: at + pauseMs(state) } })
}

const wasPerformed = (state: Live, result: WatchResult, at: number): WatchDecision => {
  switch (result.kind) {
    case 'looked':
      return state.status === 'watching' ? looked(state, result.reading, at) : later(state, at)
    case 'busy':
      return later(state.status === 'watching' ? { ...state, last: null, alarms: [] } : state, at)
    case 'superseded':
      return unchanged(end(state, { outcome: 'superseded', detail: result.detail, at }))
    case 'rollback_started':
      return unchanged(
        end(state, { outcome: 'rolled_back', detail: triggeredOf(state)?.detail ?? '', at, rollback: result.rollout }),
      )
    case 'rollback_refused':
      return unchanged(end(state, { outcome: 'refused', detail: result.detail, at }))
    default:
      return unreachable(result)
  }
}

const looked = (state: Watching, reading: WatchReading, at: number): WatchDecision => {
  const { triggers } = state.plan
  const { last } = state
  const countedMs = last === null ? 0 : Math.min(Math.max(0, at - last.at), 2 * triggers.intervalMs)
  const before = last?.reading ?? null
  const { alarms, triggered } = weigh(triggers, state.alarms, { before, now: reading, countedMs, at })
  if (triggered !== null) return fire(state, triggered, at)
  const watchedMs = state.watchedMs + countedMs
  const first = state.first ?? reading.requests
  const next: Watching = {
    ...state,
    alarms,
    first,
    watchedMs,
    last: { reading, at },
    lane: { kind: 'due', at: at + triggers.intervalMs },
  }
  // An alarm that began in time is seen to its end, but not for ever.
  if (watchedMs < triggers.watchMs * (alarms.length > 0 ? 2 : 1)) return unchanged(next)
  const units = reading.requests.units - first.units
  const isMeasured = units > 0
  const outcome = isMeasured ? 'passed' : 'unmeasured'
  const counts = `${reading.requests.badUnits - first.badUnits} of ${units} responses bad`
  return unchanged(end(next, { outcome, detail: isMeasured ? counts : 'no request came', at }))
}

const fire = (state: Watching, triggered: Triggered, at: number): WatchDecision => {
  const { plan, startedAt, sequence } = state
  const lane = { kind: 'due', at } as const
  return issue({ status: 'returning', plan, startedAt, sequence, lane, triggered, attempt: 1 }, at)
}

const triggeredOf = (state: Live): Triggered | null => (state.status === 'returning' ? state.triggered : null)

type Ending = Pick<Ended, 'outcome' | 'detail'> & { readonly at: number; readonly rollback?: Ended['rollback'] }

const end = (state: Live, { outcome, detail, at, rollback = null }: Ending): Ended => ({
  status: 'ended',
  plan: state.plan,
  startedAt: state.startedAt,
  sequence: state.sequence,
  endedAt: at,
  outcome,
  detail,
  triggered: triggeredOf(state),
  rollback,
})

const laneOf = (state: WatchState): Live['lane'] | null =>
  state.status === 'watching' || state.status === 'returning' ? state.lane : null

/** See the table above. */
export const watchMachine: Machine<WatchState, WatchEvent, WatchEffect> = {
  name: 'watch',
  version: 1,
  decide,
  outstanding: (state) => {
    const lane = laneOf(state)
    return lane?.kind === 'performing' ? [lane.effect] : []
  },
  nextAt: (state) => {
    const lane = laneOf(state)
    return lane === null ? null : laneAt(lane)
  },
  settled: (state) => state.status === 'ended',
}
