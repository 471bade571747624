/** Performs a run's effects: a job in a workspace of its own, what it made kept, its gates judged, and at the end the release. */
import { SluiceError } from '../core/errors.ts'
import { unreachable } from '../core/machine.ts'
import { cutRelease } from '../core/release.ts'
import type { Artifact } from '../core/model.ts'
import { fanOut, fanOutOf } from '../core/pipeline/fan-out.ts'
import type { JobPlan } from '../core/pipeline/job-plan.ts'
import type { JobResolution, RunAction, RunEffect, RunResult } from '../core/pipeline/types.ts'
import type { Failure } from '../core/rollout/types.ts'
import type { JobOutcome } from '../ports/runner.ts'
import { type Deliveries, deliver, stopDelivery } from './deliver.ts'
import type { Ports } from './ports.ts'
import type { Run } from './trusted.ts'

type World = Pick<Ports, 'artifacts' | 'clock' | 'runner' | 'secrets' | 'sha256'>

/** Performs one effect. Rejects with SluiceError; `outcome_unknown` where nobody can tell. */
export const performRun = (
  world: World,
  { run, effect, deliveries }: { readonly run: Run; readonly effect: RunEffect; readonly deliveries: Deliveries },
  signal: AbortSignal,
): Promise<RunResult> => {
  const { action, key } = effect
  switch (action.kind) {
    case 'resolve_job':
      return Promise.resolve({ kind: 'job_resolved', resolution: resolve(run, action) })
    case 'run_job':
      return runJob(world, { run, key, action }, signal)
    case 'stop_job':
      return stopJob({ world, deliveries }, { run, action }, signal)
    case 'judge_gates':
      return Promise.resolve({ kind: 'gates_judged', verdicts: [] })
    case 'cut_release':
      return cut(world, { run, artifacts: action.artifacts }, signal)
    case 'deliver':
      return deliver(deliveries, { action, key, service: run.plan.service, by: run.by }, signal)
    default:
      return unreachable(action)
  }
}

/** The job of that name, as its dialect resolved it if it did. `not_found`. */
const jobOf = (run: Run, name: string): JobPlan => {
  // By name alone first: a run may have ten thousand jobs, and asks for each of them.
  const job = run.plan.jobs.find((one) => one.name === name) ?? run.added.find((one) => one.name === name)
  if (job === undefined) throw new SluiceError('not_found', { detail: `run ${run.id} has no job ${name}` })
  return run.resolved[name] ?? job
}

type Resolving = Extract<RunAction, { kind: 'resolve_job' }>

const resolve = (run: Run, { job: name, needs }: Resolving): JobResolution => {
  const job = jobOf(run, name)
  const from = fanOutOf(job)
  const legs = fanOut(job, from, needs)
  if (legs.kind === 'legs') return legs
  throw new SluiceError('run_failed', {
    detail: `${name}: ${legs.detail}`,
    hint: `sluice runs logs ${run.id} ${from.job}`,
  })
}

type JobWork = { readonly run: Run; readonly key: string; readonly action: Extract<RunAction, { kind: 'run_job' }> }

const runJob = async (world: World, { run, key, action }: JobWork, signal: AbortSignal): Promise<RunResult> => {
  const job = jobOf(run, action.job)
  const { commit, version, isolation } = run.plan
  const secrets = await world.secrets.values(await world.secrets.versions(job.secrets, signal), signal)
  await world.runner.stop(key, signal)
  const { execution: attempt, inputs, needs } = action
  const given = { ...job, env: { ...job.env, ...action.given } }
  const outcome = await world.runner.run(
    { key, run: run.id, commit, version, job: given, isolation, secrets, attempt, inputs, needs },
    signal,
  )
  const { artifacts, outputs } = outcome
  if (outcome.outcome === 'succeeded') return { kind: 'job_succeeded', artifacts, outputs, evidence: null }
  return failed(job, outcome)
}

const failed = (job: JobPlan, { outcome, exitCode, failedStep, tail, ...left }: JobOutcome): RunResult => {
  if (outcome === 'cancelled') throw new SluiceError('outcome_unknown', { detail: `${job.name} was called off` })
  const { problem, reason, artifacts, outputs } = left
  const where = failedStep === null ? job.name : `${job.name}: ${failedStep}`
  const isLate = outcome === 'timed_out'
  const detail = isLate
    ? `${where} took longer than ${job.timeoutMs} ms`
    : `${where} ended with ${exitCode === null ? 'a signal' : `exit code ${exitCode}`}`
  const code = isLate ? 'job_timeout' : 'run_failed'
  const failure: Failure =
    problem === null
      ? { code, retry: 'never', detail, evidence: tail }
      : { code: problem.code, retry: 'never', detail: `${job.name}: ${problem.detail}`, evidence: tail }
  return {
    kind: 'job_failed',
    failure,
    reason: reason ?? { kind: 'script_failure' },
    artifacts,
    outputs,
    evidence: null,
  }
}

type Stopping = { readonly run: Run; readonly action: Extract<RunAction, { kind: 'stop_job' }> }

const stopJob = async (
  { world, deliveries }: { readonly world: World; readonly deliveries: Deliveries },
  { run, action }: Stopping,
  signal: AbortSignal,
): Promise<RunResult> => {
  if (jobOf(run, action.job).work.kind !== 'steps') await stopDelivery(deliveries, action.target, run.by)
  await world.runner.stop(action.target, signal)
  await world.runner.discard(action.target, signal)
  return { kind: 'done' }
}

/** A release names only artifacts that are there and are what their digests say. */
const cut = async (
  world: World,
  { run, artifacts }: { readonly run: Run; readonly artifacts: readonly Artifact[] },
  signal: AbortSignal,
): Promise<RunResult> => {
  const { draft } = run.plan
  if (draft === null) throw new SluiceError('unexpected', { detail: `run ${run.id} was planned without a release` })
  for (const { name, digest } of artifacts) {
    const state = await world.artifacts.verify(digest, signal)
    if (state === 'ok') continue
    throw new SluiceError(state === 'missing' ? 'artifact_missing' : 'artifact_mismatch', {
      detail: `artifact ${name} (${digest}) is ${state}`,
      hint: 'sluice run',
    })
  }
  const release = cutRelease({ draft, artifacts, run: run.id, at: world.clock.now() }, world.sha256)
  return { kind: 'release_cut', release }
}
