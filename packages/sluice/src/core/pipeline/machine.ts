/**
 * The run machine: jobs of a frozen plan, each started the moment its needs are settled and there is room; between those that make the release and those
 * that take it somewhere, the gates are judged and the release is cut.
 *
 * | status   | event                                           | next                                                         |
 * |----------|-------------------------------------------------|--------------------------------------------------------------|
 * | absent   | run_planned                                     | running · judging · cutting · succeeded                      |
 * | running  | effect_succeeded, effect_failed, effect_unknown | running · judging · cutting · succeeded · failed · cancelled |
 * | running  | time_passed                                     | running · judging · cutting · succeeded · failed · cancelled |
 * | running  | play_requested                                  | running · judging · cutting · succeeded · failed · cancelled |
 * | running  | slot_granted                                    | running · judging · cutting · succeeded · failed · cancelled |
 * | running  | slot_lost                                       | running · judging · failed · cancelled                       |
 * | stopping | slot_granted, slot_lost                         | stopping · cancelled · failed                                |
 * | running  | cancel_requested                                | stopping · cancelled · failed                                |
 * | running  | work_parked                                     | stopping · failed · cancelled                                |
 * | stopping | effect_succeeded, effect_failed, effect_unknown | stopping · cancelled · failed                                |
 * | stopping | time_passed, cancel_requested, work_parked      | stopping · cancelled · failed                                |
 * | judging  | effect_succeeded                                | running · cutting · succeeded · failed · cancelled           |
 * | judging  | effect_failed, effect_unknown, time_passed      | judging · running · failed · cancelled                       |
 * | judging  | cancel_requested                                | stopping · cancelled · failed                                |
 * | judging  | work_parked                                     | failed · cancelled                                           |
 * | cutting  | effect_succeeded                                | running · succeeded                                          |
 * | cutting  | effect_failed, effect_unknown, time_passed      | cutting · running · failed                                   |
 * | cutting  | cancel_requested                                | stopping · cancelled                                         |
 * | cutting  | work_parked                                     | failed                                                       |
 *
 * `succeeded`, `failed` and `cancelled` are settled; every event not in the table changes nothing. Until it settles, a run has an effect in flight, a
 * time to wake at, or a job that waits for a person or for its turn in a group.
 *
 * A job whose outcome is unknown (its control plane died, its runner fell silent) is issued again: the same key, a new sequence, a fresh workspace,
 * `jobAttemptsMax` times. A job that failed is run again only if its own policy says so, as another execution with a key of its own.
 */
import { type Machine, unreachable } from '../machine.ts'
import { answer, flyingAt } from './answers.ts'
import { type Board, isSettled, jobAt, lay, type Live, place, stateAt } from './board.ts'
import { callOffClosing, closingAnswered, closingTime, conclude } from './closing.ts'
import { type RunDecision, type RunOutcome, unchanged } from './effects.ts'
import { linkJobs } from './links.ts'
import { begin, cancel, runsInAnyCase, settle } from './progress.ts'
import type { CarriedJob, RunCause, RunEffect, RunEvent, RunState } from './types.ts'

const decide = (state: RunState, event: RunEvent): RunDecision => {
  if (state.status === 'absent') return event.type === 'run_planned' ? start(event) : unchanged(state)
  if (state.status === 'succeeded' || state.status === 'failed' || state.status === 'cancelled') return unchanged(state)
  const isClosing = state.status === 'judging' || state.status === 'cutting'
  switch (event.type) {
    case 'run_planned':
      return unchanged(state)
    case 'effect_succeeded':
    case 'effect_failed':
    case 'effect_unknown':
      return isClosing ? closingAnswered(state, event) : answered(state, [event])
    case 'time_passed':
      return isClosing ? closingTime(state, event.at) : timePassed(state, event.at)
    case 'cancel_requested': {
      const cause: RunCause = { kind: 'command', command: 'cancel', by: event.by, reason: event.reason }
      return isClosing ? callOffClosing(state, cause, event.at) : callOff(state, cause, event.at)
    }
    case 'play_requested':
      return isClosing ? unchanged(state) : play(state, event)
    case 'slot_granted':
    case 'slot_lost':
      return isClosing ? unchanged(state) : slotMoved(state, event)
    case 'work_parked': {
      const cause: RunCause = { kind: 'parked', detail: event.detail }
      return isClosing ? callOffClosing(state, cause, event.at) : park(state, cause, event.at)
    }
    default:
      return unreachable(event)
  }
}

