/** Starting and calling off runs. */
import { SluiceError } from '../core/errors.ts'
import { resolveStart, secretNames, type SecretVersions } from '../core/config/resolve.ts'
import type { Settings } from '../core/config/settings.ts'
import type { AggregateKey } from '../core/ledger/entry.ts'
import { type Commit, type CommitId, runId, type RunId } from '../core/model.ts'
import { jobAt } from '../core/pipeline/board.ts'
import { readInputs } from '../core/pipeline/inputs.ts'
import { assertHonoured } from '../core/pipeline/notes.ts'
import { planForeignRun, planRun } from '../core/pipeline/plan.ts'
import type { Occasion } from '../core/pipeline/triggers.ts'
import type { CarriedJob, RunEvent, RunPlan, RunTrigger } from '../core/pipeline/types.ts'
import type { CommitConfig } from '../ports/config.ts'
import type { PipelineRequest } from '../ports/pipelines.ts'
import type { Asking, Desk } from './desk.ts'
import type { Ports } from './ports.ts'

/** Asks for the pipeline of a commit. `jobs`: only these and what they need; such a run cuts no release. */
export type StartRunCommand = {
  readonly ref: string
  readonly jobs: readonly string[] | null
  /** `jobs` are what a change concerns: those that are not for this occasion stay out. */
  readonly areAffected?: boolean
  /** A run of the same commit whose jobs that succeeded are not run again. */
  readonly failedOf?: string | null
  /** What the run is started as; `manual` when absent. */
  readonly event?: RunTrigger['event'] | null
  /** The schedule's expression. */
  readonly schedule?: string | null
  /** `tree`: the working tree as it is, instead of the ref; such a run cuts no release. */
  readonly of?: 'tree' | null
  /** Whether jobs may come out of the caches; they may when absent. */
  readonly usesCache?: boolean
  /** A pipeline of another system instead of that of the config; `jobs` are then those of it. */
  readonly pipeline?: Omit<PipelineRequest, 'jobs'> | null
}

/** Starts a job that waits for a person. `given`: values of its inputs. */
export type PlayCommand = {
  readonly run: string
  readonly job: string
  readonly given: Readonly<Record<string, string>>
}

/** A command with who asks and until when. */
export type StartRunRequest = {
  readonly command: StartRunCommand
  readonly asking: Asking
  readonly signal: AbortSignal
}

type World = Pick<Ports, 'config' | 'pipelines' | 'runner' | 'secrets' | 'source' | 'clock' | 'ids'>

/** Plans and starts a run. Resolves once it is recorded. `not_found`, `tool_missing`, `config_invalid`, `config_missing`, `needs_cycle`. */
export const startRun = async (
  world: World,
  desk: Desk,
  { command, asking, signal }: StartRunRequest,
): Promise<{ run: RunId; plan: RunPlan }> => {
  const { source } = world
  const isTree = command.of === 'tree'
  const id = runId(world.ids.next('run'))
  const [commit, seen] = await Promise.all([
    isTree ? source.commitTree(signal) : source.resolve(command.ref, signal),
    seenCommits(desk),
  ])
  const plan = await planOf(world, { id, commit, command, seen }, signal)
  const at = desk.clock.now()
  const carried = await carriedOf(desk, command)
  const event: RunEvent = { type: 'run_planned', at, id, token: 1, plan, by: asking.by, carried }
  const key: AggregateKey = { kind: 'run', id }
  await desk.loop.transact(
    [key],
    () => [{ key, event, actor: asking.by, reason: asking.reason }],
    asking.record?.({ run: id, plan }) ?? null,
  )
  return { run: id, plan }
}

/** Calls a run off; `command_conflict` when it is over already. */
export const cancelRun = async (desk: Desk, id: string, { by, reason, record }: Asking): Promise<void> => {
  await desk.reading.run(id)
  const key: AggregateKey = { kind: 'run', id }
  const event: RunEvent = { type: 'cancel_requested', at: desk.clock.now(), by, reason }
  const [accepted] = await desk.loop.transact([key], () => [{ key, event, actor: by, reason }], record?.({}) ?? null)
  if (accepted === true) return
  const { status } = await desk.reading.run(id)
  throw new SluiceError('command_conflict', {
    detail: `run ${id} is ${status}; there is nothing to cancel`,
    hint: `sluice runs show ${id}`,
  })
}

/** Starts a job by hand. `not_found`, `usage_invalid` for inputs that it does not take, `command_conflict` when it does not wait for anybody. */
export const playJob = async (desk: Desk, { run: id, job, given }: PlayCommand, asking: Asking): Promise<void> => {
  const { by, reason, record } = asking
  const run = await desk.reading.run(id)
  const index = run.jobs.findIndex((_, other) => jobAt(run, other).name === job)
  if (index < 0)
    throw new SluiceError('not_found', {
      detail: `run ${id} has no job ${JSON.stringify(job)}`,
      hint: `sluice runs show ${id}`,
    })
  const values = readInputs(jobAt(run, index).manual?.inputs ?? [], given)
  if (values.kind === 'invalid')
    throw new SluiceError('usage_invalid', {
      detail: values.detail,
      hint: `sluice runs play ${id} ${job} --input NAME=VALUE`,
    })
  const key: AggregateKey = { kind: 'run', id }
  const event: RunEvent = { type: 'play_requested', at: desk.clock.now(), by, job, given: values.given }
  const [accepted] = await desk.loop.transact([key], () => [{ key, event, actor: by, reason }], record?.({}) ?? null)
  if (accepted === true) return
  throw new SluiceError('command_conflict', {
    detail: `job ${job} of run ${id} is ${(await desk.reading.run(id)).jobs[index]?.status ?? 'gone'}; it waits for nobody`,
    hint: `sluice runs show ${id}`,
  })
}

