/** Checks a ledger in a file against everything that was noted elsewhere: a row, or a checkpoint and whose it is. */
import type { Anchor } from '../../core/ledger/verify.ts'
import { checkCheckpoint } from './check-notes.ts'
import { sha256Bytes } from '../../lib/hash-bytes.ts'
import { type FileVerification, verifyLedgerFile } from './verify-file.ts'

/** What was noted. `checkpoint` is the path of a file; `keys` are public keys or files with them. */
export type NotedFiles = {
  readonly anchor: Anchor | undefined
  readonly checkpoint: string | null
  readonly keys: readonly string[]
}

/** See `verifyLedgerFile`. `signedBy` is null when there was no checkpoint; `ledger_broken` when a key that was given did not sign it. */
export const checkLedgerFile = async (
  path: string,
  { anchor, checkpoint, keys }: NotedFiles,
): Promise<FileVerification & { readonly signedBy: readonly string[] | null }> => {
  const kept = checkpoint === null ? null : checkCheckpoint(checkpoint, keys)
  const found = await verifyLedgerFile(path, {
    ...(anchor === undefined ? {} : { anchor }),
    ...(kept === null ? {} : { tree: { sha256Bytes, checkpoints: [kept] } }),
  })
  return { ...found, signedBy: kept?.signedBy ?? null }
}
