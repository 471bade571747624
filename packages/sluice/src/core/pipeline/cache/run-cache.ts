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

/** Where it is, as one text: the address of a control plane's cache, or endpoint, bucket and prefix of a bucket's. */
export const remoteAddress = (remote: RemoteCache): string => {
  const parts = remote.kind === 'http' ? [remote.address] : [remote.endpoint, remote.bucket, remote.prefix]
  return parts
    .map((part) => part.replaceAll(/^\/+|\/+$/g, ''))
    .filter((part) => part !== '')
    .join('/')
}

/**
 * Why a shared cache is not used; null when it may be. Which one it is says the config of the commit that is run, which may be anybody's; the credentials are this machine's. So they go only where
 * whoever gave them says, in a variable beside them.
 */
export const remoteRefusal = (
  remote: RemoteCache,
  variables: Readonly<Record<string, string | undefined>>,
): string | null => {
  const wanted = remote.kind === 'http' ? ['SLUICE_CACHE_TOKEN'] : ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']
  const missing = wanted.filter((name) => (variables[name] ?? '') === '')
  if (missing.length > 0) return `${missing.join(' and ')} is not set`
  const address = remoteAddress(remote)
  const allowed = (variables['SLUICE_CACHE_REMOTE'] ?? '').trim().replace(/\/+$/, '')
  if (allowed === address) return null
  return allowed === ''
    ? `SLUICE_CACHE_REMOTE is not set; credentials go only to the cache that it names, and the config names ${address}`
    : `the config names the cache ${address}, and SLUICE_CACHE_REMOTE another one, ${allowed}`
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
const trunks: ReadonlySet<string> = new Set(['main', 'master'])

/**
 * What a run is for. Protected: the main branch, a schedule, and what somebody who may command this machine starts for the commit that is checked out here. Anything else
 * that is named could be somebody else's work. A tag's scope has a colon in it, which no branch has: whoever may push one may call it as any branch is called.
 */
export const cacheRefOf = ({ event, name }: RunTrigger, ref: string): CacheRef => {
  if (event === 'pull_request') return { kind: 'pull_request', number: name ?? ref }
  if (event === 'schedule') return { kind: 'protected' }
  if (event === 'tag') return { kind: 'branch', name: tagScope(name ?? ref) }
  const own = event === 'manual' ? null : name
  const branch = own ?? ref
  const isHere = own === null && branch === 'HEAD'
  return isHere || trunks.has(branch) ? { kind: 'protected' } : { kind: 'branch', name: branch }
}

/** What a tag is called where branches and tags are told apart by their names alone. */
export const tagScope = (tag: string): string => `tag:${tag}`
