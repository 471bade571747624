/** SQLite's failures as Sluice's. Result codes: sqlite.org/rescode.html, read 2026-11. */
import { SluiceError } from '../../../core/errors.ts'

const full = 13
const corrupt = 11
const notADatabase = 26
/** SQLITE_IOERR_SHMSIZE: the index of the write-ahead log could not grow; nothing was written yet. */
const indexCannotGrow = 4874

/** What a failure means for who asked. `full`: nothing was written. `corrupt`: the file is damaged. `failed`: outcome unknown. */
export type FailureKind = 'full' | 'corrupt' | 'failed'

/** Sorts a failure by its result code. Anything that is not from SQLite is `failed`. */
export const failureKind = (error: unknown): FailureKind => {
  const code = resultCode(error)
  if (code === null) return 'failed'
  if (code === indexCannotGrow || (code & 0xff) === full) return 'full'
  return (code & 0xff) === corrupt || (code & 0xff) === notADatabase ? 'corrupt' : 'failed'
}

/** The error for a failure met while a file was being `doing` (written, opened …). An error that is Sluice's already stays as it is. */
export const failureError = (error: unknown, doing: string, path: string): SluiceError => {
  if (error instanceof SluiceError) return error
  const said = error instanceof Error ? error.message : String(error)
  switch (failureKind(error)) {
    case 'full':
      return new SluiceError('store_full', {
        detail: `The disk was full while ${path} was being ${doing}; nothing was written.`,
        hint: 'Free some space on that disk; a rollback still goes through.',
        cause: error,
      })
    case 'corrupt':
      return corruptError(path, said, error)
    case 'failed':
      return new SluiceError('store_failed', {
        detail: `${path} failed while it was being ${doing}: ${said} (SQLite result ${resultCode(error) ?? 'none'}).`,
        hint: 'Check the disk, then start the control plane again: it takes up what was written.',
        cause: error,
      })
  }
}

/** The error for a damaged file. */
export const corruptError = (path: string, detail: string, cause?: unknown): SluiceError =>
  new SluiceError('store_corrupt', {
    detail: `${path} is damaged: ${detail}.`,
    hint: `Put a copy of ${path} from a backup in its place, or move it aside to begin with an empty state. Sluice leaves the file as it is.`,
    cause,
  })

const resultCode = (error: unknown): number | null =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : null
