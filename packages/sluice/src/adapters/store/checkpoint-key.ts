/**
 * The key that signs the ledger's checkpoints: `keys/ledger.key` in the state directory, readable by its owner only, in the form that Go's note
 * package writes (`PRIVATE+KEY+<name>+<id>+<base64>`), so that other tools of transparency logs read it. Beside it `keys/ledger.pub`, for everybody.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { SluiceError } from '../../core/errors.ts'
import {
  base64Of,
  bytesOfBase64,
  formatNoteKey,
  type NoteKey,
  noteKeyId,
  type NoteSignature,
} from '../../core/ledger/signed-note.ts'
import { writeOnce, writeWhole } from '../../lib/files.ts'
import type { Checkpoints } from '../../ports/checkpoints.ts'
import { sha256Bytes } from '../../lib/hash-bytes.ts'

type KeyPair = { readonly key: NoteKey; readonly privateKey: KeyObject }

/** The checkpoints of a state directory. `config_invalid` when others may read the key, or when it is none. */
export const keptCheckpoints = (stateDirectory: string): Checkpoints => {
  const folder = join(stateDirectory, 'keys')
  const path = join(folder, 'ledger.key')
  const lastPath = join(stateDirectory, 'ledger.checkpoint')
  return {
    key: async (origin) => {
      if ((await stat(path).catch(() => null)) === null) await makeKey({ folder, path, name: await origin() })
      return (await readKey(path)).key
    },
    sign: async (text): Promise<NoteSignature> => {
      const { key, privateKey } = await readKey(path)
      return { name: key.name, keyId: key.keyId, bytes: sign(null, new TextEncoder().encode(text), privateKey) }
    },
    last: () =>
      readFile(lastPath, 'utf8').catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
        throw error
      }),
    keep: (note) => writeWhole(lastPath, note),
  }
}

/** Reads a private key in the form above; `null` for any other text. */
const parseSigner = (text: string): KeyPair | null => {
  const [, name = '', keyId = '', encoded = ''] =
    /^PRIVATE\+KEY\+([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim()) ?? []
  const bytes = bytesOfBase64(encoded)
  if (bytes?.length !== 33 || bytes[0] !== 1) return null
  const privateKey = privateKeyOf(bytes.subarray(1))
  const publicKey = publicBytesOf(createPublicKey(privateKey))
  const key = { name, keyId, kind: 'ed25519', publicKey } as const
  return noteKeyId(key, sha256Bytes) === keyId ? { key, privateKey } : null
}

// The DER of a private key is these bytes and the seed (RFC 8410, section 7).
const privateKeyPrefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const privateKeyOf = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([privateKeyPrefix, seed]), format: 'der', type: 'pkcs8' })

/** The 32 bytes of a public key, which its DER ends with. */
const publicBytesOf = (key: KeyObject): Uint8Array => key.export({ type: 'spki', format: 'der' }).subarray(-32)

const readKey = async (path: string): Promise<KeyPair> => {
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0)
    throw new SluiceError('config_invalid', {
      detail: `${path} may be read by others (mode ${(mode & 0o777).toString(8)}), so that its signatures prove nothing.`,
      hint: `chmod 600 ${path} if nobody can have read it; otherwise move it away, and Sluice makes another.`,
    })
  const pair = parseSigner(await readFile(path, 'utf8'))
  if (pair !== null) return pair
  throw new SluiceError('config_invalid', {
    detail: `${path} is not a key that signs notes.`,
    hint: 'Restore it from a backup; checkpoints that were signed with it stay good.',
  })
}

type NewKey = { readonly folder: string; readonly path: string; readonly name: string }

/** Of two that make it at the same time, both get the first one. */
const makeKey = async ({ folder, path, name }: NewKey): Promise<void> => {
  const { privateKey, publicKey: made } = generateKeyPairSync('ed25519')
  const seed = privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32)
  const publicKey = publicBytesOf(made)
  const named = { name, kind: 'ed25519', publicKey } as const
  const keyId = noteKeyId(named, sha256Bytes)
  const text = `PRIVATE+KEY+${name}+${keyId}+${base64Of(Uint8Array.from([1, ...seed]))}\n`
  if (await writeOnce(path, text))
    await writeWhole(join(folder, 'ledger.pub'), `${formatNoteKey({ ...named, keyId })}\n`, 0o644)
}
