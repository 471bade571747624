/** Plans a run: everything that is decided before the first job starts. Pure. */
import { jobOrder } from '../config/check.ts'
import { resolveEnvironments, resolveStart, type SecretVersions } from '../config/resolve.ts'
import type { Settings } from '../config/settings.ts'
import { releaseVersion } from '../config/version.ts'
import { SluiceError } from '../errors.ts'
import { assert } from '../machine.ts'
import type { Commit } from '../model.ts'
import type { ReleaseDraft } from '../release.ts'
import { cacheRefOf, type RunCachePlan } from './cache/run-cache.ts'
import type { JobPlan, Texts } from './job-plan.ts'
import { readInputs } from './inputs.ts'
import { lowerJob } from './lower-config.ts'
import { type Occasion, partOfRun } from './triggers.ts'
import type { PipelineOrigin, RunArrival, RunPlan, RunTrigger } from './types.ts'

/** What a plan is made from. */
export type PlanRequest = {
  readonly settings: Settings
  readonly commit: Commit
  /** The checkout's version, without the commit: see `checkoutVersion`. */
  readonly version: string
  readonly secretVersions: SecretVersions
  /** Cores of the machine, at least 1; how many jobs run at once where the config says `cores`. */
  readonly cores: number
  readonly occasion?: Occasion
  /** Only these jobs and what they need; all when absent. Such a run cuts no release. */
  readonly only?: readonly string[]
  /** `only` are what a change concerns, not what somebody asked for by name: those that are not for this occasion stay out. */
  readonly areAffected?: boolean
  /** It cuts no release, and so delivers nothing, and leaves nothing in the cache for others: nobody vouches for what it says of itself. */
  readonly isUntrusted?: boolean
  /** What the commit was named by, where caches may be used; null for a run that uses none. A run of `HEAD` when absent. */
  readonly cachesFor?: string | null
  /** Values of the inputs of `pipeline.on.manual`; none when absent, and then the defaults count. */
  readonly given?: Texts
}

const byHand: Occasion = {
  trigger: { event: 'manual', name: null, inputs: {} },
  branch: null,
  tag: null,
  base: null,
  changed: null,
}

/** The plan of a run. Throws `not_found` for a job in `only` that there is not, or a secret that an environment has not; `usage_invalid` for inputs that the pipeline does not take. */
export const planRun = (request: PlanRequest): RunPlan => {
  const { settings, commit, cores, occasion = byHand } = request
  const version = releaseVersion(request.version, commit.id)
  const { parallel, isolation, gates } = settings.pipeline
  const { branch, tag, base, isTree = false } = occasion
  const isWhole = request.only === undefined
  const draft = isWhole && !isTree && request.isUntrusted !== true ? draftOf(request, version) : null
  const inputs = inputsOf(request)
  return {
    form: 1,
    service: settings.service,
    commit,
    version,
    trigger: { ...occasion.trigger, inputs },
    parallelMax: parallel === 'cores' ? Math.max(1, cores) : parallel,
    isolation,
    cache: cacheOf(request, occasion),
    jobs: jobsOf(request, { occasion, inputs, isReleased: draft !== null }),
    // A part of the pipeline has a part of the evidence, which no gate can judge by.
    gates: isWhole ? gates : null,
    draft,
    origin: { branch, tag, base, ...(isTree ? { isTree } : {}) },
    left: isWhole || request.areAffected === true ? leftOf(request, occasion) : [],
  }
}

const inputsOf = ({ settings, given = {} }: PlanRequest): Texts => {
  const read = readInputs(settings.pipeline.on.manual?.inputs ?? [], given)
  if (read.kind === 'given') return read.given
  throw new SluiceError('usage_invalid', { detail: read.detail, hint: 'sluice run --input NAME=VALUE' })
}

const leftOf = ({ settings, only }: PlanRequest, occasion: Occasion): NonNullable<RunPlan['left']> =>
  Object.entries(settings.pipeline.jobs).flatMap(([job, given]) => {
    const because = only === undefined || only.includes(job) ? partOfRun(given, occasion) : null
    return because === null ? [] : [{ job, because }]
  })

type CacheRequest = {
  readonly settings: { readonly pipeline: Pick<Settings['pipeline'], 'cache'> }
  readonly cachesFor?: string | null
  readonly isUntrusted?: boolean
}

/** A branch that nobody vouches for may be called as main branches are. */
const cacheOf = (
  { settings, cachesFor = 'HEAD', isUntrusted = false }: CacheRequest,
  { trigger }: Pick<Occasion, 'trigger'>,
): RunCachePlan | null => {
  if (cachesFor === null) return null
  const { remote, bytesMax } = settings.pipeline.cache
  const ref = cacheRefOf(trigger, cachesFor)
  const isOthers = isUntrusted && ref.kind === 'protected'
  return { ref: isOthers ? { kind: 'branch', name: cachesFor } : ref, remote, bytesMax }
}

