/** Between the jobs that make a release and those that take it somewhere: the gates are judged, and the release is cut. */
import { mayPass } from '../evidence/gates/judge.ts'
import { limits } from '../limits.ts'
import { retryDelayMs } from '../rollout/effects.ts'
import type { Release } from '../model.ts'
import type { Failure } from '../rollout/types.ts'
import { type Board, isSettled, lay, type Live, pack, planAt, stateAt } from './board.ts'
import { issue, type RunDecision, type RunOutcome, unchanged, unknownFailure } from './effects.ts'
import { advance, cancel, meet, skip } from './progress.ts'
import type { JobEvidence, JobState, RunAction, RunCause, RunCommon, RunState } from './types.ts'

/** A run between its jobs. */
export type Closing = Extract<RunState, { status: 'judging' | 'cutting' }>

/** What a moved board comes to: its run goes on, is judged, cut, or over. */
export const conclude = (board: Board): RunDecision => {
  advance(board)
  if (board.phase === 'before_release' && leftBefore(board) === 0) {
    const action = actionBetween(board)
    if (action !== null) return begin(board, action, 1)
    tellThoseAfter(board)
    advance(board)
  }
  const state = pack(board)
  return {
    state: board.unsettled === 0 && board.phase === 'after_release' ? over(state, board.at) : state,
    effects: board.effects,
  }
}

/** Jobs before the release that are not settled. */
const leftBefore = (board: Board): number =>
  board.unsettled - board.links.afterRelease.filter((index) => !isSettled(stateAt(board, index))).length

/** What is to be done once the jobs before the release are: null for nothing more. */
const actionBetween = ({ base, cause, called, jobs }: Board): RunAction | null => {
  if (called !== null) return null
  const { plan, gates } = base
  if (plan.gates !== null && gates.length === 0) return { kind: 'judge_gates', evidence: evidenceOf(base, jobs) }
  return cause === null && plan.draft !== null && base.release === null ? cutAction(base, jobs) : null
}

const isGathering = ({ jobs }: RunCommon['plan'], index: number): boolean => jobs[index]?.gathers === true

const cutAction = ({ gates, links, plan }: RunCommon, jobs: readonly JobState[]): RunAction => ({
  kind: 'cut_release',
  // A job that stands for others hands on what they made, which must not be in the release twice.
  artifacts: jobs.flatMap((job, index) =>
    job.status === 'succeeded' && (links.legs[index] ?? []).length === 0 && !isGathering(plan, index)
      ? job.artifacts
      : [],
  ),
  gates,
})

const evidenceOf = (state: RunCommon, jobs: readonly JobState[]): readonly JobEvidence[] =>
  jobs.flatMap((job, index) => {
    if (!('evidence' in job) || job.evidence === null) return []
    const { length } = state.plan.jobs
    const name = (index < length ? state.plan.jobs[index] : state.added[index - length])?.name ?? ''
    return [{ job: name, digest: job.evidence }]
  })

/** The jobs after the release may go, or, when there is none, are told so. */
const tellThoseAfter = (board: Board): void => {
  board.phase = 'after_release'
  for (const index of board.links.afterRelease) {
    const { work } = planAt(board, index)
    const delivers = work.kind === 'deploy' || work.kind === 'promote'
    if (!delivers || board.base.release !== null) meet(board, index)
    else if (board.called !== null) cancel(board, index)
    else skip(board, index, noRelease(board.cause))
  }
}

const noRelease = (cause: RunCause | null): { readonly kind: 'need'; readonly job: string } => ({
  kind: 'need',
  job: cause !== null && 'job' in cause ? cause.job : cause?.kind === 'gate_failed' ? 'the gates' : 'the release',
})

const over = (state: Live, at: number): RunState => {
  const { status, cause, ...rest } = state
  const { isFirm: _, ...common } = { isFirm: false, ...rest }
  if (cause === null) return { ...common, status: 'succeeded', settledAt: at }
  const isCancelled = cause.kind === 'slot_lost' || (status === 'stopping' && cause.kind === 'command')
  return { ...common, status: isCancelled ? 'cancelled' : 'failed', settledAt: at, cause }
}

