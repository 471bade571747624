/**
 * Signed notes (C2SP signed-note, 2025): a text, an empty line, and a line for each signature. Their Ed25519 keys and signatures are read and
 * written here; the arithmetic is handed in.
 */
import type { HashBytes } from './merkle.ts'

/** One signature line. `keyId`: 8 hexadecimal digits. `bytes`: what follows the key's id. */
export type NoteSignature = { readonly name: string; readonly keyId: string; readonly bytes: Uint8Array }

/** A note as it was read; none of its signatures was checked. */
export type SignedNote = { readonly text: string; readonly signatures: readonly NoteSignature[] }

/** `ed25519`: of the log itself. `cosignature`: a witness's, with the time at which it saw the note (C2SP tlog-cosignature, v1). */
export type NoteKeyKind = 'ed25519' | 'cosignature'

/** A public key: `<name>+<8 hex digits>+<base64 of a type byte and 32 bytes>`. */
export type NoteKey = {
  readonly name: string
  readonly keyId: string
  readonly kind: NoteKeyKind
  /** 32 bytes. */
  readonly publicKey: Uint8Array
}

/** Whether an Ed25519 signature of a message was made with the private half of a key of 32 bytes. */
export type VerifyEd25519 = (message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array) => boolean

/** Longest note that is read, characters; a checkpoint has some hundred. */
const noteCharactersMax = 65_536

const typeBytes = { ed25519: 1, cosignature: 4 } as const

/** The id of a key: the first bytes of a hash of its name, type and bytes, as 8 hexadecimal digits. */
export const noteKeyId = (
  { name, kind, publicKey }: Pick<NoteKey, 'name' | 'kind' | 'publicKey'>,
  sha256: HashBytes,
): string => {
  const head = new TextEncoder().encode(`${name}\n`)
  const input = new Uint8Array(head.length + 1 + publicKey.length)
  input.set(head)
  input[head.length] = typeBytes[kind]
  input.set(publicKey, head.length + 1)
  return hexOf(sha256(input).subarray(0, 4))
}

/** Writes a public key. */
export const formatNoteKey = ({ name, keyId, kind, publicKey }: NoteKey): string =>
  `${name}+${keyId}+${base64Of(Uint8Array.from([typeBytes[kind], ...publicKey]))}`

/** Reads a public key; null for any other text, and for one whose id is not its own. */
export const parseNoteKey = (text: string, sha256: HashBytes): NoteKey | null => {
  const [, name = '', keyId = '', encoded = ''] =
    /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim()) ?? []
  const bytes = bytesOfBase64(encoded)
  if (name === '' || bytes?.length !== 33) return null
  const kind = bytes[0] === typeBytes.ed25519 ? 'ed25519' : bytes[0] === typeBytes.cosignature ? 'cosignature' : null
  if (kind === null) return null
  const key = { name, keyId, kind, publicKey: bytes.subarray(1) } as const
  return noteKeyId(key, sha256) === keyId ? key : null
}

/** Writes a note: its text ends with a line end. */
export const formatNote = ({ text, signatures }: SignedNote): string =>
  `${text}\n${signatures.map(({ name, keyId, bytes }) => `— ${name} ${base64Of(Uint8Array.from([...bytesOfId(keyId), ...bytes]))}\n`).join('')}`

/** Reads a note; null for any text that is none. */
export const parseNote = (note: string): SignedNote | null => {
  if (note.length > noteCharactersMax || /(?!\n)\p{Cc}/u.test(note)) return null
  const split = note.lastIndexOf('\n\n')
  if (split < 0 || !note.endsWith('\n')) return null
  const lines = note.slice(split + 2, -1).split('\n')
  const signatures = lines.map(parseSignature).filter((signature) => signature !== null)
  return signatures.length === lines.length ? { text: note.slice(0, split + 1), signatures } : null
}

const parseSignature = (line: string): NoteSignature | null => {
  const [, name = '', encoded = ''] = /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/.exec(line) ?? []
  const bytes = bytesOfBase64(encoded)
  if (name === '' || bytes === null || bytes.length <= 4) return null
  return { name, keyId: hexOf(bytes.subarray(0, 4)), bytes: bytes.subarray(4) }
}

/** What a key says of a note. `signed`: with the time of a cosignature (epoch ms), null for the log's own. */
export type NoteFinding =
  | { readonly status: 'signed'; readonly at: number | null }
  | { readonly status: 'unsigned' | 'forged' }

/** Looks for a key's signature on a note. A signature in its name that does not hold is `forged`, whatever else there is. */
export const checkNote = (note: SignedNote, key: NoteKey, verify: VerifyEd25519): NoteFinding => {
  const own = note.signatures.filter(({ name, keyId }) => name === key.name && keyId === key.keyId)
  const [first] = own
  if (first === undefined) return { status: 'unsigned' }
  const found = own.map(({ bytes }) => signedParts(note.text, bytes, key.kind))
  if (!found.every((parts) => parts !== null && verify(parts.message, parts.signature, key.publicKey)))
    return { status: 'forged' }
  return { status: 'signed', at: found[0]?.at ?? null }
}

type SignedParts = { readonly message: Uint8Array; readonly signature: Uint8Array; readonly at: number | null }

const signedParts = (text: string, bytes: Uint8Array, kind: NoteKeyKind): SignedParts | null => {
  const encoder = new TextEncoder()
  if (kind === 'ed25519')
    return bytes.length === 64 ? { message: encoder.encode(text), signature: bytes, at: null } : null
  if (bytes.length !== 72) return null
  const seconds = bytes.subarray(0, 8).reduce((value, byte) => value * 256 + byte, 0)
  if (!Number.isSafeInteger(seconds * 1_000)) return null
  const message = encoder.encode(`cosignature/v1\ntime ${seconds}\n${text}`)
  return { message, signature: bytes.subarray(8), at: seconds * 1_000 }
}

const hexOf = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')

const bytesOfId = (keyId: string): readonly number[] =>
  [0, 2, 4, 6].map((at) => Number.parseInt(keyId.slice(at, at + 2), 16))

/** Base64 of bytes, standard alphabet, padded. */
export const base64Of = (bytes: Uint8Array): string => {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/** Bytes of base64 in its one form; null for anything else. */
export const bytesOfBase64 = (text: string): Uint8Array | null => {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  return base64Of(bytes) === text ? bytes : null
}
