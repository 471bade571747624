/**
 * What a job's result depends on, as one document, and the key that is its hash. The document is kept with what the job made, so that the next miss can be
 * explained part by part. It holds digests of values, never values; only names, paths and what tools say about themselves are readable.
 */
import { canonicalJson } from '../../canonical-json.ts'
import { assert } from '../../machine.ts'
import type { Sha256 } from '../../model.ts'
import type { JobPlan, JsonValue, Texts } from '../job-plan.ts'

/** Files that a job reads: path (relative to the checkout, POSIX) → content, as `<mode>:<Git blob id>`. The digest is that of all of them. */
export type InputSet = { readonly digest: string; readonly files: Texts }

/** What a job gets from one that it needs. */
export type UpstreamResult = {
  readonly name: string
  /** The job's outputs: names and values. */
  readonly outputs: Texts
  /** Artifact name → digest of its content: one that does not change with commit or time. */
  readonly artifacts: Texts
}

/** Everything that a key is made of. */
export type TaskKeyRequest = {
  readonly job: JobPlan
  readonly inputs: InputSet
  /** Declared variable → digest of its value; null where it is not set. */
  readonly env: Readonly<Record<string, string | null>>
  /** Command → what it printed. */
  readonly tools: Texts
  /** Operating system and processor, `linux-x64`: what is built on one may not run on another. */
  readonly platform: string
  readonly upstream: readonly UpstreamResult[]
}

/** One command, by name and digest. */
export type StepDigest = { readonly name: string; readonly digest: string }

/** The parts of a key, each readable as far as it is no value. */
export type KeyDocument = {
  readonly schema: 1
  readonly job: string
  readonly platform: string
  readonly steps: readonly StepDigest[]
  /** Shell, services, outputs and what else the plan says: name → digest. */
  readonly settings: Texts
  /** Variables that the plan sets: name → digest. */
  readonly variables: Texts
  readonly env: Readonly<Record<string, string | null>>
  readonly inputs: InputSet
  readonly tools: Texts
  /** Need → part (`output version`, `artifact dist`) → digest. */
  readonly upstream: Readonly<Record<string, Texts>>
}

/** A key, 64 hex digits, and what it is the hash of. */
export type TaskKey = { readonly key: string; readonly document: KeyDocument }

/** Names the set of files; the same files in any order give the same digest. */
export const inputSet = (files: Texts, sha256: Sha256): InputSet => ({ digest: sha256(canonicalJson(files)), files })

/** Digest of a value that is in no document itself. */
export const valueDigest = (value: string, sha256: Sha256): string => sha256(`sluice value\0${value}`)

/** The key of a job that has a task cache; whoever asks with the same parts gets the same key, on any machine. */
export const taskKey = (request: TaskKeyRequest, sha256: Sha256): TaskKey => {
  const { job, inputs, env, tools, platform, upstream } = request
  assert(job.cache !== null, `${job.name} has no task cache`)
  const digestOf = (value: unknown): string => sha256(canonicalJson(value))
  const document: KeyDocument = {
    schema: 1,
    job: job.name,
    platform,
    steps: job.steps.map((step) => ({ name: step.name, digest: digestOf({ ...step, env: null, timeoutMs: null }) })),
    settings: mapValues(settingsOf(job), digestOf),
    variables: variablesOf(job, sha256),
    env,
    inputs,
    tools,
    upstream: Object.fromEntries(upstream.map((one) => [one.name, partsOf(one, sha256)])),
  }
  // The files stand for themselves by their digest: a key of thousands of inputs is as quick as one of ten.
  return { key: digestOf({ ...document, inputs: inputs.digest }), document }
}

/** What a plan says that can change a result, besides its steps and variables. Timeouts, retries and budgets cannot. */
const settingsOf = (job: JobPlan): Readonly<Record<string, JsonValue>> => ({
  dialect: job.dialect,
  definition: job.definition,
  shell: job.shell,
  workingDirectory: job.workingDirectory,
  envOfNeeds: job.envOfNeeds,
  secrets: job.secrets,
  environment: job.environment,
  services: job.services.map((service) => ({ ...service, startTimeoutMs: 0 })),
  outputs: job.cache?.outputs ?? [],
  // What nobody watched is not what somebody who insists on it may take.
  strict: job.cache?.strict ?? false,
  outputFiles: job.outputFiles,
  artifacts: job.artifacts.map((artifact) => ({ ...artifact, expireMs: 0 })),
  reports: job.reports,
})

const variablesOf = (job: JobPlan, sha256: Sha256): Texts => {
  const own = Object.entries(job.env).map(([name, value]) => [name, valueDigest(value, sha256)] as const)
  const steps = job.steps.flatMap((step, index) =>
    Object.entries(step.env).map(
      ([name, value]) => [`${name} of step ${index + 1}`, valueDigest(value, sha256)] as const,
    ),
  )
  return Object.fromEntries([...own, ...steps])
}

const partsOf = ({ outputs, artifacts }: UpstreamResult, sha256: Sha256): Texts =>
  Object.fromEntries([
    ...Object.entries(outputs).map(([name, value]) => [`output ${name}`, valueDigest(value, sha256)] as const),
    ...Object.entries(artifacts).map(([name, digest]) => [`artifact ${name}`, digest] as const),
  ])

const mapValues = <Value>(record: Readonly<Record<string, Value>>, change: (value: Value) => string): Texts =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]))
