/** From the jobs of `sluice.config.ts` to the jobs of a plan. */
import type { JobSettings, MatrixSettings, Settings } from '../config/settings.ts'
import { legOf } from './fan-out.ts'
import type { JobPlan, JobWork, JsonValue, PlannedArtifact } from './job-plan.ts'
import { expandMatrix } from './matrix.ts'

/** The shell of steps that name none: a failure is one wherever it happens. */
export const standardShell: readonly string[] = ['bash', '--noprofile', '--norc', '-euo', 'pipefail', '{0}']

/** A job of the config as jobs of a plan: itself, and the legs of its matrix after it. */
export const lowerJob = (settings: Settings, name: string, job: JobSettings): readonly JobPlan[] => {
  const plan = planOf(settings, name, job)
  const { matrix } = job
  if (matrix === null) return [plan]
  const group: JobPlan = { ...plan, failFast: matrix.failFast, maxParallel: matrix.maxParallel }
  if (matrix.from !== null) return [{ ...group, condition: 'resolve', definition: definitionOf(matrix, job) }]
  const legs = expandMatrix(matrix).map((values) => legOf(plan, values))
  return [
    { ...group, work: { kind: 'none' }, steps: [], artifacts: [], reports: [], cache: null, services: [] },
    ...legs,
  ]
}

const definitionOf = ({ from }: MatrixSettings, job: JobSettings): JsonValue =>
  from === null ? null : { from: { ...from }, if: job.if }

const workOf = ({ deploy, promote }: JobSettings): JobWork =>
  deploy === null
    ? promote === null
      ? { kind: 'steps' }
      : { kind: 'promote', environment: promote }
    : { kind: 'deploy', environment: deploy }

const planOf = (settings: Settings, name: string, job: JobSettings): JobPlan => {
  const { stages, env } = settings.pipeline
  const stage = job.stage === null ? undefined : stages[job.stage]
  const budget =
    job.budgetMs === null
      ? stage === undefined
        ? null
        : { ms: stage.budgetMs, enforce: stage.enforce }
      : { ms: job.budgetMs, enforce: false }
  return {
    name,
    needs: [...new Set(job.needs)],
    needsWithoutArtifacts: [],
    partOf: null,
    stage: job.stage,
    dialect: 'sluice',
    work: workOf(job),
    definition: null,
    condition: job.if,
    failFast: false,
    maxParallel: null,
    steps: job.steps,
    shell: job.shell ?? standardShell,
    workingDirectory: job.workingDirectory,
    env: { ...env, ...job.env },
    envOfNeeds: false,
    secrets: job.secrets,
    environment: null,
    services: job.services,
    timeoutMs: budget?.enforce === true ? Math.min(job.timeoutMs, budget.ms) : job.timeoutMs,
    budget,
    retry: job.retry,
    mayFail: job.mayFail,
    concurrency: job.concurrency,
    manual: job.manual,
    delayMs: 0,
    outputFiles: job.outputFiles,
    artifacts: Object.entries(job.artifacts).map(artifactOf),
    reports: job.reports,
    cache: job.cache,
    keyedCaches: job.keyedCaches,
  }
}

const artifactOf = ([name, paths]: readonly [string, readonly string[]]): PlannedArtifact => ({
  name,
  paths,
  exclude: [],
  glob: false,
  when: 'success',
  ifMissing: 'fail',
  expireMs: null,
})
