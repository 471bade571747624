/** Jobs of a run: which may start, what an answer does to one, what is skipped, and when the run is over. */
import { limits } from '../limits.ts'
import { assert, type Decision } from '../machine.ts'
import type { Artifact } from '../model.ts'
import { cut } from './cut.ts'
import { issue, jobKey, type RunDecision, type RunOutcome, unchanged, unknownFailure } from './effects.ts'
import type { InFlight, JobState, PlannedJob, RunAction, RunCause, RunCommon, RunEffect, RunState } from './types.ts'

type Running = Extract<RunState, { status: 'running' }>
type Stopping = Extract<RunState, { status: 'stopping' }>

/** The effects of jobs that were issued and not answered, in plan order. */
export const inFlight = (state: Running | Stopping): readonly InFlight[] =>
  state.jobs.filter((job) => job.status === 'running' || job.status === 'stopping')

/** Skips what cannot run any more, starts what can, and ends the jobs' part of the run when nothing is left. */
export const advance = (state: Running, at: number): RunDecision => {
  const skipped: Running = { ...state, jobs: skip(state, at) }
  const { state: next, effects } = startReady(skipped, at)
  if (next.jobs.some((job) => job.status === 'waiting' || job.status === 'running')) return { state: next, effects }
  const { cause, ...common } = next
  if (cause !== null) return unchanged({ ...common, status: 'failed', settledAt: at, cause })
  if (next.plan.draft === null) return unchanged({ ...common, status: 'succeeded', settledAt: at, release: null })
  return cut(common, artifactsOf(next.jobs), { at, attempt: 1 })
}

/** Ends a run that was called off once nothing of it runs. */
export const advanceStopping = (state: Stopping, at: number): RunDecision => {
  if (state.jobs.some((job) => job.status === 'stopping')) return unchanged(state)
  const status = state.cause.kind === 'command' ? 'cancelled' : 'failed'
  return unchanged({ ...state, status, settledAt: at })
}

/** Calls everything off: what waits never starts, what runs is stopped. */
export const stopAll = (state: Running, cause: RunCause, at: number): RunDecision => {
  const { cause: _, ...common } = state
  let sequence = state.sequence
  const effects: RunEffect[] = []
  const jobs = state.jobs.map((job, index): JobState => {
    const name = state.plan.jobs[index]?.name ?? ''
    if (job.status === 'waiting') return { status: 'cancelled', startedAt: null, finishedAt: at, detail: null }
    if (job.status !== 'running') return job
    sequence += 1
    const effect = issue({ ...common, sequence: sequence - 1 }, stopAction(state, name), limits.stopJobDeadlineMs)
    effects.push(effect)
    return { status: 'stopping', startedAt: job.startedAt, effect, attempt: 1, deadlineAt: at + effect.deadlineMs }
  })
  const stopping: Stopping = { ...common, sequence, jobs, status: 'stopping', cause }
  const { state: next } = advanceStopping(stopping, at)
  return { state: next, effects }
}

/** What an answer does to the job that it is for; the same state when it is for none. */
export const jobAnswered = <State extends Running | Stopping>(
  state: State,
  outcome: RunOutcome,
): Decision<State, RunEffect> => {
  const index = state.jobs.findIndex(
    (job) => (job.status === 'running' || job.status === 'stopping') && job.effect.sequence === outcome.sequence,
  )
  const job = state.jobs[index]
  const planned = state.plan.jobs[index]
  if (job === undefined || planned === undefined || !('effect' in job)) return unchanged(state)
  return job.status === 'running'
    ? runAnswered(state, { job, planned, index }, outcome)
    : stopAnswered(state, { job, index }, outcome)
}

type Place<Status extends JobState['status']> = {
  readonly job: Extract<JobState, { status: Status }>
  readonly index: number
}

const runAnswered = <State extends Running | Stopping>(
  state: State,
  { job, planned, index }: Place<'running'> & { readonly planned: PlannedJob },
  outcome: RunOutcome,
): Decision<State, RunEffect> => {
  const { startedAt } = job
  const finishedAt = outcome.at
  if (outcome.type === 'effect_succeeded') {
    const artifacts = outcome.result.kind === 'job_succeeded' ? outcome.result.artifacts : []
    return unchanged(withJob(state, index, { status: 'succeeded', startedAt, finishedAt, artifacts }))
  }
  if (outcome.type === 'effect_unknown' && job.attempt < limits.jobAttemptsMax)
    return reissue(state, { job, index }, outcome.at)
  const failure = outcome.type === 'effect_failed' ? outcome.failure : unknownFailure(job.effect, outcome.detail)
  const cause = state.cause ?? { kind: 'job_failed', job: planned.name, failure }
  return unchanged({ ...withJob(state, index, { status: 'failed', startedAt, finishedAt, failure }), cause })
}