const begin = (board: Board, action: RunAction, attempt: number): RunDecision => {
  const deadlineMs = action.kind === 'judge_gates' ? limits.judgeDeadlineMs : limits.cutDeadlineMs
  const effect = issue({ ...board.base, sequence: board.sequence }, action, deadlineMs)
  const stage = { kind: 'performing', effect, attempt, deadlineAt: board.at + deadlineMs } as const
  const { status: _, cause, ...common } = pack({ ...board, called: null })
  const status = action.kind === 'judge_gates' ? 'judging' : 'cutting'
  const state: Closing = { ...common, cause, sequence: effect.sequence, status, stage }
  return { state, effects: [...board.effects, effect] }
}

/** The run with its jobs again, and what came of the effect between them. */
const goOn = (
  { status: _status, stage: _stage, ...common }: Closing,
  came: { readonly gates?: RunCommon['gates']; readonly release?: Release; readonly cause?: RunCause },
  at: number,
): RunDecision => {
  const { cause = null, ...rest } = came
  return conclude(lay({ ...common, ...rest, status: 'running', cause: common.cause ?? cause }, at))
}

/** Takes the answer to the effect in flight; anything else changes nothing. */
export const closingAnswered = (state: Closing, outcome: RunOutcome): RunDecision => {
  const { stage } = state
  if (stage.kind !== 'performing' || stage.effect.sequence !== outcome.sequence) return unchanged(state)
  const { at } = outcome
  if (outcome.type === 'effect_succeeded') {
    const { result } = outcome
    if (result.kind === 'gates_judged') {
      const isPassed = mayPass(result.verdicts)
      const cause = isPassed ? {} : { cause: { kind: 'gate_failed', verdicts: result.verdicts } as const }
      return goOn(state, { gates: result.verdicts, ...cause }, at)
    }
    return result.kind === 'release_cut' ? goOn(state, { release: result.release }, at) : unchanged(state)
  }
  const failure: Failure =
    outcome.type === 'effect_failed' ? outcome.failure : unknownFailure(stage.effect, outcome.detail)
  if (failure.retry !== 'never' && stage.attempt < limits.stepAttemptsMax) {
    const until = at + retryDelayMs(stage.attempt)
    return unchanged({ ...state, stage: { kind: 'backing_off', attempt: stage.attempt, until, last: failure } })
  }
  return goOn(state, state.status === 'judging' ? unjudged(failure) : { cause: { kind: 'cut_failed', failure } }, at)
}

/** Gates that could not be judged are broken, and broken is never a pass. */
const unjudged = ({ detail }: Failure): { readonly gates: RunCommon['gates']; readonly cause: RunCause } => {
  const numbers = { measured: null, threshold: null, bound: null, unit: 'value', base: null } as const
  const rest = { details: [], detailsTotal: 0, evidence: null, reports: [] }
  const verdicts = [{ gate: 'gates', kind: 'all', status: 'broken', sentence: detail, ...numbers, ...rest }] as const
  return { gates: verdicts, cause: { kind: 'gate_failed', verdicts } }
}

/** The pause is over, or the answer did not come. */
export const closingTime = (state: Closing, at: number): RunDecision => {
  const { stage } = state
  if (stage.kind === 'backing_off') {
    if (at < stage.until) return unchanged(state)
    const { status: _, stage: _stage, ...common } = state
    const board = lay({ ...common, status: 'running' }, at)
    const action = actionBetween(board)
    return action === null ? conclude(board) : begin(board, action, stage.attempt + 1)
  }
  if (at < stage.deadlineAt) return unchanged(state)
  const detail = `no answer in ${stage.effect.deadlineMs} ms`
  return closingAnswered(state, { type: 'effect_unknown', at, sequence: stage.effect.sequence, detail })
}

/** A run that is called off, or set aside, between its jobs. */
export const callOffClosing = (state: Closing, cause: RunCause, at: number): RunDecision => {
  const { status: _, stage: _stage, ...common } = state
  const isFirm = cause.kind === 'parked'
  return conclude(lay({ ...common, status: 'stopping', cause: state.cause ?? cause, isFirm }, at))
}
