/** What a run may do with the caches, frozen into its plan. */
import type { RunTrigger } from '../types.ts'
import type { CacheRef } from './scope.ts'

/** A cache that several machines share. */
export type RemoteCache =
  | { readonly kind: 'http'; readonly address: string }
  | {
      readonly kind: 's3'
      readonly endpoint: string
      readonly region: string
      readonly bucket: string
      /** Before every key; may be empty. */
      readonly prefix: string
    }

/** How a run uses the caches. */
export type RunCachePlan = {
  /** What it builds, which decides what it may read and write. */
  readonly ref: CacheRef
  readonly remote: RemoteCache | null
  /** What the local cache may take, bytes; null for the limit. */
  readonly bytesMax: number | null
}

/** Branches whose results everybody may use. */
const trunks: ReadonlySet<string> = new Set(['HEAD', 'main', 'master'])

/**
 * What a run is for. Protected: the main branch, a schedule, and what somebody who may command this machine starts for the commit that is checked out here. Anything else
 * that is named could be somebody else's work.
 */
export const cacheRefOf = ({ event, name }: RunTrigger, ref: string): CacheRef => {
  if (event === 'pull_request') return { kind: 'pull_request', number: name ?? ref }
  if (event === 'schedule') return { kind: 'protected' }
  const branch = event === 'manual' ? ref : (name ?? ref)
  return trunks.has(branch) ? { kind: 'protected' } : { kind: 'branch', name: branch }
}