const start = ({ id, token, plan, by, at, carried }: Extract<RunEvent, { type: 'run_planned' }>): RunDecision => {
  const links = linkJobs(plan.jobs)
  const waitsForRelease = new Set(links.afterRelease)
  const unmet = plan.jobs.map(
    ({ partOf }, index) =>
      (links.needs[index]?.length ?? 0) + (partOf === null ? 0 : 1) + (waitsForRelease.has(index) ? 1 : 0),
  )
  const fresh: Live = {
    status: 'running',
    id,
    token,
    sequence: 0,
    plan,
    startedAt: at,
    by,
    added: [],
    resolved: {},
    links,
    unmet,
    jobs: plan.jobs.map(() => ({ status: 'waiting' }) as const),
    unsettled: plan.jobs.length,
    queue: [],
    active: [],
    timed: [],
    gates: [],
    release: null,
    cause: null,
    phase: 'before_release',
  }
  const board = lay(fresh, at)
  carry(board, carried)
  for (const [index, count] of unmet.entries()) if (count === 0) board.arrivals.push(index)
  return conclude(board)
}

/** What an earlier run did is not done again. */
const carry = (board: Board, carried: readonly CarriedJob[]): void => {
  const byName = new Map(carried.map((one) => [one.job, one]))
  // Parts before what they are part of, which would settle them.
  for (const [index, { name }] of [...board.base.plan.jobs.entries()].toReversed()) {
    const one = byName.get(name)
    if (one === undefined) continue
    const { artifacts, outputs, evidence = null, from } = one
    const when = { startedAt: board.at, finishedAt: board.at, past: [], isTainted: false, cache: null }
    settle(board, index, { status: 'succeeded', ...when, artifacts, outputs, evidence, carriedFrom: from })
  }
}

/** Takes the outcomes that belong to effects in flight; when none does, nothing changes (law 2). */
const answered = (state: Live, outcomes: readonly RunOutcome[]): RunDecision => {
  if (outcomes.length === 0) return unchanged(state)
  const board = lay(state, Math.max(...outcomes.map(({ at }) => at)))
  let isChanged = false
  for (const outcome of outcomes) {
    const index = flyingAt(board, outcome.sequence)
    if (index === null) continue
    isChanged = true
    answer(board, index, outcome)
  }
  return isChanged ? conclude(board) : unchanged(state)
}

/** Delays that are over, and answers that did not come by their deadline, which is an unknown outcome. */
const timePassed = (state: Live, at: number): RunDecision => {
  const due = state.timed.filter((index) => isDue(state, index, at))
  const late = state.active.flatMap((index): RunOutcome[] => {
    const job = state.jobs[index]
    if (job === undefined || !('effect' in job) || at < job.deadlineAt) return []
    const detail = `no answer in ${job.effect.deadlineMs} ms`
    return [{ type: 'effect_unknown', at, sequence: job.effect.sequence, detail }]
  })
  if (due.length === 0 && late.length === 0) return unchanged(state)
  const board = lay(state, at)
  for (const index of due) wake(board, index)
  for (const outcome of late) {
    const index = flyingAt(board, outcome.sequence)
    if (index !== null) answer(board, index, outcome)
  }
  return conclude(board)
}

const isDue = (state: Live, index: number, at: number): boolean => {
  const job = state.jobs[index]
  return job !== undefined && 'until' in job && at >= job.until
}

const wake = (board: Board, index: number): void => {
  const job = stateAt(board, index)
  if (job.status === 'delayed') return begin(board, index)
  if (job.status !== 'backing_off') return
  place(board, index, { status: 'ready', since: board.at, past: job.past, given: job.given })
}

/** A person starts a job that waits for one, or one that nobody had to start. */
const play = (state: Live, { job: name, given, at }: Extract<RunEvent, { type: 'play_requested' }>): RunDecision => {
  const index = state.jobs.findIndex((_, other) => jobAt(state, other).name === name)
  const job = state.jobs[index]
  if (job === undefined || state.status === 'stopping') return unchanged(state)
  const isLeft = job.status === 'skipped' && job.because.kind === 'nobody' && jobAt(state, index).manual !== null
  if (job.status !== 'manual' && !isLeft) return unchanged(state)
  const board = lay(state, at)
  if (isLeft) takeBack(board, index)
  begin(board, index, given)
  return conclude(board)
}

