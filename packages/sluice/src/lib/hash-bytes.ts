/** The platform's part of checking the ledger: SHA-256 over bytes, and Ed25519. */
import { createPublicKey, hash, verify } from 'node:crypto'
import type { HashBytes } from '../core/ledger/merkle.ts'
import type { VerifyEd25519 } from '../core/ledger/signed-note.ts'

/** SHA-256 over bytes. */
export const sha256Bytes: HashBytes = (data) => hash('sha256', data, 'buffer')

// The DER of a public key is these bytes and the key (RFC 8410, section 4).
const publicKeyPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/** Ed25519 (RFC 8032). */
export const verifyEd25519: VerifyEd25519 = (message, signature, publicKey) =>
  verify(
    null,
    message,
    createPublicKey({ key: Buffer.concat([publicKeyPrefix, publicKey]), format: 'der', type: 'spki' }),
    signature,
  )
