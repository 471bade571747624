/** A part of a pipeline: named jobs, and whatever they need. */
import { SluiceError } from '../../../core/errors.ts'
import type { JobPlan } from '../../../core/pipeline/job-plan.ts'
import { nearest } from './validate.ts'

/** The jobs of these names with their legs, and all that they need, near and far, in the order of the plan. `not_found` for a name that there is none of. */
export const selectJobs = (jobs: readonly JobPlan[], names: readonly string[]): readonly JobPlan[] => {
  const known = new Map(jobs.map((job) => [job.name, job]))
  const wanted = new Set<string>()
  const take = (name: string): void => {
    const job = known.get(name)
    if (job === undefined || wanted.has(name)) return
    wanted.add(name)
    for (const need of job.needs) take(need)
    if (job.partOf !== null) wanted.add(job.partOf)
    for (const leg of jobs) if (leg.partOf === name) take(leg.name)
  }
  for (const name of names) {
    if (!known.has(name))
      throw new SluiceError('not_found', {
        detail: `The pipeline has no job ${name}${nearest(name, [...known.keys()])}`,
        hint: `Its jobs are ${[...known.keys()].join(', ')}.`,
      })
    take(name)
  }
  return jobs.filter(({ name }) => wanted.has(name))
}
