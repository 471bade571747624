/** Jobs of plans for tests: everything that a test does not speak of is as plain as can be. */
import { commitId, runId } from '../../src/core/model.ts'
import type { JobPlan, PlannedStep } from '../../src/core/pipeline/job-plan.ts'
import { runMachine } from '../../src/core/pipeline/machine.ts'
import { plainJob, plainStep } from '../../src/core/pipeline/plain-plans.ts'
import type { RunState } from '../../src/core/pipeline/types.ts'

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

/** A run of these jobs that was only just planned: by Ada, by hand, of one commit of the shop. */
export const plannedRun = (id: string, jobs: readonly JobPlan[]): RunState =>
  runMachine.decide(
    { status: 'absent' },
    {
      type: 'run_planned',
      at: 1,
      id: runId(id),
      token: 1,
      by: { kind: 'person', name: 'Ada' },
      carried: [],
      plan: {
        form: 1,
        service: 'shop',
        commit: { id: commitId('a'.repeat(40)), subject: 'feat: one', author: 'Ada', committedAt: 1 },
        version: '1.0.0',
        trigger: { event: 'manual', name: null, inputs: {} },
        parallelMax: 1,
        isolation: 'auto',
        jobs,
        gates: null,
        draft: null,
      },
    },
  ).state
