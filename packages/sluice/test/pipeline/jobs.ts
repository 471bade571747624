/** Jobs of plans for tests: everything that a test does not speak of is as plain as can be. */
import type { JobPlan, PlannedStep } from '../../src/core/pipeline/job-plan.ts'
import { plainJob, plainStep } from '../../src/core/pipeline/plain-plans.ts'

/** A step with only a script. */
export const step = (run: string, rest: Partial<PlannedStep> = {}): PlannedStep => plainStep(run, run, rest)

/** A job of one step that needs others. */
export const jobPlan = (name: string, needs: readonly string[] = [], rest: Partial<JobPlan> = {}): JobPlan =>
  plainJob(name, {
    needs,
    steps: [step('true')],
    timeoutMs: 60_000,
    retry: { attemptsMax: 1, backoffMs: 1_000, on: [] },
    ...rest,
  })
