/** Jobs and steps that ask for nothing: what a document, or a test, does not speak of. */
import type { JobPlan, PlannedStep } from './job-plan.ts'

/** A job that waits for nothing, has no steps yet, and succeeds or fails by them. `timeoutMs` is an hour. */
export const plainJob = (name: string, rest: Partial<JobPlan> = {}): JobPlan => ({
  name,
  needs: [],
  needsWithoutArtifacts: [],
  partOf: null,
  stage: null,
  dialect: 'sluice',
  work: { kind: 'steps' },
  definition: null,
  condition: 'success',
  failFast: false,
  maxParallel: null,
  steps: [],
  shell: null,
  workingDirectory: null,
  env: {},
  envOfNeeds: false,
  secrets: [],
  environment: null,
  services: [],
  timeoutMs: 3_600_000,
  budget: null,
  retry: { attemptsMax: 1, backoffMs: 0, on: [] },
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

/** A step that runs a script where and as its job does. */
export const plainStep = (name: string, run: string, rest: Partial<PlannedStep> = {}): PlannedStep => ({
  name,
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