const stopAnswered = <State extends Running | Stopping>(
  state: State,
  { job, index }: Place<'stopping'>,
  outcome: RunOutcome,
): Decision<State, RunEffect> => {
  const { startedAt, attempt } = job
  const finishedAt = outcome.at
  if (outcome.type !== 'effect_succeeded' && attempt < limits.stopAttemptsMax)
    return reissue(state, { job, index }, outcome.at)
  const why =
    outcome.type === 'effect_failed'
      ? outcome.failure.detail
      : outcome.type === 'effect_unknown'
        ? outcome.detail
        : null
  const detail = why === null ? null : `it could not be stopped (${why}); its processes may still run`
  return unchanged(withJob(state, index, { status: 'cancelled', startedAt, finishedAt, detail }))
}

/** The same thing again: a new sequence, the same key, a fresh deadline. */
const reissue = <State extends Running | Stopping>(
  state: State,
  { job, index }: Place<'running' | 'stopping'>,
  at: number,
): Decision<State, RunEffect> => {
  const effect = issue(state, job.effect.action, job.effect.deadlineMs)
  const next = withJob(state, index, { ...job, effect, attempt: job.attempt + 1, deadlineAt: at + effect.deadlineMs })
  return { state: { ...next, sequence: effect.sequence }, effects: [effect] }
}

const withJob = <State extends RunCommon>(state: State, index: number, job: JobState): State => ({
  ...state,
  jobs: state.jobs.with(index, job),
})

const stopAction = (state: RunCommon, job: string): RunAction => ({
  kind: 'stop_job',
  job,
  target: jobKey(state.id, job),
})

/** Jobs come after their needs, so one pass reaches every descendant; the reason is the job that failed, not the one between. */
const skip = (state: Running, at: number): readonly JobState[] => {
  const gone = new Map<string, string>()
  let changed = false
  const jobs = state.jobs.map((job, index): JobState => {
    const planned = state.plan.jobs[index]
    assert(planned !== undefined, 'a run has a state for each planned job')
    if (job.status === 'failed') gone.set(planned.name, planned.name)
    if (job.status === 'skipped') gone.set(planned.name, job.because)
    if (job.status !== 'waiting' || gone.size === 0) return job
    const because = planned.needs.map((need) => gone.get(need)).find((name) => name !== undefined)
    if (because === undefined) return job
    gone.set(planned.name, because)
    changed = true
    return { status: 'skipped', at, because }
  })
  return changed ? jobs : state.jobs
}

/** Starts the highest of the ready jobs, as many as there is room for. */
const startReady = (state: Running, at: number): Decision<Running, RunEffect> => {
  const room = state.plan.parallelMax - inFlight(state).length
  if (room <= 0) return unchanged(state)
  const succeeded = new Map(
    state.jobs.flatMap((job, index) =>
      job.status === 'succeeded' ? [[state.plan.jobs[index]?.name ?? '', job.artifacts] as const] : [],
    ),
  )
  const ready = state.plan.jobs
    .map((planned, index) => ({ planned, index }))
    .filter(
      ({ planned, index }) =>
        state.jobs[index]?.status === 'waiting' && planned.needs.every((need) => succeeded.has(need)),
    )
    .toSorted((a, b) => b.planned.height - a.planned.height || a.index - b.index)
    .slice(0, room)
  if (ready.length === 0) return unchanged(state)
  const jobs = [...state.jobs]
  const effects = ready.map(({ planned, index }, nth) => {
    const inputs = planned.needs.flatMap((need) => succeeded.get(need) ?? [])
    const action: RunAction = { kind: 'run_job', job: planned.name, inputs }
    const effect = issue(
      { ...state, sequence: state.sequence + nth },
      action,
      planned.timeoutMs + limits.stopJobDeadlineMs,
    )
    jobs[index] = { status: 'running', startedAt: at, effect, attempt: 1, deadlineAt: at + effect.deadlineMs }
    return effect
  })
  return { state: { ...state, sequence: state.sequence + effects.length, jobs }, effects }
}

const artifactsOf = (jobs: readonly JobState[]): readonly Artifact[] =>
  jobs.flatMap((job) => (job.status === 'succeeded' ? job.artifacts : []))
