/** Starting and calling off runs. */
import { SluiceError } from '../../core/errors.ts'
import { resolveStart, secretNames, type SecretVersions } from '../../core/config/resolve.ts'
import type { Settings } from '../../core/config/settings.ts'
import type { AggregateKey } from '../../core/ledger/entry.ts'
import { limits } from '../../core/limits.ts'
import { type Commit, type CommitId, commitId, runId, type RunId, sluice } from '../../core/model.ts'
import { jobAt } from '../../core/pipeline/board.ts'
import { readInputs } from '../../core/pipeline/inputs.ts'
import type { LoweringNote } from '../../core/pipeline/job-plan.ts'
import { assertHonoured } from '../../core/pipeline/notes.ts'
import { planForeignRun, planRun } from '../../core/pipeline/plan.ts'
import type { Occasion } from '../../core/pipeline/triggers.ts'
import type { PipelineOrigin, RunEvent, RunPlan, RunTrigger } from '../../core/pipeline/types.ts'
import type { CommitConfig } from '../../ports/config.ts'
import type { ArrivedAt, PipelineRequest } from '../../ports/pipelines.ts'
import { type Asking, type Desk, input } from '../desk.ts'
import { foresee } from '../perform/foresee.ts'
import type { Ports } from '../ports.ts'
import type { Page } from '../reading/stored-states.ts'
import type { Run } from '../trusted.ts'
import { assertMayDeliver, jobsAfter } from './run-rights.ts'
import { carriedOf, planAgain } from './run-again.ts'
import type { Input } from '../loop/transaction.ts'
import type { TypedSecrets } from './typed-secrets.ts'

/** A secret without a value is the one of that name that the secret source has. */
export type AskedPipeline = Omit<PipelineRequest, 'jobs' | 'secrets'> & {
  readonly secrets: Readonly<Record<string, string | null>>
}

/** Asks for the pipeline of a commit. `jobs`: only these and what they need; such a run cuts no release. */
export type StartRunCommand = {
  readonly ref: string
  readonly jobs: readonly string[] | null
  /** `jobs` are what a change concerns: those that are not for this occasion stay out. */
  readonly areAffected?: boolean
  /** A run that is made again: its commit and its plan, whatever else is said here. */
  readonly retryOf?: string | null
  /** A run of the same commit and pipeline whose jobs that succeeded are not run again. */
  readonly failedOf?: string | null
  /** What the run is started as; `manual` when absent. */
  readonly event?: RunTrigger['event'] | null
  /** The schedule's expression. */
  readonly schedule?: string | null
  /** `tree`: the working tree as it is, instead of the ref; such a run cuts no release. */
  readonly of?: 'tree' | null
  /** Whether jobs may come out of the caches; they may when absent. */
  readonly usesCache?: boolean
  /** Values of the inputs of the config's pipeline (`pipeline.on.manual`); the defaults count where none is given. A pipeline of another system has its own. */
  readonly inputs?: Readonly<Record<string, string>>
  /** A pipeline of another system instead of that of the config; `jobs` are then those of it. */
  readonly pipeline?: AskedPipeline | null
  /** What was fetched because somebody told of it; `ref` is then the commit. */
  readonly arrived?: ArrivedCommit
}