/** What a run of a pipeline of another system is made from. */
export type ForeignPlanRequest = Pick<PlanRequest, 'commit' | 'cores' | 'cachesFor' | 'isUntrusted'> & {
  /** Null where the commit has no config: then `fallbackService` names the service. */
  readonly config: { readonly settings: Settings; readonly version: string } | null
  readonly fallbackService: string
  readonly origin: PipelineOrigin
  /** Counts the runs of the document, from 1. */
  readonly number: number
  readonly inputs: RunTrigger['inputs']
  readonly jobs: readonly JobPlan[]
  /** Absent for a run that somebody asked for. */
  readonly arrival?: RunArrival
}

/** The plan of such a run. It cuts no release. */
export const planForeignRun = (request: ForeignPlanRequest): RunPlan => {
  const { config, fallbackService, commit, cores, origin, number, inputs, jobs } = request
  const { service, pipeline } = config?.settings ?? { service: fallbackService, pipeline: null }
  const parallel = pipeline?.parallel ?? 'cores'
  const trigger = {
    event: triggerOf(origin),
    name: null,
    inputs,
    ...(request.arrival === undefined ? {} : { arrival: request.arrival }),
  }
  const { cachesFor = 'HEAD', isUntrusted = false } = request
  const settings = { pipeline: { cache: pipeline?.cache ?? { remote: null, bytesMax: null } } }
  return {
    form: 1,
    service,
    commit,
    version: releaseVersion(config?.version ?? '0.0.0', commit.id),
    trigger,
    pipeline: origin,
    number,
    cache: cacheOf({ settings, cachesFor, isUntrusted }, { trigger }),
    parallelMax: parallel === 'cores' ? Math.max(1, cores) : parallel,
    isolation: pipeline?.isolation ?? 'auto',
    jobs,
    gates: null,
    draft: null,
  }
}

/** What starts a run, in our words. */
const triggerOf = ({ event }: PipelineOrigin): RunTrigger['event'] => {
  if (event === 'push' || event === 'schedule') return event
  return event.startsWith('pull_request') || event === 'merge_request_event' ? 'pull_request' : 'manual'
}

type Starting = { readonly occasion: Occasion; readonly inputs: Texts; readonly isReleased: boolean }

const jobsOf = (
  { settings, only, areAffected = false }: PlanRequest,
  { occasion, inputs, isReleased }: Starting,
): readonly JobPlan[] => {
  const ordered = jobOrder(settings)
  assert(ordered.kind === 'ordered', 'needs have no cycle once the config was parsed')
  const choice = { wanted: only === undefined ? null : withNeeds(settings, only), isByName: !areAffected, occasion }
  const left = new Set<string>()
  return ordered.nodes.flatMap((name) => {
    const job = settings.pipeline.jobs[name]
    assert(job !== undefined, `the plan's job ${name} is in the config`)
    const isAsked = isPart(settings, name, choice)
    // Without a release there is nothing to take anywhere, and nothing for what comes after that.
    const delivers =
      !isReleased && (job.deploy !== null || job.promote !== null || job.needs.some((need) => left.has(need)))
    if (!isAsked || delivers) {
      if (delivers) left.add(name)
      return []
    }
    const needs = job.needs.filter((need) => isPart(settings, need, choice))
    // What somebody typed goes before what the config sets; where both have a name, it is there to be typed.
    return lowerJob(settings, name, { ...job, needs, env: { ...job.env, ...inputs } })
  })
}

type Choice = {
  readonly wanted: ReadonlySet<string> | null
  /** Who names a job has it, whatever the occasion. */
  readonly isByName: boolean
  readonly occasion: Occasion
}

/** A need that is not part of this run holds nobody up. */
const isPart = (settings: Settings, name: string, { wanted, isByName, occasion }: Choice): boolean => {
  const job = settings.pipeline.jobs[name]
  if (job === undefined || wanted?.has(name) === false) return false
  return (wanted !== null && isByName) || partOfRun(job, occasion) === null
}

const withNeeds = (settings: Settings, only: readonly string[]): ReadonlySet<string> => {
  const wanted = new Set<string>()
  const open = [...only]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const job = settings.pipeline.jobs[name]
    if (job === undefined) {
      const known = Object.keys(settings.pipeline.jobs).join(', ')
      throw new SluiceError('not_found', {
        detail: `There is no job "${name}" in the pipeline of ${settings.service}.`,
        hint: `Jobs: ${known}.`,
      })
    }
    if (!wanted.has(name)) open.push(...job.needs)
    wanted.add(name)
  }
  return wanted
}

const draftOf = ({ settings, commit, secretVersions }: PlanRequest, version: string): ReleaseDraft | null => {
  const start = resolveStart(settings)
  if (start === null) return null
  const environments = resolveEnvironments(settings, secretVersions)
  const { service, team, flags } = settings
  const whose = team === undefined ? {} : { team }
  const read = flags === undefined ? {} : { flags }
  return { schema: 1, service, ...whose, version, commit, start, environments, migrations: [], ...read }
}
