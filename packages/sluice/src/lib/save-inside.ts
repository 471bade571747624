/** Writing files below a folder under paths that somebody else chose: they never leave it, and replace nothing unless that was asked for. */
import { createHash, randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, link, lstat, mkdir, open, realpath, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SluiceError } from '../core/errors.ts'
import { diskError } from './files.ts'

/** One file to be saved. */
export type SaveRequest = {
  readonly folder: string
  /** Relative, with `/` between its parts. */
  readonly path: string
  readonly pieces: AsyncIterable<Uint8Array>
  /** `sha256:<hex>` of what must come. */
  readonly digest: string
  readonly overwrite: boolean
}

/** Whether a path stays below a folder whatever the system: no part of it is `..`, empty, or has a drive or a backslash in it. */
export const staysInside = (path: string): boolean =>
  // oxlint-disable-next-line no-control-regex
  path !== '' && path.split('/').every((part) => !/^\.{0,2}$|[\\:\u0000-\u001F]/.test(part))

/** Saves it whole or not at all. `usage_invalid` for what is there already or would leave the folder, `artifact_mismatch` for another content. */
export const saveInside = async (request: SaveRequest): Promise<void> => {
  const { folder, path, overwrite } = request
  if (!staysInside(path)) throw new SluiceError('usage_invalid', { detail: `${JSON.stringify(path)} leaves ${folder}` })
  await mkdir(folder, { recursive: true })
  const target = join(await realpath(folder), path)
  await makeParents(await realpath(folder), path)
  const temporary = join(dirname(target), `.${randomBytes(6).toString('hex')}.part`)
  try {
    await writePieces(temporary, request)
    if (overwrite) await rename(temporary, target)
    else await putAnew(temporary, target)
  } catch (error) {
    throw refusal(error, target)
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Whether something is at a path, a link that leads nowhere included. */
export const isTaken = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  )

/** Makes the folders of a path one by one: a link among them would lead out. */
const makeParents = async (folder: string, path: string): Promise<void> => {
  let at = folder
  for (const part of path.split('/').slice(0, -1)) {
    at = join(at, part)
    await mkdir(at).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw diskError(error, at)
    })
    if (!(await lstat(at)).isDirectory())
      throw new SluiceError('usage_invalid', {
        detail: `${at} is no folder of its own, so nothing is saved below it`,
        hint: 'name another folder with --save',
      })
  }
}

const writePieces = async (path: string, { pieces, digest }: SaveRequest): Promise<void> => {
  const hash = createHash('sha256')
  const file = await open(path, 'wx', 0o644)
  try {
    for await (const piece of pieces) {
      hash.update(piece)
      await file.appendFile(piece)
    }
  } finally {
    await file.close()
  }
  if (`sha256:${hash.digest('hex')}` === digest) return
  throw new SluiceError('artifact_mismatch', { detail: `what came is not what its digest ${digest} says` })
}

/** A link instead of a renaming, because that one would replace what has come to be there meanwhile. */
const putAnew = async (temporary: string, target: string): Promise<void> => {
  try {
    await link(temporary, target)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw error
    // A file system without links.
    await copyFile(temporary, target, constants.COPYFILE_EXCL)
  }
}

const refusal = (error: unknown, target: string): unknown => {
  const code = codeOf(error)
  if (code === 'EEXIST')
    return new SluiceError('usage_invalid', {
      detail: `${target} is there already`,
      hint: 'name an empty folder, or add --overwrite',
    })
  if (code === 'EISDIR' || code === 'ENOTEMPTY')
    return new SluiceError('usage_invalid', { detail: `${target} is a folder`, hint: 'name an empty folder' })
  return diskError(error, target)
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : null)