/** What an earlier run of the same commit did and this one need not. */
const carriedOf = async (desk: Desk, { failedOf = null }: StartRunCommand): Promise<readonly CarriedJob[]> => {
  if (failedOf === null) return []
  const run = await desk.reading.run(failedOf)
  return run.jobs.flatMap((job, index) => {
    const { name, work } = jobAt(run, index)
    if (job.status !== 'succeeded' || work.kind === 'deploy' || work.kind === 'promote') return []
    const { carriedFrom, artifacts, outputs, evidence } = job
    return [{ job: name, from: carriedFrom ?? run.id, artifacts, outputs, evidence }]
  })
}

type Planning = {
  readonly id: RunId
  readonly commit: Commit
  readonly command: StartRunCommand
  readonly seen: readonly CommitId[]
}

/** Commits whose runs went well, newest first: what came before them was looked at. */
const seenCommits = async (desk: Desk): Promise<readonly CommitId[]> => {
  const { items } = await desk.reading.runs({})
  return items.flatMap(({ status, plan }) =>
    status === 'succeeded' && plan.origin?.isTree !== true && plan.draft !== null ? [plan.commit.id] : [],
  )
}

const occasionOf = async (
  { source }: World,
  { commit, command, seen }: Planning,
  signal: AbortSignal,
): Promise<Occasion> => {
  const { ref, event = null, schedule = null, of = null } = command
  const isTree = of === 'tree'
  const place = await source.place({ ref: isTree ? 'HEAD' : ref, commit: commit.id, seen }, signal)
  const name = schedule ?? (event === 'tag' ? place.tag : place.branch)
  return { ...place, isTree, trigger: { event: event ?? 'manual', name, inputs: {} } }
}

/** The plan comes from the commit's own config, read in a checkout of exactly that commit. */
const planOf = async (world: World, planning: Planning, signal: AbortSignal): Promise<RunPlan> => {
  const { id, commit, command } = planning
  const { pipeline = null } = command
  if (pipeline !== null) return foreignPlan(world, { ...planning, pipeline }, signal)
  const [{ settings, version }, occasion] = await Promise.all([
    configOf(world, { id, commit }, signal),
    occasionOf(world, planning, signal),
  ])
  const secretVersions = resolveStart(settings) === null ? {} : await versionsOf(world, settings, signal)
  const only = command.jobs === null ? {} : { only: command.jobs, areAffected: command.areAffected === true }
  const cachesFor = command.usesCache === false ? null : command.ref
  return planRun({ settings, commit, version, secretVersions, cores: world.runner.cores, occasion, cachesFor, ...only })
}

const configOf = (world: World, of: Pick<Planning, 'id' | 'commit'>, signal: AbortSignal): Promise<CommitConfig> =>
  world.config.ofCommit(of.commit.id, (work) => inCheckout(world, of, work, signal), signal)

type ForeignPlanning = Planning & { readonly pipeline: NonNullable<StartRunCommand['pipeline']> }

/** A pipeline of another system runs beside a config, or without any. `config_invalid` with each place that cannot be honoured. */
const foreignPlan = async (
  world: World,
  { id, commit, command, pipeline }: ForeignPlanning,
  signal: AbortSignal,
): Promise<RunPlan> => {
  const { jobs, ref } = command
  const of = { commit, ref, now: world.clock.now() }
  const { jobs: lowered, origin } = await world.pipelines.lower({ ...pipeline, jobs }, of, signal)
  assertHonoured(origin)
  const config = await configOf(world, { id, commit }, signal).catch((error: unknown) => {
    if (error instanceof SluiceError && error.code === 'config_missing') return null
    throw error
  })
  const { inputs } = pipeline
  return planForeignRun({
    config,
    fallbackService: world.source.name,
    commit,
    cores: world.runner.cores,
    origin,
    inputs,
    jobs: lowered,
    cachesFor: command.usesCache === false ? null : ref,
  })
}

const inCheckout = async <Result>(
  world: World,
  { id, commit }: Pick<Planning, 'id' | 'commit'>,
  work: (directory: string) => Promise<Result>,
  signal: AbortSignal,
): Promise<Result> => {
  const directory = world.runner.workspace(`${id}/plan`)
  await world.source.checkout(commit.id, directory, signal)
  try {
    return await work(directory)
  } finally {
    await world.source.remove(directory, signal).catch(() => {})
  }
}

const versionsOf = async (world: World, settings: Settings, signal: AbortSignal): Promise<SecretVersions> => {
  const entries = Object.keys(settings.environments).map(
    async (name): Promise<[string, Readonly<Record<string, string>>]> => [
      name,
      await world.secrets.versions(secretNames(settings, name), signal),
    ],
  )
  return Object.fromEntries(await Promise.all(entries))
}
