/** The project's key, and what is signed with it. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '../../core/canonical-json.ts'
import { SluiceError } from '../../core/errors.ts'
import type { JsonValue } from '../../core/pipeline/job-plan.ts'
import { type Envelope, openEnvelope, parseEnvelope, preAuthenticationEncoding } from '../../core/security/dsse.ts'
import {
  mismatchOf,
  parseProvenance,
  type ProvenanceExpectation,
  type ProvenanceStatement,
  statementType,
} from '../../core/security/provenance.ts'
import { writeOnce } from '../../lib/files.ts'

/** A key pair. The private half stays inside. */
export type ProjectKey = {
  /** SHA-256 of the public key's SPKI bytes, in hexadecimal. */
  readonly id: string
  /** SPKI in PEM: what others verify with. */
  readonly publicKey: string
  readonly sign: (bytes: Uint8Array) => Uint8Array
}

/**
 * The Ed25519 key of a project, made at first use: `keys/provenance.pem` in the state directory, readable by its owner only. Of two that make it at the same time, both
 * get the one that was there first. Throws `config_invalid` when others may read it, or when it is no Ed25519 key.
 */
export const projectKey = async (stateDirectory: string): Promise<ProjectKey> => {
  const path = join(stateDirectory, 'keys', 'provenance.pem')
  const there = await stat(path).catch(() => null)
  if (there === null)
    await writeOnce(path, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0)
    throw new SluiceError('config_invalid', {
      detail: `${path} may be read by others (mode ${(mode & 0o777).toString(8)}), so that its signatures prove nothing.`,
      hint: `Remove it and let Sluice make another, or chmod 600 ${path} if nobody can have read it.`,
    })
  return keyOf(await readFile(path, 'utf8'), path)
}

/** Signs a document: its canonical JSON in an envelope, with one signature. */
export const sealDocument = (document: JsonValue, payloadType: string, key: ProjectKey): Envelope => {
  const body = new TextEncoder().encode(canonicalJson(document))
  const signature = key.sign(preAuthenticationEncoding(payloadType, body))
  return {
    payloadType,
    payload: Buffer.from(body).toString('base64'),
    signatures: [{ keyid: key.id, sig: Buffer.from(signature).toString('base64') }],
  }
}

/** Public keys in PEM, each once however often it is given. Throws `config_invalid` for a text that is no Ed25519 public key. */
export const readPublicKeys = (texts: readonly string[]): readonly KeyObject[] => {
  const keys = texts.map((text) => {
    const key = parsed(() => createPublicKey(text), 'the public key')
    if (key.asymmetricKeyType !== 'ed25519') throw noEd25519('the public key')
    return [idOf(key), key] as const
  })
  return [...new Map(keys).values()]
}

/** Whether a key made a signature over bytes (Ed25519, RFC 8032). */
export const verifyWith = (key: KeyObject, bytes: Uint8Array, signature: Uint8Array): boolean =>
  verify(null, bytes, key, signature)

/** What a provenance proves. */
export type VerifiedProvenance =
  | { readonly kind: 'verified'; readonly statement: ProvenanceStatement; readonly keyIds: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: string }

/** Checks a provenance file against trusted public keys (PEM) and what it must be about. Looks at nothing in it before the signature is good. */
export const verifyProvenance = (
  text: string,
  trust: { readonly publicKeys: readonly string[]; readonly threshold: number },
  expected: ProvenanceExpectation,
): VerifiedProvenance => {
  const sealed = parseEnvelope(text)
  if (sealed === null) return { kind: 'refused', reason: 'it is no DSSE envelope' }
  const keys = readPublicKeys(trust.publicKeys)
  const opened = openEnvelope(sealed, {
    keys,
    threshold: trust.threshold,
    payloadType: statementType,
    verify: verifyWith,
  })
  if (opened.kind === 'refused') return opened
  const statement = parseProvenance(opened.payload)
  if (statement === null) return { kind: 'refused', reason: 'it is no in-toto statement with SLSA v1 provenance' }
  const mismatch = mismatchOf(statement, expected)
  return mismatch === null
    ? { kind: 'verified', statement, keyIds: opened.keys.map(idOf) }
    : { kind: 'refused', reason: mismatch }
}

const keyOf = (text: string, path: string): ProjectKey => {
  const privateKey = parsed(() => createPrivateKey(text), path)
  if (privateKey.asymmetricKeyType !== 'ed25519') throw noEd25519(path)
  const publicKey = createPublicKey(privateKey)
  return {
    id: idOf(publicKey),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: (bytes) => sign(null, bytes, privateKey),
  }
}

const idOf = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')

const parsed = (read: () => KeyObject, what: string): KeyObject => {
  try {
    return read()
  } catch (cause) {
    throw new SluiceError('config_invalid', { detail: `${what} cannot be read as a key`, cause })
  }
}

const noEd25519 = (what: string): SluiceError =>
  new SluiceError('config_invalid', { detail: `${what} is no Ed25519 key` })
