/** One form for every job: the plan of today's config as a `JobPlan`. */
import type { JobPlan } from '../core/pipeline/job-plan.ts'
import type { PlannedJob } from '../core/pipeline/types.ts'

/** The shell of jobs that name none in `sluice.config.ts`: a failure is one wherever it happens. */
const bash: readonly string[] = ['bash', '--noprofile', '--norc', '-euo', 'pipefail', '{0}']

/** A `JobPlan` as it is; another job with everything that it does not say. */
export const planOf = (job: PlannedJob | JobPlan): JobPlan => {
  if ('dialect' in job) return job
  const { name, needs, env, secrets, timeoutMs } = job
  return {
    name,
    needs,
    needsWithoutArtifacts: [],
    partOf: null,
    stage: null,
    dialect: 'sluice',
    definition: null,
    condition: 'success',
    failFast: false,
    maxParallel: null,
    steps: job.steps.map((step) => ({
      ...step,
      when: 'success',
      shell: null,
      env: {},
      workingDirectory: null,
      timeoutMs: null,
      continueOnError: false,
    })),
    shell: bash,
    workingDirectory: null,
    env,
    envOfNeeds: false,
    secrets,
    environment: null,
    services: [],
    timeoutMs,
    budget: null,
    retry: { attemptsMax: 1, backoffMs: 0, on: [] },
    mayFail: null,
    concurrency: null,
    manual: null,
    delayMs: 0,
    outputFiles: [],
    artifacts: job.artifacts.map(({ name: artifact, paths }) => ({
      name: artifact,
      paths,
      exclude: [],
      glob: false,
      when: 'success',
      ifMissing: 'fail',
      expireMs: null,
    })),
    reports: [],
    cache: null,
    keyedCaches: [],
  }
}
