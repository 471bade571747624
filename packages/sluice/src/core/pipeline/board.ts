/**
 * A run laid out to be changed: the arrays of its state, copied once a decision, and the effects of it. Lives within one call of `decide`; what it is
 * packed into is a state again.
 */
import { assert } from '../machine.ts'
import { issue } from './effects.ts'
import type { JobPlan } from './job-plan.ts'
import { linkJobs } from './links.ts'
import type { InFlight, JobState, RunAction, RunCause, RunCommon, RunEffect, RunState } from './types.ts'

/** A run whose jobs may move. */
export type Live = Extract<RunState, { status: 'running' | 'stopping' }>

/** See the file's header. `arrivals`: jobs whose last need was settled and that were not looked at since. */
export type Board = {
  readonly base: Live
  readonly at: number
  jobs: JobState[]
  unmet: number[]
  queue: number[]
  active: number[]
  timed: number[]
  unsettled: number
  sequence: number
  added: readonly JobPlan[]
  resolved: Readonly<Record<string, JobPlan>>
  links: RunCommon['links']
  cause: RunCause | null
  phase: RunCommon['phase']
  /** Null while nothing was called off. */
  called: 'gracefully' | 'firmly' | null
  readonly effects: RunEffect[]
  readonly arrivals: number[]
}

/** Lays a state out. */
export const lay = (base: Live, at: number): Board => ({
  base,
  at,
  jobs: [...base.jobs],
  unmet: [...base.unmet],
  queue: [...base.queue],
  active: [...base.active],
  timed: [...base.timed],
  unsettled: base.unsettled,
  sequence: base.sequence,
  added: base.added,
  resolved: base.resolved,
  links: base.links,
  cause: base.cause,
  phase: base.phase,
  called: base.status === 'running' ? null : base.isFirm ? 'firmly' : 'gracefully',
  effects: [],
  arrivals: [],
})

/** The state that a board stands for. */
export const pack = (board: Board): Live => {
  const { base, jobs, unmet, queue, active, timed, unsettled, sequence, added, resolved, links, cause, called, phase } =
    board
  const { id, token, plan, startedAt, by, gates, release } = base
  const common: RunCommon = {
    id,
    token,
    sequence,
    plan,
    startedAt,
    by,
    added,
    resolved,
    jobs,
    links,
    unmet,
    unsettled,
    queue,
    active,
    timed,
    gates,
    release,
    phase,
  }
  if (called === null) return { ...common, status: 'running', cause }
  assert(cause !== null, 'a run that was called off has a cause')
  return { ...common, status: 'stopping', cause, isFirm: called === 'firmly' }
}

/** The job at an index, as its dialect resolved it if it did. */
export const jobAt = (
  run: Pick<RunCommon, 'added' | 'resolved'> & { readonly plan: { readonly jobs: readonly JobPlan[] } },
  index: number,
): JobPlan => {
  const { jobs } = run.plan
  const job = index < jobs.length ? jobs[index] : run.added[index - jobs.length]
  assert(job !== undefined, `a run has a job at ${index}`)
  return run.resolved[job.name] ?? job
}

/** The job at an index of a board. */
export const planAt = ({ base, added, resolved }: Board, index: number): JobPlan =>
  jobAt({ plan: base.plan, added, resolved }, index)

/** The state of the job at an index. */
export const stateAt = ({ jobs }: Pick<Board, 'jobs'>, index: number): JobState => {
  const job = jobs[index]
  assert(job !== undefined, `a run has a state for each job, also for ${index}`)
  return job
}

/** Whether nothing moves a job any more. */
export const isSettled = ({ status }: JobState): boolean =>
  status === 'succeeded' || status === 'failed' || status === 'skipped' || status === 'cancelled'

/** Issues an action; gives what its job keeps of it. */
export const send = (board: Board, action: RunAction, deadlineMs: number): InFlight => {
  const { id, token } = board.base
  const effect = issue({ id, token, sequence: board.sequence }, action, deadlineMs)
  board.sequence = effect.sequence
  board.effects.push(effect)
  return { effect, attempt: 1, deadlineAt: board.at + deadlineMs }
}

/** Moves a job from one place of the board to another; its old places forget it. */
export const place = (board: Board, index: number, job: JobState): void => {
  const before = stateAt(board, index)
  if ('effect' in before) board.active = board.active.filter((other) => other !== index)
  if ('until' in before) board.timed = board.timed.filter((other) => other !== index)
  if (before.status === 'ready') board.queue = board.queue.filter((other) => other !== index)
  board.jobs[index] = job
  if ('effect' in job) board.active.push(index)
  if ('until' in job) board.timed.push(index)
  if (job.status === 'ready') enqueue(board, index)
}

/** The highest first; among equals, as the plan has them. */
const enqueue = (board: Board, index: number): void => {
  const { heights } = board.links
  const height = heights[index] ?? 0
  let low = 0
  let high = board.queue.length
  while (low < high) {
    const middle = (low + high) >> 1
    const other = board.queue[middle] ?? 0
    const otherHeight = heights[other] ?? 0
    if (otherHeight > height || (otherHeight === height && other < index)) low = middle + 1
    else high = middle
  }
  board.queue.splice(low, 0, index)
}

/** Adds jobs that are part of the one at `whole`, which is to be opened next. */
export const addLegs = (board: Board, legs: readonly JobPlan[]): void => {
  const first = board.jobs.length
  board.added = [...board.added, ...legs]
  board.links = linkJobs([...board.base.plan.jobs, ...board.added])
  for (const [nth] of legs.entries()) {
    board.jobs.push({ status: 'waiting' })
    const needs = board.links.needs[first + nth] ?? []
    board.unmet.push(needs.filter((need) => need >= first || !isSettled(stateAt(board, need))).length + 1)
  }
  board.unsettled += legs.length
}
