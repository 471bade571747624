/**
 * Caches under a key that a person chose: folders that are a good start for the next run (npm's downloads under the lockfile's hash). Under one key there may
 * be several entries, each immutable and named by its content as well; the newest counts.
 */
import type { Sha256 } from '../../model.ts'
import { limits } from '../../limits.ts'
import type { KeyedCachePlan } from '../job-plan.ts'

/** The group of all keyed caches. */
export const keyedGroup = 'keyed'

/** The whole key: what the plan says, and the digest of the key files where it names any. */
export const keyedKey = (plan: Pick<KeyedCachePlan, 'key' | 'keyFiles'>, filesDigest: string): string =>
  plan.keyFiles.length === 0 ? plan.key : `${plan.key}-${filesDigest}`

/** Beginning of the names of all entries under exactly this key. */
export const exactPrefix = (key: string, sha256: Sha256): string => `${readable(key)}.${sha256(key).slice(0, 16)}.`

/** Beginning of the names of all entries whose key may begin so; of a long one only as much as names hold, so that keys are to be compared after. */
export const keyPrefix = (beginning: string): string => readable(beginning)

/** Name of an entry: the key as far as it can be read, the key's digest, the content's digest. */
export const keyedName = (key: string, digest: string, sha256: Sha256): string =>
  `${exactPrefix(key, sha256)}${digest.slice(0, 16)}`

/** A key in characters of file names, cut. What begins with the same characters is written with the same beginning. */
const readable = (key: string): string =>
  `k${Array.from(key, (one) => (/[A-Za-z0-9_-]/.test(one) ? one : `~${(one.codePointAt(0) ?? 0).toString(16)}~`)).join('')}`.slice(
    0,
    limits.cacheNameCharactersMax,
  )
