/**
 * Checkpoints of the ledger (C2SP tlog-checkpoint, 2025): the size of its tree and its root, in a signed note. Who kept one can tell later
 * whether the ledger still begins with exactly what it held then.
 */
import { bytesOfBase64, base64Of } from './signed-note.ts'

/** What a checkpoint says. */
export type Checkpoint = {
  /** Names the ledger. */
  readonly origin: string
  /** Rows. */
  readonly size: number
  /** Root of the tree over them, 32 bytes. */
  readonly root: Uint8Array
}

/** The text that is signed. */
export const checkpointText = ({ origin, size, root }: Checkpoint): string => `${origin}\n${size}\n${base64Of(root)}\n`

/** Reads the text of a checkpoint; null for any other text. Lines after the third are extensions, and mean nothing here. */
export const parseCheckpoint = (text: string): Checkpoint | null => {
  const [origin = '', sizeText = '', rootText = '', ...rest] = text.split('\n')
  // The text ends with a line end, and no line of it is empty.
  if (rest.pop() !== '' || rest.includes('') || origin === '') return null
  const size = /^(?:0|[1-9]\d{0,15})$/.test(sizeText) ? Number(sizeText) : Number.NaN
  const root = bytesOfBase64(rootText)
  return Number.isSafeInteger(size) && root?.length === 32 ? { origin, size, root } : null
}

/** The name of a service's ledger, as a key's name may be: no spaces, no `+`. */
export const originOf = (service: string): string => `sluice/${service.replaceAll(/[\s+]|[^\x21-\x7e]/g, '-')}`
