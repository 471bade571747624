import type { NoteKey, NoteSignature } from '../core/ledger/signed-note.ts'

/** Signs checkpoints of the ledger, and remembers the last one apart from the ledger: so that a ledger that lost its end, or was written anew, is not signed. */
export interface Checkpoints {
  /** The public key. The pair is made at first use; its name is what `origin` gives, and stays that. */
  key(origin: () => Promise<string>): Promise<NoteKey>
  /** Signs the text of a checkpoint. Safe to repeat: the same text gives the same signature. */
  sign(text: string): Promise<NoteSignature>
  /** The note that was kept last, as it is; null before the first. */
  last(): Promise<string | null>
  /** Keeps a note in place of the last one; durable when it resolves. */
  keep(note: string): Promise<void>
}
