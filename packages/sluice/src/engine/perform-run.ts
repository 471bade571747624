/** Performs a run's effects: a job in a clean checkout, its artifacts kept, and at the end the release. */
import { SluiceError } from '../core/errors.ts'
import { unreachable } from '../core/machine.ts'
import { cutRelease } from '../core/release.ts'
import type { Artifact } from '../core/model.ts'
import type { PlannedJob, RunEffect, RunResult } from '../core/pipeline/types.ts'
import type { JobOutcome } from '../ports/runner.ts'
import type { Ports } from './ports.ts'
import type { Run } from './trusted.ts'

type World = Pick<Ports, 'artifacts' | 'clock' | 'runner' | 'secrets' | 'sha256' | 'source'>

/** Performs one effect. Rejects with SluiceError; `outcome_unknown` where nobody can tell. */
export const performRun = (
  world: World,
  { run, effect }: { readonly run: Run; readonly effect: RunEffect },
  signal: AbortSignal,
): Promise<RunResult> => {
  const { action } = effect
  switch (action.kind) {
    case 'run_job':
      return runJob(world, { run, key: effect.key, name: action.job, inputs: action.inputs }, signal)
    case 'stop_job':
      return stopJob(world, action.target, signal)
    case 'cut_release':
      return cut(world, { run, artifacts: action.artifacts }, signal)
    default:
      return unreachable(action)
  }
}

type JobWork = { readonly run: Run; readonly key: string; readonly name: string; readonly inputs: readonly Artifact[] }

const runJob = async (world: World, { run, key, name, inputs }: JobWork, signal: AbortSignal): Promise<RunResult> => {
  const job = jobOf(run, name)
  const { commit, version } = run.plan
  const directory = world.runner.workspace(key)
  const secrets = await world.secrets.values(await world.secrets.versions(job.secrets, signal), signal)
  await world.runner.stop(key, signal)
  await world.source.remove(directory, signal)
  await world.source.checkout(commit.id, directory, signal)
  try {
    for (const input of inputs) await world.artifacts.unpack(input.digest, directory, signal)
    const outcome = await world.runner.run({ key, run: run.id, commit, version, job, directory, secrets }, signal)
    if (outcome.outcome !== 'succeeded') throw jobError(job, outcome)
    const artifacts: Artifact[] = []
    for (const { name: artifact, paths } of job.artifacts) {
      artifacts.push(await world.artifacts.put({ name: artifact, directory, paths, commit, version, inputs }, signal))
    }
    return { kind: 'job_succeeded', artifacts }
  } finally {
    await world.source.remove(directory, signal).catch(() => {})
  }
}

const jobOf = (run: Run, name: string): PlannedJob => {
  const job = run.plan.jobs.find((one) => one.name === name)
  if (job === undefined) throw new SluiceError('not_found', { detail: `run ${run.id} has no job ${name}` })
  return job
}

const jobError = (job: PlannedJob, { outcome, exitCode, failedStep, tail }: JobOutcome): SluiceError => {
  if (outcome === 'cancelled') return new SluiceError('outcome_unknown', { detail: `${job.name} was called off` })
  const where = failedStep === null ? job.name : `${job.name}: ${failedStep}`
  return outcome === 'timed_out'
    ? new SluiceError('job_timeout', { detail: `${where} took longer than ${job.timeoutMs} ms`, evidence: tail })
    : new SluiceError('run_failed', {
        detail: `${where} ended with ${exitCode === null ? 'a signal' : `exit code ${exitCode}`}`,
        evidence: tail,
      })
}

const stopJob = async (world: World, target: string, signal: AbortSignal): Promise<RunResult> => {
  await world.runner.stop(target, signal)
  await world.source.remove(world.runner.workspace(target), signal)
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
