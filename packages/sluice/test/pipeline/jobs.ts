/** Jobs of plans for tests: everything that a test does not speak of is as plain as can be. */
import type { JobPlan, PlannedStep } from '../../src/core/pipeline/job-plan.ts'

/** A step with only a script. */
export const step = (run: string, rest: Partial<PlannedStep> = {}): PlannedStep => ({
  name: run,
  run,
  builtin: null,
  when: 'success',
  shell: null,
  env: {},
  workingDirectory: null,
  timeoutMs: null,
  continueOnError: false,
  ...rest,
})

/** A job of one step that needs others. */
export const jobPlan = (name: string, needs: readonly string[] = [], rest: Partial<JobPlan> = {}): JobPlan => ({
  name,
  needs,
  needsWithoutArtifacts: [],
  partOf: null,
  stage: null,
  dialect: 'sluice',
  work: { kind: 'steps' },
  definition: null,
  condition: 'success',
  failFast: false,
  maxParallel: null,
  steps: [step('true')],
  shell: null,
  workingDirectory: null,
  env: {},
  envOfNeeds: false,
  secrets: [],
  environment: null,
  services: [],
  timeoutMs: 60_000,
  budget: null,
  retry: { attemptsMax: 1, backoffMs: 1_000, on: [] },
  mayFail: null,
  concurrency: null,
  manual: null,
  delayMs: 0,
  outputFiles: [],
  artifacts: [],
  reports: [],
  cache: null,
  keyedCaches: [],
  ...rest,
})
