/** Checking, without a server, what a ledger's server said: checkpoints in files, and proofs. */
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { SluiceError } from '../../core/errors.ts'
import { type Checkpoint, parseCheckpoint } from '../../core/ledger/checkpoint.ts'
import { type ConsistencyClaim, isConsistent } from '../../core/ledger/merkle-proof.ts'
import { checkRowProof, parseRowProof, type ProofFinding } from '../../core/ledger/proof-file.ts'
import { checkNote, type NoteKey, parseNote, parseNoteKey } from '../../core/ledger/signed-note.ts'
import { verifyEd25519, sha256Bytes } from '../../lib/hash-bytes.ts'

/** A checkpoint whose signature was checked, or that nobody gave a key for. */
export type CheckedCheckpoint = Checkpoint & {
  /** Names of the keys that signed it. */
  readonly signedBy: readonly string[]
}

// Each as text, or as the path of a file that has it.
const readNoteKeys = (given: readonly string[]): readonly NoteKey[] =>
  given.map((text) => {
    const key = parseNoteKey(text, sha256Bytes) ?? parseNoteKey(contentOf(text, 'key'), sha256Bytes)
    if (key !== null) return key
    throw new SluiceError('usage_invalid', {
      detail: `${JSON.stringify(text)} is neither a public key of a ledger nor a file with one`,
      hint: 'sluice ledger checkpoint --key   prints it: <name>+<8 hex digits>+<base64>',
    })
  })

/** Checks a note, or a file with one. `ledger_broken` when it is no checkpoint, or a key that was given did not sign it; `usage_invalid` without the file. */
export const checkCheckpoint = (
  given: string | { readonly note: string },
  keyTexts: readonly string[],
): CheckedCheckpoint => {
  const keys = readNoteKeys(keyTexts)
  const note = parseNote(typeof given === 'string' ? contentOf(given, 'checkpoint') : given.note)
  const checkpoint = note === null ? null : parseCheckpoint(note.text)
  if (note === null || checkpoint === null) throw refused('it is not a signed checkpoint')
  for (const key of keys) {
    const { status } = checkNote(note, key, verifyEd25519)
    if (status === 'unsigned') throw refused(`${key.name} (${key.keyId}) has not signed it`)
    if (status === 'forged')
      throw refused(`the signature in the name of ${key.name} (${key.keyId}) is not of this text`)
  }
  return { ...checkpoint, signedBy: keys.map(({ name }) => name) }
}

/** Checks a proof in a file. `usage_invalid` when it is none. */
export const checkProofFile = (path: string, keys: readonly string[]): ProofFinding => {
  const proof = parseRowProof(contentOf(path, 'proof'))
  if (proof === null)
    throw new SluiceError('usage_invalid', {
      detail: `${path} is not the proof of a row`,
      hint: 'sluice ledger prove 120 > row.tlog-proof',
    })
  return checkRowProof(proof, readNoteKeys(keys)[0] ?? null, {
    sha256: (text) => hash('sha256', text),
    sha256Bytes,
    verify: verifyEd25519,
  })
}

/** Whether a ledger begins with what it was at an earlier checkpoint. */
export const isContinued = (claim: ConsistencyClaim): boolean => isConsistent(claim, sha256Bytes)

const contentOf = (path: string, what: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new SluiceError('usage_invalid', { detail: `the ${what} ${path} cannot be read`, hint: 'name a file', cause })
  }
}

const refused = (why: string): SluiceError =>
  new SluiceError('ledger_broken', {
    detail: `the checkpoint is refused: ${why}`,
    hint: 'use the key that was given out with the ledger, and the checkpoint as it was kept',
  })
