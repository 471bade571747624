/** What a run takes from an earlier one: its plan, or what its jobs made. */
import { SluiceError } from '../../core/errors.ts'
import type { RunId } from '../../core/model.ts'
import { jobAt } from '../../core/pipeline/board.ts'
import type { CarriedJob, RunPlan } from '../../core/pipeline/types.ts'
import type { Desk } from '../desk.ts'
import type { Ports } from '../ports.ts'

/**
 * The plan of an earlier run, for the same once more: a plan holds all that its jobs need, also what started it, and whether its commit is the working tree, which never
 * becomes a release. Only the versions of secrets are those of now. `not_found` for a run, or a commit, that is not there any more.
 */
export const planAgain = async (
  { source, secrets }: Pick<Ports, 'source' | 'secrets'>,
  desk: Desk,
  id: string,
  signal: AbortSignal,
): Promise<RunPlan> => {
  const earlier = (await desk.reading.run(id)).plan
  await source.resolve(earlier.commit.id, signal)
  // Pipelines of other systems count how often they are run.
  const plan = earlier.pipeline === undefined ? earlier : { ...earlier, attempt: (earlier.attempt ?? 1) + 1 }
  const { draft } = plan
  if (draft === null) return plan
  const environments = await Promise.all(
    draft.environments.map(async (spec) => ({
      ...spec,
      secretVersions: await secrets.versions(Object.keys(spec.secretVersions), signal),
    })),
  )
  return { ...plan, draft: { ...draft, environments } }
}

/** What an earlier run did and the one of `plan` need not. `command_conflict` unless both are of the same commit, pipeline and inputs: a release has the work of one commit. */
export const carriedOf = async (
  desk: Desk,
  id: string,
  plan: RunPlan,
): Promise<{ readonly carried: readonly CarriedJob[]; readonly follows: readonly RunId[] }> => {
  const run = await desk.reading.run(id)
  if (run.plan.commit.id !== plan.commit.id || pipelineOf(run.plan) !== pipelineOf(plan))
    throw new SluiceError('command_conflict', {
      detail: `run ${id} is of ${run.plan.commit.id} (${pipelineOf(run.plan)}), and this one would be of ${plan.commit.id} (${pipelineOf(plan)})`,
      hint: `sluice runs retry ${id} --failed`,
    })
  const carried = run.jobs.flatMap((job, index) => {
    const { name, work } = jobAt(run, index)
    if (job.status !== 'succeeded' || work.kind === 'deploy' || work.kind === 'promote') return []
    const { carriedFrom, artifacts, outputs, evidence } = job
    return [{ job: name, from: carriedFrom ?? run.id, artifacts, outputs, evidence }]
  })
  return { carried, follows: [run.id, ...(run.plan.follows ?? [])] }
}

const pipelineOf = ({ pipeline, trigger }: RunPlan): string => {
  const inputs = Object.entries(trigger.inputs).map(([name, value]) => `${name}=${value}`)
  const given = inputs.length === 0 ? '' : `, with ${inputs.toSorted().join(' ')}`
  return `${pipeline === undefined ? 'its config' : `${pipeline.file}, ${pipeline.event}`}${given}`
}
