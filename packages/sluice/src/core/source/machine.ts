/**
 * An arrival: somebody told of a commit. What was told is a hint; the ref is fetched from the remote, and what is there is what counts.
 *
 * | status   | event                                      | next                                    |
 * |----------|--------------------------------------------|-----------------------------------------|
 * | absent   | arrival_received                           | received · ignored                      |
 * | received | effect_succeeded                           | fetched · ignored                       |
 * | received | effect_failed, effect_unknown, time_passed | received · failed                       |
 * | received | work_parked                                | failed                                  |
 * | fetched  | effect_succeeded                           | started · ignored · received            |
 * | fetched  | effect_failed, effect_unknown, time_passed | fetched · failed                        |
 * | fetched  | work_parked                                | failed                                  |
 * | started  | redeliver_requested                        | received                                |
 * | ignored  | redeliver_requested                        | received                                |
 * | failed   | redeliver_requested                        | received                                |
 *
 * One that was overtaken by another fetch of its ref is fetched once more. One that was ignored as it was received stays so. The same word told twice is one arrival, because its id is made from it. Which of several arrivals a moved ref belongs to says `remote.ts`.
 */
import { isAwaited, laneAt, nearLane, performing } from '../lane.ts'
import { limits } from '../limits.ts'
import { type Decision, type Machine, unreachable } from '../machine.ts'
import type { CommitId } from '../model.ts'
import type { Arrival, ArrivalEffect, ArrivalEvent, ArrivalResult, ArrivalState, RefMark } from './types.ts'

type Received = Extract<ArrivalState, { status: 'received' }>
type Fetched = Extract<ArrivalState, { status: 'fetched' }>
type Busy = Received | Fetched
type ArrivalDecision = Decision<ArrivalState, ArrivalEffect>

const unchanged = (state: ArrivalState): ArrivalDecision => ({ state, effects: [] })

const decide = (state: ArrivalState, event: ArrivalEvent): ArrivalDecision => {
  if (state.status === 'absent') return event.type === 'arrival_received' ? receive(event) : unchanged(state)
  if (!isBusy(state))
    return event.type === 'redeliver_requested' && !isRefused(state) ? again(state, event.at) : unchanged(state)
  switch (event.type) {
    case 'arrival_received':
    case 'redeliver_requested':
      return unchanged(state)
    case 'effect_succeeded':
      return isAwaited(state.lane, event.sequence) ? wasPerformed(state, event.result, event.at) : unchanged(state)
    case 'effect_failed': {
      if (!isAwaited(state.lane, event.sequence)) return unchanged(state)
      const { retry, detail } = event.failure
      return retry === 'never' ? fail(state, detail, event.at) : later(state, detail, event.at)
    }
    case 'effect_unknown':
      return isAwaited(state.lane, event.sequence) ? later(state, event.detail, event.at) : unchanged(state)
    case 'time_passed':
      return timePassed(state, event.at)
    case 'work_parked':
      return fail(state, event.detail, event.at)
    default:
      return unreachable(event)
  }
}

const isBusy = (state: ArrivalState): state is Busy => state.status === 'received' || state.status === 'fetched'

/** Whether nothing was to come of it when it was told: a pull request from a fork, for one. No person's wish changes what it is. */
export const isRefused = (state: Arrival): boolean => state.status === 'ignored' && state.sequence === 0

const receive = ({ hint, because, at }: Extract<ArrivalEvent, { type: 'arrival_received' }>): ArrivalDecision => {
  const known = { hint, receivedAt: at, turn: 1, sequence: 0 }
  if (because !== null) return unchanged({ ...known, status: 'ignored', because, commit: null, settledAt: at })
  return issue({ ...known, status: 'received', lane: { kind: 'due', at }, attempt: 1, trouble: null }, at)
}

/** Somebody wants it once more: fetched again, and started even if a run of the same commit was. */
const again = ({ hint, receivedAt, turn, sequence }: Arrival, at: number): ArrivalDecision =>
  issue(
    {
      status: 'received',
      hint,
      receivedAt,
      turn: turn + 1,
      sequence,
      lane: { kind: 'due', at },
      attempt: 1,
      trouble: null,
    },
    at,
  )

