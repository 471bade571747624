/** Opens the caches of one project on one machine: where they are, and what entries are signed with. */
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import { type RemoteCache, remoteRefusal } from '../../core/pipeline/cache/run-cache.ts'
import type { CacheSeal, CacheStore } from '../../ports/cache.ts'
import { httpCache } from './http-store.ts'
import { FolderCache } from './local.ts'
import { s3Cache } from './s3.ts'
import { pairSeal, secretSeal } from './seal.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** The local cache of a state directory. */
export const localCache = (options: {
  readonly stateDir: string
  readonly seal: CacheSeal
  /** Null: the limit's. */
  readonly bytesMax: number | null
}): FolderCache =>
  new FolderCache({
    folder: cacheFolder(options.stateDir),
    seal: options.seal,
    now: Date.now,
    ...(options.bytesMax === null ? {} : { bytesMax: options.bytesMax }),
  })

/** Where it lies. */
export const cacheFolder = (stateDir: string): string => join(stateDir, 'cache', 'results')

/**
 * The project's key: `SLUICE_CACHE_KEY` (a secret of at least 32 characters, or a private or public key of Ed25519 as PEM) where machines share a cache, else one that the
 * state directory keeps for itself. `usage_invalid` for a secret that is too short.
 */
export const projectSeal = (stateDir: string, variables: Variables): CacheSeal => {
  const given = variables['SLUICE_CACHE_KEY'] ?? ''
  if (given === '') return secretSeal(ownKey(join(stateDir, 'cache')))
  if (given.includes('PRIVATE KEY')) {
    const key = createPrivateKey(given)
    return pairSeal({ private: key, public: [createPublicKey(key)], pepper: Buffer.from(given) })
  }
  if (given.includes('PUBLIC KEY')) return pairSeal({ private: null, public: [createPublicKey(given)], pepper: null })
  if (given.length >= secretCharactersMin) return secretSeal(Buffer.from(given))
  throw new SluiceError('usage_invalid', {
    detail: `SLUICE_CACHE_KEY has ${given.length} characters, and needs ${secretCharactersMin}`,
    hint: 'openssl rand -hex 32',
  })
}

/** 128 bits and more, however they are written. */
const secretCharactersMin = 32

/** Made once; of two processes that make it, the first wins. */
const ownKey = (folder: string): Uint8Array => {
  const path = join(folder, 'key')
  try {
    return readFileSync(path)
  } catch {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    try {
      writeFileSync(path, randomBytes(32), { mode: 0o600, flag: 'wx', flush: true })
    } catch {
      // The other one was quicker.
    }
    return readFileSync(path)
  }
}

/**
 * The shared cache of a plan. Credentials come from variables of this process (`SLUICE_CACHE_TOKEN`, `AWS_…`), never from the project, and go only to the cache that `SLUICE_CACHE_REMOTE` names; else
 * there is none, and `refused` says why.
 */
export const remoteCaches = (
  remote: RemoteCache | null,
  variables: Variables,
): { readonly stores: readonly CacheStore[]; readonly refused: string | null } => {
  const refused = remote === null ? null : remoteRefusal(remote, variables)
  if (remote === null || refused !== null) return { stores: [], refused }
  if (remote.kind === 'http') {
    const token = variables['SLUICE_CACHE_TOKEN'] ?? ''
    return { stores: [httpCache({ address: remote.address, token })], refused: null }
  }
  const { endpoint, region, bucket, prefix } = remote
  const own = {
    endpoint,
    region,
    bucket,
    prefix,
    accessKeyId: variables['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: variables['AWS_SECRET_ACCESS_KEY'] ?? '',
    sessionToken: variables['AWS_SESSION_TOKEN'] ?? null,
  }
  return { stores: [s3Cache(own)], refused: null }
}
