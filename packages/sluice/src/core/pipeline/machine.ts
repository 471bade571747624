/**
 * The run machine: jobs of a frozen plan, each started the moment its needs are met and there is room.
 *
 * | status   | event                          | next                                       |
 * |----------|--------------------------------|--------------------------------------------|
 * | absent   | run_planned                    | running                                    |
 * | running  | effect_succeeded               | running · cutting · succeeded · failed     |
 * | running  | effect_failed, effect_unknown  | running · failed                           |
 * | running  | time_passed                    | running · failed                           |
 * | running  | cancel_requested               | stopping                                   |
 * | running  | work_parked                    | stopping                                   |
 * | stopping | effect_succeeded               | stopping · cancelled · failed              |
 * | stopping | effect_failed, effect_unknown  | stopping · cancelled · failed              |
 * | stopping | time_passed                    | stopping · cancelled · failed              |
 * | stopping | work_parked                    | cancelled · failed                         |
 * | cutting  | effect_succeeded               | succeeded                                  |
 * | cutting  | effect_failed, effect_unknown  | cutting · failed                           |
 * | cutting  | time_passed                    | cutting · failed                           |
 * | cutting  | cancel_requested               | cancelled                                  |
 * | cutting  | work_parked                    | failed                                     |
 *
 * `succeeded`, `failed` and `cancelled` are settled; every event not in the table changes nothing. Until it settles, a run has at least one effect
 * in flight or a time to wake at.
 *
 * A job whose outcome is unknown (its control plane died, its runner fell silent) is issued again: the same key, a new sequence, a clean
 * checkout, `jobAttemptsMax` times. A job that failed is not tried again, its dependents are skipped, and all others go on.
 */
import { type Machine, unreachable } from '../machine.ts'
import { cutAnswered, cutTime } from './cut.ts'
import { type RunDecision, type RunOutcome, unchanged } from './effects.ts'
import { advance, advanceStopping, inFlight, jobAnswered, stopAll } from './jobs.ts'
import type { RunCause, RunEffect, RunEvent, RunState } from './types.ts'

type Live = Extract<RunState, { status: 'running' | 'stopping' }>

const decide = (state: RunState, event: RunEvent): RunDecision => {
  if (state.status === 'absent') return event.type === 'run_planned' ? start(event) : unchanged(state)
  if (state.status === 'succeeded' || state.status === 'failed' || state.status === 'cancelled') return unchanged(state)
  switch (event.type) {
    case 'run_planned':
      return unchanged(state)
    case 'effect_succeeded':
    case 'effect_failed':
    case 'effect_unknown':
      return state.status === 'cutting' ? cutAnswered(state, event) : answered(state, [event])
    case 'time_passed':
      return state.status === 'cutting' ? cutTime(state, event.at) : overdue(state, event.at)
    case 'cancel_requested':
      return callOff(state, { kind: 'command', command: 'cancel', by: event.by, reason: event.reason }, event.at)
    case 'work_parked':
      return park(state, { kind: 'parked', detail: event.detail }, event.at)
    default:
      return unreachable(event)
  }
}

const start = ({ id, token, plan, by, at }: Extract<RunEvent, { type: 'run_planned' }>): RunDecision => {
  const jobs = plan.jobs.map(() => ({ status: 'waiting' }) as const)
  return advance({ status: 'running', id, token, sequence: 0, plan, startedAt: at, by, jobs, cause: null }, at)
}

/** Takes the outcomes that belong to effects in flight; when none does, nothing changes (law 2). */
const answered = (state: Live, outcomes: readonly RunOutcome[]): RunDecision => {
  let next: Live = state
  const effects: RunEffect[] = []
  for (const outcome of outcomes) {
    const decision = jobAnswered(next, outcome)
    next = decision.state
    effects.push(...decision.effects)
  }
  if (next === state) return unchanged(state)
  const at = Math.max(...outcomes.map((outcome) => outcome.at))
  const moved = next.status === 'running' ? advance(next, at) : advanceStopping(next, at)
  return { state: moved.state, effects: [...effects, ...moved.effects] }
}

/** An answer that did not come by its deadline is an unknown outcome. */
const overdue = (state: Live, at: number): RunDecision => {
  const late = inFlight(state).filter(({ deadlineAt }) => at >= deadlineAt)
  const outcomes = late.map(({ effect }) => {
    const detail = `no answer in ${effect.deadlineMs} ms`
    return { type: 'effect_unknown', at, sequence: effect.sequence, detail } as const
  })
  return answered(state, outcomes)
}

const callOff = (state: Exclude<RunState, { status: 'absent' }>, cause: RunCause, at: number): RunDecision => {
  if (state.status === 'running') return stopAll(state, state.cause ?? cause, at)
  if (state.status !== 'cutting') return unchanged(state)
  const { stage: _, ...common } = state
  return unchanged({ ...common, status: 'cancelled', settledAt: at, cause })
}

/** Poison work is set aside: what runs is stopped, and if even that gets nowhere, the run ends without it. */
const park = (state: Exclude<RunState, { status: 'absent' }>, cause: RunCause, at: number): RunDecision => {
  if (state.status === 'running') return stopAll(state, state.cause ?? cause, at)
  if (state.status === 'stopping')
    return advanceStopping({ ...state, jobs: state.jobs.map((job) => giveUp(job, at)) }, at)
  if (state.status !== 'cutting') return unchanged(state)
  const { stage: _, ...common } = state
  return unchanged({ ...common, status: 'failed', settledAt: at, cause })
}

const giveUp = (job: Live['jobs'][number], at: number): Live['jobs'][number] =>
  job.status === 'stopping'
    ? {
        status: 'cancelled',
        startedAt: job.startedAt,
        finishedAt: at,
        detail: 'it could not be stopped; its processes may still run',
      }
    : job

const nextAt = (state: RunState): number | null => {
  if (state.status === 'running' || state.status === 'stopping') {
    return inFlight(state).reduce<number | null>(
      (least, { deadlineAt }) => Math.min(least ?? deadlineAt, deadlineAt),
      null,
    )
  }
  if (state.status !== 'cutting') return null
  return state.stage.kind === 'performing' ? state.stage.deadlineAt : state.stage.until
}

const outstanding = (state: RunState): readonly RunEffect[] => {
  if (state.status === 'running' || state.status === 'stopping') return inFlight(state).map(({ effect }) => effect)
  return state.status === 'cutting' && state.stage.kind === 'performing' ? [state.stage.effect] : []
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
