/** Performs what is asked of the dialect of a job: whether and as what it runs, and what the outputs of its parts are together. */
import { SluiceError } from '../../core/errors.ts'
import { type FanOut, fanOut, fanOutOf } from '../../core/pipeline/fan-out.ts'
import type { JobPlan } from '../../core/pipeline/job-plan.ts'
import { noteText } from '../../core/pipeline/notes.ts'
import type { JobResolution, RunAction, RunResult } from '../../core/pipeline/types.ts'
import type { Resolution, RunIdentity } from '../../ports/dialect.ts'
import type { Ports } from '../ports.ts'
import type { Run } from '../trusted.ts'

type World = Pick<Ports, 'github'>

/** The job of that name, as its dialect resolved it if it did. `not_found`. */
export const jobOf = (run: Run, name: string): JobPlan => {
  // By name alone first: a run may have ten thousand jobs, and asks for each of them.
  const job = run.plan.jobs.find((one) => one.name === name) ?? run.added.find((one) => one.name === name)
  if (job === undefined) throw new SluiceError('not_found', { detail: `run ${run.id} has no job ${name}` })
  return run.resolved[name] ?? job
}

type Resolving = { readonly run: Run; readonly action: Extract<RunAction, { kind: 'resolve_job' }> }

/** Decides on a job. `config_invalid` with the places where its document is wrong, `run_failed` for an output that makes no legs. */
export const resolve = async (world: World, { run, action }: Resolving, signal: AbortSignal): Promise<RunResult> => {
  const job = jobOf(run, action.job)
  const from = fanOutOf(job)
  if (from !== null) return { kind: 'job_resolved', resolution: fannedOut(run, { job, from }, action) }
  const { needs, ancestors, isCancelled } = action
  const request = { job, needs, ancestors, isCancelled, run: identityOf(run) }
  return { kind: 'job_resolved', resolution: resolutionOf(job, await world.github.resolve(request, signal)) }
}

/** Asks for the outputs of a job whose parts are settled. */
export const nameOutputs = async (
  world: World,
  run: Run,
  { job, legs, outputs }: Extract<RunAction, { kind: 'name_outputs' }>,
): Promise<RunResult> => ({
  kind: 'outputs_named',
  outputs: await world.github.outputs(jobOf(run, job), { legs, outputs, run: identityOf(run) }),
})

const identityOf = ({ id, plan }: Run): RunIdentity => ({ id, number: plan.number ?? 1, attempt: plan.attempt ?? 1 })

const resolutionOf = ({ name }: JobPlan, resolution: Resolution): JobResolution => {
  switch (resolution.kind) {
    case 'run':
    case 'skip':
      return resolution
    case 'legs': {
      const { legs, outputs } = resolution
      return outputs === 'merged' ? { kind: 'legs', legs } : { kind: 'legs', legs, outputs }
    }
    case 'invalid': {
      const notes = resolution.notes.map(noteText)
      throw new SluiceError('config_invalid', {
        detail: `${name}: ${notes[0] ?? 'its document is wrong'}`,
        hint: 'mend the file and commit',
        evidence: notes,
      })
    }
  }
}

type Fanning = { readonly job: JobPlan; readonly from: FanOut }

const fannedOut = (run: Run, { job, from }: Fanning, { needs }: Resolving['action']): JobResolution => {
  const legs = fanOut(job, from, needs)
  if (legs.kind === 'legs') return legs
  throw new SluiceError('run_failed', {
    detail: `${job.name}: ${legs.detail}`,
    hint: `sluice runs logs ${run.id} ${from.job}`,
  })
}