/** A job's turn among the jobs of its group came, or was taken by another. */
const slotMoved = (state: Live, event: Extract<RunEvent, { type: 'slot_granted' | 'slot_lost' }>): RunDecision => {
  const index = state.jobs.findIndex((_, other) => jobAt(state, other).name === event.job)
  const job = state.jobs[index]
  if (job === undefined || isSettled(job) || job.status === 'waiting' || job.status === 'stopping')
    return unchanged(state)
  if (event.type === 'slot_granted' && job.status !== 'queued') return unchanged(state)
  const board = lay(state, event.at)
  if (event.type === 'slot_granted') begin(board, index)
  else giveWay(board, index, event)
  return conclude(board)
}

/** What waits ends at once and says who took its place; what runs is stopped first. */
const giveWay = (board: Board, index: number, { at, job, detail }: Extract<RunEvent, { type: 'slot_lost' }>): void => {
  // Invariant: what a job did not get to say is never taken for a yes; without it there is no release, and no success.
  board.cause ??= { kind: 'slot_lost', job, detail }
  if (stateAt(board, index).status !== 'queued') return cancel(board, index)
  settle(board, index, { status: 'cancelled', startedAt: null, finishedAt: at, detail })
}

/** A job that was left is wanted after all, with its legs: what has not begun yet waits for it again. */
const takeBack = (board: Board, index: number): void => {
  place(board, index, { status: 'waiting' })
  board.unsettled += 1
  const whole = board.links.wholes[index] ?? null
  const waiting = board.links.dependents[index] ?? []
  for (const other of whole === null ? waiting : [...waiting, whole]) board.unmet[other] = (board.unmet[other] ?? 0) + 1
  for (const leg of board.links.legs[index] ?? []) takeBack(board, leg)
}

/** The first call is graceful, the second firm. */
const callOff = (state: Live, cause: RunCause, at: number): RunDecision => {
  if (state.status === 'stopping' && state.isFirm) return unchanged(state)
  const board = lay(state, at)
  board.cause ??= cause
  board.called = state.status === 'running' ? 'gracefully' : 'firmly'
  for (const index of state.jobs.keys()) if (isCalledOff(board, index)) cancel(board, index)
  return conclude(board)
}

const isCalledOff = (board: Board, index: number): boolean => {
  const job = stateAt(board, index)
  if (isSettled(job)) return false
  return board.called === 'firmly' || job.status === 'manual' || !runsInAnyCase(board, index)
}

/** Poison work is set aside: what runs is stopped, and if even that gets nowhere, the run ends without it. */
const park = (state: Live, cause: RunCause, at: number): RunDecision => {
  const board = lay(state, at)
  board.cause ??= cause
  board.called = 'firmly'
  for (const [index, job] of state.jobs.entries()) {
    if (job.status !== 'stopping') cancel(board, index)
    else {
      const detail = 'it could not be stopped; its processes may still run'
      settle(board, index, { status: 'cancelled', startedAt: job.startedAt, finishedAt: at, detail })
    }
  }
  return conclude(board)
}

const nextAt = (state: RunState): number | null => {
  if (state.status === 'running' || state.status === 'stopping') {
    const times = [...state.active, ...state.timed].flatMap((index) => {
      const job = state.jobs[index]
      if (job === undefined) return []
      return 'deadlineAt' in job ? [job.deadlineAt] : 'until' in job ? [job.until] : []
    })
    return times.length === 0 ? null : Math.min(...times)
  }
  if (state.status !== 'judging' && state.status !== 'cutting') return null
  return state.stage.kind === 'performing' ? state.stage.deadlineAt : state.stage.until
}

const outstanding = (state: RunState): readonly RunEffect[] => {
  if (state.status === 'running' || state.status === 'stopping')
    return state.active.flatMap((index) => {
      const job = state.jobs[index]
      return job !== undefined && 'effect' in job ? [job.effect] : []
    })
  if (state.status !== 'judging' && state.status !== 'cutting') return []
  return state.stage.kind === 'performing' ? [state.stage.effect] : []
}

/** See the table above. */
export const runMachine: Machine<RunState, RunEvent, RunEffect> = {
  name: 'run',
  version: 1,
  decide,
  outstanding,
  nextAt,
  settled: (state) => state.status === 'succeeded' || state.status === 'failed' || state.status === 'cancelled',
}
