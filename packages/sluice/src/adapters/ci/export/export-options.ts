/** What exports are told beside the jobs. */
import type { ManualInput } from '../../../core/pipeline/job-plan.ts'
import type { WrittenJob } from './pipeline-shape.ts'

/** What the pipeline is for and when it runs. */
export type ExportOptions = {
  readonly service: string
  /** Branches whose pushes start it; pull requests always do. */
  readonly branches: readonly string[]
  /** Five fields of cron, in UTC. */
  readonly schedules: readonly string[]
  /** What a person who starts it is asked for; nothing when absent. */
  readonly inputs?: readonly ManualInput[]
  /** Image or runner label of every job; null for the target's own default. */
  readonly image: string | null
  /** For jobs that deploy: they get a short-lived token that proves who they are, and none of the stored secrets that it replaces. */
  readonly identity: { readonly audience: string; readonly replaces: readonly string[] }
}

/** What an export gave: the text of the file, and what the target has no word for. */
export type Exported = { readonly text: string; readonly notes: readonly string[] }

/** The identity of a job that deploys; null for any other. */
export const identityOf = (job: WrittenJob, { identity }: ExportOptions): ExportOptions['identity'] | null =>
  job.environment !== null && (job.environment.action ?? 'start') !== 'verify' ? identity : null

/** Stored secrets that a job still needs. */
export const storedSecrets = (job: WrittenJob, options: ExportOptions): readonly string[] => {
  const replaced = identityOf(job, options)?.replaces ?? []
  return job.secrets.filter((name) => !replaced.includes(name))
}
