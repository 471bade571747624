/** What settled jobs mean for those after them. */
import { type Board, planAt, stateAt } from './board.ts'
import type { JobState, NeedOutcome, SkipReason } from './types.ts'

/**
 * A job as those after it see it: one that may fail counts as success, as everywhere in the field. One of GitHub's that took too long was cancelled by it (docs.github.com, "Workflow syntax",
 * *timeout-minutes*, 2026), so that `failure()` does not mean it.
 */
export const outcomeOf = (board: Board, index: number): NeedOutcome => {
  const { name, dialect } = planAt(board, index)
  const job = stateAt(board, index)
  const outputs = 'outputs' in job ? job.outputs : {}
  const isLate = job.status === 'failed' && !job.isTolerated && job.failure.code === 'job_timeout'
  return { name, result: isLate && dialect === 'github' ? 'cancelled' : resultOf(job), outputs }
}

const resultOf = (job: JobState): NeedOutcome['result'] => {
  if (job.status === 'succeeded') return 'success'
  if (job.status === 'failed') return job.isTolerated ? 'success' : 'failure'
  return job.status === 'cancelled' ? 'cancelled' : 'skipped'
}

/** Whether a settled job stands in the way of what asks for success: it failed, was called off, or did not run. */
const isBad = (board: Board, index: number): boolean => {
  const job = stateAt(board, index)
  if (job.status === 'skipped') return job.because.kind !== 'nobody' || planAt(board, index).manual?.isOptional === true
  return (job.status === 'failed' && !job.isTolerated) || job.status === 'cancelled'
}

const isTainted = (job: JobState): boolean =>
  (job.status === 'failed' && !job.isTolerated) ||
  ((job.status === 'succeeded' || job.status === 'skipped') && job.isTainted)

/** The jobs right before one: its needs, and those of the job that it is part of. */
const before = (board: Board, index: number): readonly number[] => {
  const own = board.links.needs[index] ?? []
  const whole = wholeOf(board, index)
  return whole === null ? own : [...own, ...before(board, whole)]
}

/** The job that this one is part of. */
export const wholeOf = (board: Board, index: number): number | null => board.links.wholes[index] ?? null

/** Whether a job before this one, near or far, failed. */
export const taintOf = (board: Board, index: number): boolean =>
  before(board, index).some((need) => isTainted(stateAt(board, need)))

/** Needs that the job's own condition is about: what the job that it is part of waited for was decided there. */
const decisive = (board: Board, index: number): readonly number[] => {
  const own = board.links.needs[index] ?? []
  const whole = wholeOf(board, index)
  if (whole === null) return own
  const decided = new Set(board.links.needs[whole])
  return own.filter((need) => !decided.has(need))
}

/** Whether what a condition of `failure` is about happened. */
export const hasFailure = (board: Board, index: number): boolean =>
  decisive(board, index).some((need) => isTainted(stateAt(board, need)))

/** The first thing that stands in the way of a job that asks for success; null when nothing does. */
export const obstacleTo = (board: Board, index: number): SkipReason | null => {
  const needs = decisive(board, index)
  const bad = needs.find((need) => isBad(board, need))
  const culprit = bad ?? needs.find((need) => isTainted(stateAt(board, need)))
  return culprit === undefined ? null : { kind: 'need', job: rootOf(board, culprit) }
}

/** The job that failed, not the one between: of a skipped one, what it was skipped for. */
const rootOf = (board: Board, index: number): string => {
  const job = stateAt(board, index)
  return job.status === 'skipped' && job.because.kind === 'need' ? job.because.job : planAt(board, index).name
}

/** The settled jobs behind the needs of one: a need that gathers others stands for those, but for the ones whose files it was told to leave. */
export const behind = (board: Board, index: number, left: readonly string[]): readonly number[] => {
  const needs = (board.links.needs[index] ?? []).filter((need) => !left.includes(planAt(board, need).name))
  return needs.flatMap((need) => {
    const plan = planAt(board, need)
    return plan.gathers === true ? behind(board, need, plan.needsWithoutArtifacts) : [need]
  })
}

/** The direct needs of a job as its dialect and its steps see them. */
export const needsOf = (board: Board, index: number): readonly NeedOutcome[] =>
  (board.links.needs[index] ?? []).map((need) => outcomeOf(board, need))

/** All jobs before one, near and far; of one that is part of another, those that are part of it as well: what the whole waited for was decided there. */
export const ancestorsOf = (board: Board, index: number): readonly NeedOutcome[] => {
  const seen = new Set<number>()
  const open = [...decisive(board, index)]
  for (let need = open.pop(); need !== undefined; need = open.pop()) {
    if (seen.has(need)) continue
    seen.add(need)
    open.push(...decisive(board, need))
  }
  return [...seen].toSorted((a, b) => a - b).map((need) => outcomeOf(board, need))
}
