/** Jobs that end before their first step. */
import { type ErrorCode, SluiceError } from '../core/errors.ts'
import type { JobPlan } from '../core/pipeline/job-plan.ts'
import type { JobOutcome } from '../ports/runner.ts'

/** What decides a job before it began. */
export const foreseen: ReadonlySet<ErrorCode> = new Set([
  'tool_missing',
  'command_conflict',
  'artifact_missing',
  'artifact_mismatch',
])

/** How a job ends that was decided so. */
export const refused = (plan: JobPlan, { code, detail, hint }: SluiceError, tail: readonly string[]): JobOutcome => ({
  ...nothingRan(plan),
  outcome: 'failed',
  reason: { kind: 'system_failure' },
  problem: { code, detail, hint },
  tail: [...tail, detail],
})

/** A preparation that was cut short: nothing had run yet. */
export const isCalledOff = (error: unknown): boolean =>
  error instanceof SluiceError
    ? error.code === 'outcome_unknown'
    : error instanceof Error && error.name === 'AbortError'

/** The outcome of a job none of whose steps ran, but for how it ended. */
export const nothingRan = (plan: JobPlan): Omit<JobOutcome, 'outcome' | 'reason' | 'problem' | 'tail'> => ({
  exitCode: null,
  failedStep: null,
  outputs: {},
  steps: plan.steps.map(({ name }) => ({
    name,
    outcome: 'skipped',
    exitCode: null,
    startedAt: null,
    finishedAt: null,
    isCheckpoint: false,
  })),
  artifacts: [],
  annotations: [],
  summary: '',
  evidence: null,
  isolation: 'nothing ran',
})
