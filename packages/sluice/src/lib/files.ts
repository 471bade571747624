/** Files that are there whole or not at all. */
import { link, mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { SluiceError } from '../core/errors.ts'

/** Writes a file so that a reader, a crash or a power cut sees the old content or the new, never a part: temp file, fsync, rename, fsync of the folder. */
export const writeWhole = async (path: string, content: string | Uint8Array, mode: number = 0o600): Promise<void> => {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true })
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}`)
  try {
    const file = await open(temporary, 'wx', mode)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncFolder(folder)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw diskError(error, path)
  }
}

/**
 * Writes a file that is made once, mode 0600 (a key): whole under another name, then linked, which fails when somebody else was first; nobody ever reads half of it.
 * Gives whether it was made here.
 */
export const writeOnce = async (path: string, content: string | Uint8Array): Promise<boolean> => {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}`)
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await link(temporary, path)
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw diskError(error, path)
    return false
  } finally {
    await rm(temporary, { force: true })
    await syncFolder(folder)
  }
}

/** Makes a rename or a removal in a folder durable. */
export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** What a failed write means: `store_full` without room, otherwise the error as it came. */
export const diskError = (error: unknown, path: string): unknown => {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error
  return new SluiceError('store_full', {
    detail: `there is no room left to write ${path}`,
    hint: 'free some space; nothing was lost',
    cause: error,
  })
}
