/**
 * A row's proof as a file of its own (C2SP tlog-proof, 2025): its place, the hashes that lead to the root, and the signed checkpoint with that root.
 * The row itself is in it as `extra`, so that nothing else is needed to read and to check it.
 */
import { chainHash, parseEntryText, type PlacedEntry } from './entry.ts'
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts'
import { bytesOfHex, type HashBytes, hexOfBytes, leafOfRow } from './merkle.ts'
import { isSame, rootOfInclusion } from './merkle-proof.ts'
import { base64Of, bytesOfBase64, checkNote, type NoteKey, parseNote, type VerifyEd25519 } from './signed-note.ts'

/** A row, and what shows that it is in the tree of a checkpoint. */
export type RowProof = {
  /** The row's place, counted from 0. */
  readonly index: number
  /** The hash of the row before it, 64 hexadecimal digits. */
  readonly previousHash: string
  /** The row's exact text. */
  readonly text: string
  readonly hashes: readonly Uint8Array[]
  /** The signed note. */
  readonly checkpoint: string
}

const header = 'c2sp.org/tlog-proof@v1'

/** Writes a proof. */
export const formatRowProof = ({ index, previousHash, text, hashes, checkpoint }: RowProof): string =>
  [
    header,
    `extra ${base64Of(new TextEncoder().encode(`${previousHash}\n${text}`))}`,
    `index ${index}`,
    ...hashes.map(base64Of),
    '',
    checkpoint,
  ].join('\n')

/** Reads a proof; null for any text that is none of a row of a ledger. */
export const parseRowProof = (file: string): RowProof | null => {
  const split = file.indexOf('\n\n')
  const [first, extraLine = '', indexLine = '', ...hashLines] = file.slice(0, Math.max(split, 0)).split('\n')
  const extra = bytesOfBase64(/^extra (\S+)$/.exec(extraLine)?.[1] ?? '?')
  const index = Number(/^index (0|[1-9]\d{0,15})$/.exec(indexLine)?.[1] ?? Number.NaN)
  const hashes = hashLines.map(bytesOfBase64).filter((hash) => hash?.length === 32)
  if (first !== header || extra === null || !Number.isSafeInteger(index) || hashes.length !== hashLines.length)
    return null
  const row = new TextDecoder().decode(extra)
  const [, previousHash, text] = /^([0-9a-f]{64})\n(.+)$/s.exec(row) ?? []
  if (previousHash === undefined || text === undefined) return null
  return {
    index,
    previousHash,
    text,
    hashes: hashes.filter((hash) => hash !== null),
    checkpoint: file.slice(split + 2),
  }
}

/** What a proof shows. `signed`: whether the key signed its checkpoint; null when there was no key to ask. */
export type ProofFinding =
  | {
      readonly status: 'proven'
      readonly entry: PlacedEntry
      readonly hash: string
      readonly checkpoint: Checkpoint
      readonly signed: boolean | null
    }
  | { readonly status: 'refused'; readonly reason: string }

/** The arithmetic that checking needs. */
export type ProofArithmetic = {
  readonly sha256: (text: string) => string
  readonly sha256Bytes: HashBytes
  readonly verify: VerifyEd25519
}

/** Checks a proof, with the log's key where there is one. */
export const checkRowProof = (proof: RowProof, key: NoteKey | null, arithmetic: ProofArithmetic): ProofFinding => {
  const note = parseNote(proof.checkpoint)
  const checkpoint = note === null ? null : parseCheckpoint(note.text)
  if (note === null || checkpoint === null) return refused('what it holds is not a signed checkpoint')
  const entry = parseEntryText(proof.text)
  if (entry === null || entry.seq !== proof.index + 1) return refused('its text is not the row of its place')
  const hash = chainHash(proof.previousHash, proof.text, arithmetic.sha256)
  const claim = {
    index: proof.index,
    size: checkpoint.size,
    leaf: leafOfRow(hash, arithmetic.sha256Bytes),
    proof: proof.hashes,
  }
  const root = rootOfInclusion(claim, arithmetic.sha256Bytes)
  if (root === null || !isSame(root, checkpoint.root))
    return refused(`row ${entry.seq} is not in the ledger of the checkpoint of ${checkpoint.size} rows`)
  const finding = key === null ? null : checkNote(note, key, arithmetic.verify)
  if (finding !== null && finding.status !== 'signed')
    return refused(
      `its checkpoint is ${finding.status === 'forged' ? 'not what' : 'not signed by'} ${key?.name ?? ''} ${finding.status === 'forged' ? 'signed' : ''}`.trimEnd(),
    )
  return { status: 'proven', entry, hash, checkpoint, signed: finding === null ? null : true }
}

/** Hashes as hexadecimal digits, and back. */
export const hexOfAll = (hashes: readonly Uint8Array[]): readonly string[] => hashes.map(hexOfBytes)
/** See `hexOfAll`. */
export const bytesOfAll = (hashes: readonly string[]): readonly Uint8Array[] => hashes.map(bytesOfHex)

const refused = (reason: string): ProofFinding => ({ status: 'refused', reason })
