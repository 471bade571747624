/** Performs a run's effects: a job in a workspace of its own, what it made kept, its gates judged, and at the end the release. */
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import { unreachable } from '../../core/machine.ts'
import { cutRelease } from '../../core/release.ts'
import type { JobPlan, Texts } from '../../core/pipeline/job-plan.ts'
import type { JobEvidence, RunAction, RunEffect, RunResult } from '../../core/pipeline/types.ts'
import type { Failure } from '../../core/rollout/types.ts'
import type { JobOutcome, JobRequest } from '../../ports/runner.ts'
import { type Deliveries, deliver, stopDelivery } from './deliver.ts'
import { judgeRun, keepNumbers } from './judge-gates.ts'
import type { Ports } from '../ports.ts'
import { jobOf, nameOutputs, resolve } from './resolve.ts'
import type { Run } from '../trusted.ts'

type World = Pick<
  Ports,
  'artifacts' | 'clock' | 'evidence' | 'github' | 'reviews' | 'source' | 'runner' | 'secrets' | 'sha256'
>

/** Performs one effect. Rejects with SluiceError; `outcome_unknown` where nobody can tell. */
export const performRun = (
  world: World,
  { run, effect, deliveries }: { readonly run: Run; readonly effect: RunEffect; readonly deliveries: Deliveries },
  signal: AbortSignal,
): Promise<RunResult> => {
  const { action, key } = effect
  switch (action.kind) {
    case 'resolve_job':
      return resolve(world, { run, action }, signal)
    case 'name_outputs':
      return nameOutputs(world, run, action)
    case 'run_job':
      return runJob(world, { run, key, action }, signal)
    case 'stop_job':
      return stopJob({ world, deliveries }, { run, action }, signal)
    case 'judge_gates':
      return judge(world, { run, evidence: action.evidence }, signal)
    case 'cut_release':
      return cut(world, { run, ...action }, signal)
    case 'deliver':
      return deliver(deliveries, { action, key, service: run.plan.service, since: run.startedAt, by: run.by }, signal)
    default:
      return unreachable(action)
  }
}

/** A job of a run, and the effect that wants it. */
export type JobWork = {
  readonly run: Run
  readonly key: string
  readonly action: Extract<RunAction, { kind: 'run_job' }>
}

const runJob = async (world: World, work: JobWork, signal: AbortSignal): Promise<RunResult> => {
  const request = await jobRequest(world, work, signal)
  await world.runner.stop(work.key, signal)
  return resultOf(jobOf(work.run, work.action.job), await world.runner.run(request, signal))
}

/** What the runner is asked to do for a job. `not_found` for a secret that there is not. */
export const jobRequest = async (
  world: Pick<World, 'secrets'>,
  { run, key, action }: JobWork,
  signal: AbortSignal,
): Promise<JobRequest> => {
  const job = jobOf(run, action.job)
  const { commit, version, isolation, service, number = 1, origin: place = nowhere, cache: caching = null } = run.plan
  const secrets = await secretsOf(world, job, signal)
  const { execution, inputs, needs } = action
  const { attempt: first = 1, follows = [] } = run.plan
  return {
    key,
    run: run.id,
    commit,
    version,
    job: { ...job, env: { ...job.env, ...action.given } },
    isolation,
    secrets,
    number,
    attempt: execution + first - 1,
    follows,
    inputs,
    needs,
    origin: { ...place, service, startedAt: run.startedAt, inputs: run.plan.trigger.inputs },
    caching,
  }
}

/** What a job's end means for its run. `outcome_unknown` for one that was called off. */
export const resultOf = (job: JobPlan, outcome: JobOutcome): RunResult => {
  const { artifacts, outputs, evidence, cache = null } = outcome
  if (outcome.outcome === 'succeeded') return { kind: 'job_succeeded', artifacts, outputs, evidence, cache }
  return failed(job, outcome)
}

/** Secrets by name. GitHub's rules make one that there is not an empty text. */
const secretsOf = async ({ secrets }: Pick<World, 'secrets'>, job: JobPlan, signal: AbortSignal): Promise<Texts> => {
  if (job.dialect !== 'github') return secrets.values(await secrets.versions(job.secrets, signal), signal)
  const versions = await Promise.all(
    job.secrets.map((name) =>
      secrets.versions([name], signal).catch((error: unknown) => {
        if (error instanceof SluiceError && error.code === 'not_found') return {}
        throw error
      }),
    ),
  )
  return secrets.values(Object.assign({}, ...versions), signal)
}
const nowhere = { branch: null, tag: null, base: null }

const failed = (job: JobPlan, { outcome, exitCode, failedStep, tail, ...left }: JobOutcome): RunResult => {
  if (outcome === 'cancelled') throw new SluiceError('outcome_unknown', { detail: `${job.name} was called off` })
  const { problem, reason, artifacts, outputs, evidence } = left
  const where = failedStep === null ? job.name : `${job.name}: ${failedStep}`
  const isLate = outcome === 'timed_out'
  const limitMs = job.steps.find(({ name }) => name === failedStep)?.timeoutMs ?? job.timeoutMs
  // How else it failed (a signal, a file of the step that cannot be read) stands at the end of its log.
  const how = exitCode === null ? 'failed' : `ended with exit code ${exitCode}`
  const detail = isLate ? `${where} took longer than ${Math.min(limitMs, job.timeoutMs)} ms` : `${where} ${how}`
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
    evidence,
  }
}

const judge = async (
  world: World,
  { run, evidence }: { readonly run: Run; readonly evidence: readonly JobEvidence[] },
  signal: AbortSignal,
): Promise<RunResult> => {
  const { gates } = run.plan
  if (gates === null) throw new SluiceError('unexpected', { detail: `run ${run.id} was planned without gates` })
  return { kind: 'gates_judged', verdicts: await judgeRun(world, { run, settings: gates, evidence }, signal) }
}

type Stopping = { readonly run: Run; readonly action: Extract<RunAction, { kind: 'stop_job' }> }

const stopJob = async (
  { world, deliveries }: { readonly world: World; readonly deliveries: Deliveries },
  { run, action }: Stopping,
  signal: AbortSignal,
): Promise<RunResult> => {
  const { work } = jobOf(run, action.job)
  if ('environment' in work) {
    const { environment } = work
    const delivery = { key: action.target, service: run.plan.service, environment, since: run.startedAt }
    await stopDelivery(deliveries, delivery, run.by)
  }
  await world.runner.stop(action.target, signal, limits.lastStepsMs)
  await world.runner.discard(action.target, signal)
  return { kind: 'done' }
}

type Cutting = Pick<Extract<RunAction, { kind: 'cut_release' }>, 'artifacts' | 'gates'> & { readonly run: Run }

/** A release names only artifacts that are there and are what their digests say. */
const cut = async (world: World, { run, artifacts, gates }: Cutting, signal: AbortSignal): Promise<RunResult> => {
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
  const release = cutRelease({ draft, artifacts, gates, run: run.id, at: world.clock.now() }, world.sha256)
  // Where gates are judged, that keeps the numbers.
  if (run.plan.gates === null) await keepNumbers(world, run)
  return { kind: 'release_cut', release }
}