/** Where a commit that was fetched stands, what that makes of its run, and what the run is named by where caches are kept. */
export type ArrivedCommit = {
  readonly at: ArrivedAt
  readonly trigger: RunTrigger
  readonly cacheName: string
  /** It cuts no release. */
  readonly isUntrusted: boolean
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

/** What starting a run answers: not its plan, because an answer is kept for a day, and a plan may have megabytes. */
export type StartedRun = { readonly run: RunId; readonly notes: readonly LoweringNote[] }

type World = Pick<Ports, 'config' | 'pipelines' | 'runner' | 'secrets' | 'source' | 'clock' | 'ids'> & {
  readonly typed: TypedSecrets
}

/** Plans and starts a run. Resolves once it is recorded. `not_found`, `tool_missing`, `config_invalid`, `config_missing`, `needs_cycle`, `usage_invalid` for inputs that it does not take. */
export const startRun = async (
  world: World,
  desk: Desk,
  { command, asking, signal }: StartRunRequest,
): Promise<StartedRun> => {
  const id = runId(world.ids.next('run'))
  const { retryOf = null, failedOf = null } = command
  world.runner.expect?.(id)
  const fresh =
    retryOf === null
      ? await newPlan(world, desk, { id, command }, signal)
      : await planAgain(world, desk, retryOf, signal)
  const { carried, follows } = failedOf === null ? { carried: [], follows: [] } : await carriedOf(desk, failedOf, fresh)
  const { follows: _before, ...rest } = fresh
  const plan: RunPlan = follows.length === 0 ? rest : { ...rest, follows }
  assertMayDeliver(plan.jobs, asking)
  const at = desk.clock.now()
  const event = { type: 'run_planned', at, id, token: 1, plan, by: asking.by, carried } as const
  const known = await foresee(world, event, signal)
  const key: AggregateKey = { kind: 'run', id }
  const started = { run: id, notes: plan.pipeline?.notes ?? [] }
  const planned = input(key, event, asking)
  const foreseen = known.map((one): Input => ({ key, event: one, actor: sluice, reason: null }))
  const record = asking.record?.(started) ?? null
  try {
    await desk.loop.transact([key], () => [planned, ...foreseen], record)
  } catch (error) {
    // A result that is too large for a row fails its job, and nothing else.
    if (foreseen.length === 0 || !(error instanceof SluiceError) || error.code !== 'usage_invalid') throw error
    await desk.loop.transact([key], () => [planned], record)
  }
  return started
}

const newPlan = async (
  world: World,
  desk: Desk,
  { id, command }: Pick<Planning, 'id' | 'command'>,
  signal: AbortSignal,
): Promise<RunPlan> => {
  const { source } = world
  const [commit, before] = await Promise.all([
    command.of === 'tree' ? source.commitTree(signal) : source.resolve(command.ref, signal),
    runsBefore(desk, command),
  ])
  return planOf(world, { id, commit, command, ...before }, signal)
}

/** Calls a run off; `command_conflict` when it is over already. */
export const cancelRun = async (desk: Desk, id: string, asking: Asking): Promise<void> => {
  const { by, reason, record } = asking
  await desk.reading.run(id)
  const key: AggregateKey = { kind: 'run', id }
  const event: RunEvent = { type: 'cancel_requested', at: desk.clock.now(), by, reason }
  const [accepted] = await desk.loop.transact([key], () => [input(key, event, asking)], record?.({}) ?? null)
  if (accepted === true) return
  const { status } = await desk.reading.run(id)
  throw new SluiceError('command_conflict', {
    detail: `run ${id} is ${status}; there is nothing to cancel`,
    hint: `sluice runs show ${id}`,
  })
}

/** Starts a job by hand. `not_found`, `usage_invalid` for inputs that it does not take, `command_conflict` when it does not wait for anybody. */
export const playJob = async (desk: Desk, { run: id, job, given }: PlayCommand, asking: Asking): Promise<void> => {
  const { by, record } = asking
  const run = await desk.reading.run(id)
  const index = run.jobs.findIndex((_, other) => jobAt(run, other).name === job)
  if (index < 0)
    throw new SluiceError('not_found', {
      detail: `run ${id} has no job ${JSON.stringify(job)}`,
      hint: `sluice runs show ${id}`,
    })
  assertMayDeliver(
    jobsAfter(
      run.jobs.map((_, other) => jobAt(run, other)),
      job,
    ),
    asking,
  )
  const values = readInputs(jobAt(run, index).manual?.inputs ?? [], given)
  if (values.kind === 'invalid')
    throw new SluiceError('usage_invalid', {
      detail: values.detail,
      hint: `sluice runs play ${id} ${job} --input NAME=VALUE`,
    })
  const key: AggregateKey = { kind: 'run', id }
  const event: RunEvent = { type: 'play_requested', at: desk.clock.now(), by, job, given: values.given }
  const [accepted] = await desk.loop.transact([key], () => [input(key, event, asking)], record?.({}) ?? null)
  if (accepted === true) return
  throw new SluiceError('command_conflict', {
    detail: `job ${job} of run ${id} is ${(await desk.reading.run(id)).jobs[index]?.status ?? 'gone'}; it waits for nobody`,
    hint: `sluice runs show ${id}`,
  })
}

type Planning = {
  readonly id: RunId
  readonly commit: Commit
  readonly command: StartRunCommand
  /** Commits whose runs went well, newest first: what came before them was looked at. */
  readonly seen: readonly CommitId[]
  /** Counts the runs of the same document of another system, from 1. */
  readonly number: number
}

const runsBefore = async (
  desk: Desk,
  { pipeline = null }: StartRunCommand,
): Promise<Pick<Planning, 'seen' | 'number'>> => {
  const { items } = await desk.reading.runSummaries({})
  const seen = items.flatMap(({ status, isTree, isWhole, commit }) =>
    status === 'succeeded' && !isTree && isWhole ? [commit.id] : [],
  )
  return { seen, number: pipeline === null ? 1 : await numberOf(desk, pipeline) }
}

/** One more than the runs of the document have so far. */
const numberOf = async (desk: Desk, { kind, file }: Pick<PipelineRequest, 'kind' | 'file'>): Promise<number> => {
  let page: Page<Run> = await desk.reading.runs({})
  for (;;) {
    const numbers = page.items.flatMap(({ plan }) =>
      plan.pipeline?.kind === kind && plan.pipeline.file === file ? [plan.number ?? 1] : [],
    )
    // One that was run again has an older number than those before it.
    if (numbers.length > 0) return Math.max(...numbers) + 1
    if (page.next === null) return 1
    page = await desk.reading.runs({ cursor: page.next, limit: limits.pageItemsMax })
  }
}

const occasionOf = async (
  { source }: World,
  { commit, command, seen }: Planning,
  signal: AbortSignal,
): Promise<Occasion> => {
  const { ref, event = null, schedule = null, of = null, arrived } = command
  if (arrived !== undefined) return occasionAt(arrived)
  const isTree = of === 'tree'
  const place = await source.place({ ref: isTree ? 'HEAD' : ref, commit: commit.id, seen }, signal)
  const name = schedule ?? (event === 'tag' ? place.tag : place.branch)
  return { ...place, isTree, trigger: { event: event ?? 'manual', name, inputs: {} } }
}

/** The occasion of a run of a commit that somebody told of. */
export const occasionAt = ({ at, trigger }: Pick<ArrivedCommit, 'at' | 'trigger'>): Occasion => ({
  branch: at.branch,
  tag: at.tag,
  base: at.before === null ? null : commitId(at.before),
  changed: at.changed,
  trigger,
})

/** The plan comes from the commit's own config, read in a checkout of exactly that commit. */
const planOf = async (world: World, planning: Planning, signal: AbortSignal): Promise<RunPlan> => {
  const { id, commit, command } = planning
  const { pipeline = null, inputs: given = {} } = command
  if (pipeline !== null) {
    assertNoInputs(given)
    return foreignPlan(world, { ...planning, pipeline }, signal)
  }
  const [{ settings, version }, occasion] = await Promise.all([
    configOf(world, { id, commit }, signal),
    occasionOf(world, planning, signal),
  ])
  const secretVersions = resolveStart(settings) === null ? {} : await versionsOf(world, settings, signal)
  const only = command.jobs === null ? {} : { only: command.jobs, areAffected: command.areAffected === true }
  const cachesFor = command.usesCache === false ? null : (command.arrived?.cacheName ?? command.ref)
  const isUntrusted = command.arrived?.isUntrusted === true
  const { cores } = world.runner
  return planRun({ settings, commit, version, secretVersions, cores, occasion, cachesFor, isUntrusted, given, ...only })
}

/** Values that nobody would read are none that somebody meant. */
const assertNoInputs = (given: Readonly<Record<string, string>>): void => {
  const [name] = Object.keys(given)
  if (name === undefined) return
  throw new SluiceError('usage_invalid', {
    detail: `input ${name} is for the pipeline of the config, and this run is of a pipeline of another system`,
    hint: 'its inputs stand in `pipeline.inputs`',
  })
}

/** What a commit says about itself. `id` names the checkout that it may take to read it. */
export const configOf = (world: ConfigWorld, of: ConfigPlace, signal: AbortSignal): Promise<CommitConfig> =>
  world.config.ofCommit(of.commit.id, (work) => inCheckout(world, of, work, signal), signal)

type ConfigWorld = Pick<Ports, 'config' | 'runner' | 'source'>
type ConfigPlace = { readonly id: string; readonly commit: Pick<Commit, 'id'> }

type ForeignPlanning = Planning & { readonly pipeline: NonNullable<StartRunCommand['pipeline']> }

/** A pipeline of another system runs beside a config, or without any. `config_invalid` with each place that cannot be honoured. */
const foreignPlan = async (
  world: World,
  { id, commit, command, pipeline, number }: ForeignPlanning,
  signal: AbortSignal,
): Promise<RunPlan> => {
  const { jobs, ref, arrived } = command
  const of = { commit, ref, now: world.clock.now(), ...(arrived === undefined ? {} : { arrived: arrived.at }) }
  const secrets = await secretsOf(world, pipeline.secrets, signal)
  const { jobs: lowered, origin } = await world.pipelines.lower({ ...pipeline, secrets, jobs }, of, signal)
  assertHonoured(origin)
  if (arrived !== undefined && lowered.length === 0) throw notForThis(origin)
  world.typed.hold(id, { ...secrets, ...pipeline.secretFiles })
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
    number,
    inputs,
    jobs: lowered,
    cachesFor: command.usesCache === false ? null : (arrived?.cacheName ?? ref),
    isUntrusted: arrived?.isUntrusted === true,
    ...(arrived?.trigger.arrival === undefined ? {} : { arrival: arrived.trigger.arrival }),
  })
}

/** Nobody asked for it, so that what does not run for this is no fault. */
const notForThis = ({ file, event, notes }: PipelineOrigin): SluiceError =>
  new SluiceError('not_found', { detail: notes[0]?.message ?? `${file} has no job for ${event}` })

const secretsOf = async (
  { secrets }: World,
  asked: AskedPipeline['secrets'],
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> => {
  const values: Record<string, string> = {}
  const kept: string[] = []
  for (const [name, value] of Object.entries(asked))
    if (value === null) kept.push(name)
    else values[name] = value
  return { ...(await secrets.values(await secrets.versions(kept, signal), signal)), ...values }
}

const inCheckout = async <Result>(
  world: ConfigWorld,
  { id, commit }: ConfigPlace,
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
