/** What the process driver keeps on disk: one file an environment, with the fence, what should run, and what was started. */
import { createHash } from 'node:crypto'
import { SluiceError } from '../../core/errors.ts'
import type { Digest, Fence, ReleaseId } from '../../core/model.ts'
import type { ProcessIdentity } from '../../lib/process-identity.ts'

/** A release that should run, with all it takes to start it again. Secrets by version only. */
export type WantedRelease = {
  readonly release: ReleaseId
  readonly version: string
  /** Instances 0 … count − 1 should run. */
  readonly count: number
  readonly command: string
  readonly artifact: Digest
  readonly config: Readonly<Record<string, string>>
  readonly secretVersions: Readonly<Record<string, string>>
}

/** An instance that was started, or is about to be: `process` is null until there is one. */
export type InstanceRecord = {
  readonly id: string
  readonly release: ReleaseId
  readonly index: number
  readonly port: number
  readonly process: ProcessIdentity | null
  /** Whether its start was a success; only then is it restarted when it ends. A start that failed is for the caller to decide on. */
  readonly settled: boolean
  readonly restarts: number
  /** Ends in a row, each soon after its start; the pause before a restart doubles with each. */
  readonly quickEnds: number
}

/** A process that is being stopped. */
export type LeavingRecord = {
  readonly id: string
  readonly release: ReleaseId
  readonly port: number
  readonly process: ProcessIdentity
  readonly stopGraceMs: number
}

/** Everything of one environment. */
export type EnvironmentRecord = {
  readonly service: string
  readonly environment: string
  /** The newest fence accepted. */
  readonly fence: Fence
  readonly wanted: readonly WantedRelease[]
  readonly instances: readonly InstanceRecord[]
  readonly leaving: readonly LeavingRecord[]
}

/** An environment that nothing was ever asked of. */
export const emptyRecord = (service: string, environment: string): EnvironmentRecord => ({
  service,
  environment,
  fence: { token: 0, sequence: 0 },
  wanted: [],
  instances: [],
  leaving: [],
})

/** The name of an environment's file; `@` stands in neither part. */
export const recordFileName = (service: string, environment: string): string =>
  `${encodeURIComponent(service)}@${encodeURIComponent(environment)}.json`

/** Service and environment of a file name; null for any other file. */
export const parseRecordFileName = (name: string): { service: string; environment: string } | null => {
  const [, service, environment] = /^([^.@][^@]*)@([^@]+)\.json$/.exec(name) ?? []
  if (service === undefined || environment === undefined) return null
  return { service: decodeURIComponent(service), environment: decodeURIComponent(environment) }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The file's text: a line with the format and the checksum, a line with the record. */
export const encodeRecord = (record: EnvironmentRecord): string => {
  const body = JSON.stringify(record)
  return `${JSON.stringify({ format: 1, sha256: sha256(body) })}\n${body}\n`
}

/** Documented parser: what has the checksum was written by `encodeRecord`. `store_corrupt`, `store_newer`. */
export const decodeRecord = (text: string, file: string): EnvironmentRecord => {
  const [header = '', body = ''] = text.split('\n')
  const format = formatOf(header)
  if (format?.format === 1 && format.sha256 === sha256(body)) {
    return JSON.parse(body) as EnvironmentRecord
  }
  if (typeof format?.format === 'number' && format.format > 1) {
    throw new SluiceError('store_newer', { detail: `${file} has format ${format.format}, this Sluice knows 1` })
  }
  throw new SluiceError('store_corrupt', {
    detail: `${file} does not read back: its checksum does not match`,
    hint: `instances and traffic go on. Move the file away and start Sluice again: it takes up the processes that run by their marks`,
  })
}

const formatOf = (header: string): { readonly format?: unknown; readonly sha256?: unknown } | null => {
  try {
    const value: unknown = JSON.parse(header)
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}
