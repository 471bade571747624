/** Plans a run: everything that is decided before the first job starts. Pure. */
import { jobOrder } from '../config/check.ts'
import { resolveEnvironments, resolveStart, type SecretVersions } from '../config/resolve.ts'
import type { Settings } from '../config/settings.ts'
import { releaseVersion } from '../config/version.ts'
import { SluiceError } from '../errors.ts'
import { assert } from '../machine.ts'
import type { Commit } from '../model.ts'
import type { ReleaseDraft } from '../release.ts'
import type { PlannedJob, RunPlan } from './types.ts'

/** What a plan is made from. */
export type PlanRequest = {
  readonly settings: Settings
  readonly commit: Commit
  /** The checkout's version, without the commit: see `checkoutVersion`. */
  readonly version: string
  readonly secretVersions: SecretVersions
  /** Cores of the machine, at least 1; how many jobs run at once where the config says `cores`. */
  readonly cores: number
  /** Only these jobs and what they need; all when absent. Such a run cuts no release. */
  readonly only?: readonly string[]
}

/** The plan of a run. Throws `not_found` for a job in `only` that there is not, or a secret that an environment has not. */
export const planRun = (request: PlanRequest): RunPlan => {
  const { settings, commit, cores } = request
  const ordered = jobOrder(settings)
  assert(ordered.kind === 'ordered', 'needs have no cycle once the config was parsed')
  const wanted = request.only === undefined ? null : withNeeds(settings, request.only)
  const names = ordered.nodes.filter((name) => wanted === null || wanted.has(name))
  const heights = heightsOf(settings, names)
  const version = releaseVersion(request.version, commit.id)
  const { parallel } = settings.pipeline
  return {
    form: 1,
    service: settings.service,
    commit,
    version,
    parallelMax: parallel === 'cores' ? Math.max(1, cores) : parallel,
    jobs: names.map((name) =>
      planJob(settings, name, { level: ordered.level.get(name) ?? 0, height: heights.get(name) ?? 0 }),
    ),
    draft: wanted === null ? draftOf(request, version) : null,
  }
}

const planJob = (
  settings: Settings,
  name: string,
  place: { readonly level: number; readonly height: number },
): PlannedJob => {
  const job = settings.pipeline.jobs[name]
  assert(job !== undefined, `the plan's job ${name} is in the config`)
  const { steps, env, secrets, timeoutMs } = job
  const artifacts = Object.entries(job.artifacts).map(([artifact, paths]) => ({ name: artifact, paths }))
  return { name, needs: [...new Set(job.needs)], ...place, steps, env, secrets, timeoutMs, artifacts }
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

/** Longest way from each job to one that nobody needs, walked from the end. */
const heightsOf = (settings: Settings, names: readonly string[]): ReadonlyMap<string, number> => {
  const heights = new Map<string, number>()
  for (const name of names.toReversed()) {
    const height = heights.get(name) ?? 0
    heights.set(name, height)
    for (const need of settings.pipeline.jobs[name]?.needs ?? [])
      heights.set(need, Math.max(heights.get(need) ?? 0, height + 1))
  }
  return heights
}

const draftOf = ({ settings, commit, secretVersions }: PlanRequest, version: string): ReleaseDraft | null => {
  const start = resolveStart(settings)
  if (start === null) return null
  const environments = resolveEnvironments(settings, secretVersions)
  return { schema: 1, service: settings.service, version, commit, start, environments, migrations: [] }
}
