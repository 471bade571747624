/** A run that takes its release somewhere is a way to deploy, so that whoever starts it must be one who may. */
import { SluiceError } from '../../core/errors.ts'
import type { JobPlan } from '../../core/pipeline/job-plan.ts'
import type { Asking } from '../desk.ts'

/** Throws `forbidden` unless who asks may deploy wherever these jobs do. What nobody asked for by name (a schedule) is the config's own word. */
export const assertMayDeliver = (jobs: readonly JobPlan[], { by, mayDeploy }: Asking): void => {
  if (mayDeploy === undefined) return
  for (const { name, work } of jobs) {
    if ((work.kind !== 'deploy' && work.kind !== 'promote') || mayDeploy(work.environment)) continue
    throw new SluiceError('forbidden', {
      detail: `${by.name} may not deploy in ${work.environment}, which the job ${name} of this run does; that takes deployer or admin there`,
      hint: 'sluice run <job…>   runs only the jobs that are named, and what they need',
    })
  }
}

/** A job, and every job that comes after it because of it. */
export const jobsAfter = (jobs: readonly JobPlan[], name: string): readonly JobPlan[] => {
  const after = new Set([name])
  // A plan has each job after its needs, so that one look is enough.
  for (const job of jobs)
    if (job.needs.some((need) => after.has(need)) || (job.partOf !== null && after.has(job.partOf))) after.add(job.name)
  return jobs.filter((job) => after.has(job.name))
}
