/** What an answer does to the job that it is for. */
import { limits } from '../limits.ts'
import { assert } from '../machine.ts'
import type { Failure } from '../rollout/types.ts'
import { addLegs, type Board, place, planAt, stateAt } from './board.ts'
import { issue, type RunOutcome, unknownFailure } from './effects.ts'
import type { JobPlan, RetryReason } from './job-plan.ts'
import { fanOutOf } from './fan-out.ts'
import { taintOf } from './outcomes.ts'
import { admit, fail, open, settle, settleWhole, skip } from './progress.ts'
import type { JobResolution, JobState, JobYield, RunResult } from './types.ts'

type Flying<Status extends JobState['status']> = Extract<JobState, { status: Status }>

/** The job whose effect has this sequence; null when there is none. */
export const flyingAt = (board: Board, sequence: number): number | null =>
  board.active.find((index) => {
    const job = stateAt(board, index)
    return 'effect' in job && job.effect.sequence === sequence
  }) ?? null

/** Takes one answer for the job at an index. */
export const answer = (board: Board, index: number, outcome: RunOutcome): void => {
  const job = stateAt(board, index)
  if (job.status === 'running') return runAnswered(board, index, outcome)
  if (job.status === 'resolving') return resolveAnswered(board, index, outcome)
  if (job.status === 'stopping') stopAnswered(board, index, outcome)
}

const nothing: JobYield = { artifacts: [], outputs: {}, evidence: null }

const runAnswered = (board: Board, index: number, outcome: RunOutcome): void => {
  const job = stateAt(board, index)
  assert(job.status === 'running', 'an answer to run_job is for a running job')
  if (outcome.type === 'effect_unknown' && job.attempt < limits.jobAttemptsMax) return reissue(board, index, job)
  if (outcome.type !== 'effect_succeeded') {
    const failure = outcome.type === 'effect_failed' ? outcome.failure : unknownFailure(job.effect, outcome.detail)
    return failed(board, index, { failure, reason: reasonOf(failure), ...nothing })
  }
  const { result } = outcome
  if (result.kind === 'job_failed') return failed(board, index, result)
  const { startedAt, past } = job
  const { artifacts, outputs, evidence } = yieldOf(result)
  const cache = result.kind === 'job_succeeded' ? (result.cache ?? null) : null
  const isTainted = taintOf(board, index)
  const rest = { artifacts, outputs, evidence, isTainted, cache, carriedFrom: null }
  settle(board, index, { status: 'succeeded', startedAt, finishedAt: board.at, past, ...rest })
}

const yieldOf = (result: RunResult): JobYield => (result.kind === 'job_succeeded' ? result : nothing)

/** A failure of the machine under a job, in the words of a retry policy. */
const reasonOf = ({ code }: Failure): RetryReason =>
  code === 'job_timeout' ? { kind: 'timeout' } : { kind: 'system_failure' }

type Failed = JobYield & { readonly failure: Failure; readonly reason: RetryReason }

const failed = (board: Board, index: number, { failure, reason, artifacts, outputs, evidence }: Failed): void => {
  const plan = planAt(board, index)
  const end = { failure, isRetried: isWorthIt(plan, reason), isTolerated: isTolerated(plan, reason) }
  fail(board, index, { ...end, artifacts, outputs, evidence })
}

const isWorthIt = ({ retry }: JobPlan, reason: RetryReason): boolean =>
  retry.on.length === 0 ||
  retry.on.some((wanted) =>
    wanted.kind === 'exit_code'
      ? reason.kind === 'exit_code' && reason.code === wanted.code
      : wanted.kind === reason.kind || (wanted.kind === 'script_failure' && reason.kind === 'exit_code'),
  )

const isTolerated = ({ mayFail }: JobPlan, reason: RetryReason): boolean =>
  mayFail !== null &&
  (mayFail.exitCodes.length === 0 || (reason.kind === 'exit_code' && mayFail.exitCodes.includes(reason.code)))

const resolveAnswered = (board: Board, index: number, outcome: RunOutcome): void => {
  const job = stateAt(board, index)
  assert(job.status === 'resolving', 'an answer to resolve_job is for a job that is being resolved')
  if (outcome.type === 'effect_unknown' && job.attempt < limits.jobAttemptsMax) return reissue(board, index, job)
  if (outcome.type === 'effect_succeeded' && outcome.result.kind === 'job_resolved')
    return resolved(board, index, outcome.result.resolution)
  if (outcome.type === 'effect_succeeded' && outcome.result.kind === 'outputs_named')
    return settleWhole(board, index, outcome.result.outputs)
  const failure =
    outcome.type === 'effect_failed'
      ? outcome.failure
      : unknownFailure(job.effect, outcome.type === 'effect_unknown' ? outcome.detail : 'the answer is no resolution')
  const common = { startedAt: job.startedAt ?? board.at, finishedAt: board.at, past: [], ...nothing }
  settle(board, index, { status: 'failed', ...common, failure, isTolerated: planAt(board, index).mayFail !== null })
}

const resolved = (board: Board, index: number, resolution: JobResolution): void => {
  if (resolution.kind === 'skip') return skip(board, index, { kind: 'condition', detail: resolution.because })
  if (resolution.kind === 'legs') {
    addLegs(board, resolution.legs)
    const { outputs: naming } = resolution
    const named = naming === undefined ? {} : { naming }
    const plan = planAt(board, index)
    // Legs out of an output are found out once the job has its turn; those of another dialect before that.
    if (plan.concurrency === null || fanOutOf(plan) !== null) return open(board, index, named)
    return place(board, index, { status: 'queued', since: board.at, ...named })
  }
  const { job } = resolution
  board.resolved = { ...board.resolved, [job.name]: job }
  // It waits no more, but it is not settled either: the next place is the one that it would have had without a dialect.
  place(board, index, { status: 'waiting' })
  admit(board, index, job)
}

const stopAnswered = (board: Board, index: number, outcome: RunOutcome): void => {
  const job = stateAt(board, index)
  assert(job.status === 'stopping', 'an answer to stop_job is for a job that is being stopped')
  if (outcome.type !== 'effect_succeeded' && job.attempt < limits.stopAttemptsMax) return reissue(board, index, job)
  const why =
    outcome.type === 'effect_failed'
      ? outcome.failure.detail
      : outcome.type === 'effect_unknown'
        ? outcome.detail
        : null
  const detail = why === null ? null : `it could not be stopped (${why}); its processes may still run`
  settle(board, index, { status: 'cancelled', startedAt: job.startedAt, finishedAt: board.at, detail })
}

/** The same thing again: a new sequence, the same key, a fresh deadline. */
const reissue = (board: Board, index: number, job: Flying<'running' | 'stopping' | 'resolving'>): void => {
  const { id, token } = board.base
  const effect = issue({ id, token, sequence: board.sequence }, job.effect.action, job.effect.deadlineMs)
  board.sequence = effect.sequence
  board.effects.push(effect)
  place(board, index, { ...job, effect, attempt: job.attempt + 1, deadlineAt: board.at + effect.deadlineMs })
}