/** The key has the turn in it, not the attempt: what was started under it once is found under it again. */
const issue = (state: Busy, at: number): ArrivalDecision => {
  const sequence = state.sequence + 1
  const action: ArrivalEffect['action'] =
    state.status === 'received' ? { kind: 'fetch' } : { kind: 'start', commit: state.commit }
  const effect: ArrivalEffect = {
    sequence,
    key: `${state.hint.id}/${state.turn}/${action.kind}`,
    fence: { token: 0, sequence },
    deadlineMs: limits.fetchDeadlineMs,
    action,
  }
  return { state: { ...state, sequence, lane: performing(effect, at) }, effects: [effect] }
}

const later = (state: Busy, trouble: string, at: number): ArrivalDecision => {
  if (state.attempt >= limits.fetchAttemptsMax) return fail(state, trouble, at)
  const pauseMs = Math.min(limits.fetchDelayMsMax, limits.fetchDelayMsMin * 2 ** (state.attempt - 1))
  return unchanged({ ...state, trouble, attempt: state.attempt + 1, lane: { kind: 'due', at: at + pauseMs } })
}

const timePassed = (state: Busy, at: number): ArrivalDecision => {
  const lane = nearLane(state.lane, limits.fetchDelayMsMax, at)
  if (lane !== state.lane) return unchanged({ ...state, lane })
  if (at < laneAt(lane)) return unchanged(state)
  if (lane.kind === 'performing') return later(state, 'it took too long', at)
  return issue(state, at)
}

const wasPerformed = (state: Busy, result: ArrivalResult, at: number): ArrivalDecision => {
  switch (result.kind) {
    case 'fetched':
      if (state.status === 'fetched') return unchanged(state)
      return fetched(state, result, at)
    case 'started':
      if (state.status === 'received') return unchanged(state)
      return unchanged({ ...knownOf(state), status: 'started', commit: state.commit, runs: result.runs, settledAt: at })
    case 'ignored':
      return ignore(state, { because: result.because, commit: commitOf(state), at })
    case 'overtaken':
      return state.status === 'received' ? unchanged(state) : overtaken(state, at)
    default:
      return unreachable(result)
  }
}

const fetched = (
  state: Received,
  { object, commit, over }: Extract<ArrivalResult, { kind: 'fetched' }>,
  at: number,
): ArrivalDecision => {
  const known = over === undefined ? {} : { over }
  if (object === null) return ignore(state, { because: goneFrom(state), commit: null, at, ...known })
  return issue({ ...state, ...known, status: 'fetched', fetchedAt: at, object, commit, attempt: 1, trouble: null }, at)
}

/** A pause before it, as after a failure: whoever overtook it may not be the last. */
const overtaken = (state: Fetched, at: number): ArrivalDecision =>
  later(
    { ...knownOf(state), status: 'received', lane: state.lane, attempt: 1, trouble: null },
    `${state.hint.ref} was fetched for another arrival meanwhile`,
    at,
  )

const goneFrom = ({ hint }: Busy): string =>
  hint.after === null ? `${hint.ref} was deleted` : `${hint.ref} is not there any more`

const commitOf = (state: Busy): CommitId | null => (state.status === 'fetched' ? state.commit : null)

const knownOf = ({
  hint,
  receivedAt,
  turn,
  sequence,
}: Busy): Pick<Busy, 'hint' | 'receivedAt' | 'turn' | 'sequence'> => ({
  hint,
  receivedAt,
  turn,
  sequence,
})

type Ignoring = {
  readonly because: string
  readonly commit: CommitId | null
  readonly at: number
  readonly over?: RefMark | null
}

const ignore = (state: Busy, { at, ...why }: Ignoring): ArrivalDecision =>
  unchanged({ ...knownOf(state), status: 'ignored', ...why, settledAt: at })

const fail = (state: Busy, detail: string, at: number): ArrivalDecision =>
  unchanged({ ...knownOf(state), status: 'failed', detail, commit: commitOf(state), settledAt: at })

/** See the file's header. */
export const arrivalMachine: Machine<ArrivalState, ArrivalEvent, ArrivalEffect> = {
  name: 'arrival',
  version: 1,
  decide,
  outstanding: (state) => (isBusy(state) && state.lane.kind === 'performing' ? [state.lane.effect] : []),
  nextAt: (state) => (isBusy(state) ? laneAt(state.lane) : null),
  settled: (state) => state.status !== 'absent' && !isBusy(state),
}
