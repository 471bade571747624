/** Errors on the wire (RFC 9457, problem details). */
import { errorTable, publicCode, SluiceError } from '../../core/errors.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { ProblemView } from './views.ts'

/** The media type of an error. */
export const problemType = 'application/problem+json'

/** An error as a problem. What is not a SluiceError says nothing of itself: its text may hold anything. */
export const problemOf = (error: unknown): ProblemView => {
  const known =
    error instanceof SluiceError
      ? error
      : new SluiceError('unexpected', {
          detail: 'the control plane met something that it did not foresee',
          hint: 'look at the last lines of .sluice/server.log',
        })
  const { status, means } = errorTable[known.code]
  return {
    type: `urn:sluice:error:${publicCode(known.code)}`,
    title: means,
    // A final state such as `run_failed` has no failure status of its own; thrown, it is one.
    status: status < 400 ? 500 : status,
    detail: known.detail,
    code: publicCode(known.code),
    name: known.code,
    retry: known.retry,
    hint: known.hint,
    evidence: known.evidence,
  }
}

/** Parser of a problem: the error it was made from. Anything else becomes `unexpected` with what was said. */
export const errorOfProblem = (value: unknown, status: number): SluiceError => {
  const problem = typeof value === 'object' && value !== null ? (value as Partial<ProblemView>) : {}
  const code: ErrorCode = isCode(problem.name) ? problem.name : 'unexpected'
  return new SluiceError(code, {
    detail: typeof problem.detail === 'string' ? problem.detail : `the control plane answered with status ${status}`,
    ...(typeof problem.hint === 'string' ? { hint: problem.hint } : {}),
    evidence: Array.isArray(problem.evidence) ? problem.evidence.map(String) : [],
    ...(problem.retry === undefined ? {} : { retry: problem.retry }),
  })
}

const isCode = (name: unknown): name is ErrorCode => typeof name === 'string' && Object.hasOwn(errorTable, name)
