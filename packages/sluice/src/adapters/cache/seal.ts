/**
 * Signatures of cache entries. With one secret (HMAC) whoever can check can also sign: right for one machine, and for runners that trust each other. With a
 * pair (Ed25519) those that only read, such as runners of pull requests, hold the public half and cannot make an entry that anybody takes.
 */
import {
  createHmac,
  createSecretKey,
  hash,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto'
import type { CacheSeal } from '../../ports/cache.ts'

/** Signs and checks with one secret of at least 32 bytes. */
export const secretSeal = (secret: Uint8Array): CacheSeal => {
  const [signing, hiding] = ['sign', 'digest'].map((purpose) => derive(secret, purpose))
  const id = hash('sha256', signing ?? '').slice(0, 12)
  // Made ready once: hundreds of entries may be checked in a row.
  const key = createSecretKey(Buffer.from(signing ?? ''))
  const mac = (text: string): string => createHmac('sha256', key).update(text).digest('base64url')
  return {
    sign: (text) => `hmac-sha256 ${id} ${mac(text)}`,
    verify: (text, signature) => {
      const [kind, by, value = ''] = signature.split(' ')
      return kind === 'hmac-sha256' && by === id && isEqual(value, mac(text))
    },
    digestSecret: (name, value) =>
      createHmac('sha256', hiding ?? '')
        .update(`${name}\0${value}`)
        .digest('hex'),
  }
}

/**
 * Signs with a private key of Ed25519 (null: only checks) and checks with the public ones that are trusted: the project's, and during a change of keys the
 * one before. Secret values are digested under `pepper`, which those that must not guess them do not have; without it under a random one, so that a job that
 * depends on a secret is never found.
 */
export const pairSeal = (keys: {
  readonly private: KeyObject | null
  readonly public: readonly KeyObject[]
  readonly pepper: Uint8Array | null
}): CacheSeal => {
  const trusted = new Map(keys.public.map((key) => [keyId(key), key]))
  const [own] = keys.public
  const hiding = derive(keys.pepper ?? randomBytes(32), 'digest')
  return {
    sign: (text) => {
      if (keys.private === null || own === undefined) return null
      return `ed25519 ${keyId(own)} ${sign(null, Buffer.from(text), keys.private).toString('base64url')}`
    },
    verify: (text, signature) => {
      const [kind, by = '', value = ''] = signature.split(' ')
      const key = trusted.get(by)
      if (kind !== 'ed25519' || key === undefined) return false
      return verify(null, Buffer.from(text), key, Buffer.from(value, 'base64url'))
    },
    digestSecret: (name, value) => createHmac('sha256', hiding).update(`${name}\0${value}`).digest('hex'),
  }
}

const derive = (secret: Uint8Array, purpose: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, '', `sluice cache ${purpose} 1`, 32))

const keyId = (key: KeyObject): string => hash('sha256', key.export({ type: 'spki', format: 'der' })).slice(0, 12)

const isEqual = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
