/** Opening a file below a folder in which somebody else may have put links: nothing outside of it is ever opened, not even when a name becomes a link meanwhile. */
import { constants } from 'node:fs'
import { type FileHandle, lstat, open } from 'node:fs/promises'
import { join } from 'node:path'

/** What is at a path. `outside`: the path, or a link on it, may lead out of the folder. */
export type OpenedInside =
  | { readonly kind: 'file'; readonly file: FileHandle; readonly bytes: number }
  | { readonly kind: 'missing' | 'outside' | 'other' }

/**
 * Opens the file at a path with `/` between its parts, relative to `folder`. No link is followed below it. On Linux each part is opened in the folder that was opened before
 * (as `openat` does), so that there is nothing to be quicker than; elsewhere the parts are looked at first. Never waits for the writer of a pipe.
 */
export const openInside = async (folder: string, path: string): Promise<OpenedInside> => {
  const parts = path.split('/')
  if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\0')))
    return { kind: 'outside' }
  let place = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY)
  let way = folder
  try {
    for (const part of parts.slice(0, -1)) {
      const next = await openChild({ place, way, part }, constants.O_DIRECTORY)
      if (typeof next === 'string') return { kind: next }
      await place.close()
      place = next
      way = join(way, part)
    }
    return await openFile({ place, way, part: parts.at(-1) ?? '' })
  } finally {
    await place.close()
  }
}

type Child = { readonly place: FileHandle; readonly way: string; readonly part: string }

const openFile = async (child: Child): Promise<OpenedInside> => {
  const file = await openChild(child, constants.O_NONBLOCK)
  if (typeof file === 'string') return { kind: file }
  const found = await file.stat()
  if (found.isFile()) return { kind: 'file', file, bytes: found.size }
  await file.close()
  return { kind: 'other' }
}

const openChild = async (child: Child, flags: number): Promise<FileHandle | 'missing' | 'outside' | 'other'> => {
  const path = pathOf(child)
  try {
    if (process.platform !== 'linux' && (await lstat(path)).isSymbolicLink()) return 'outside'
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | flags)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    if (code === 'ELOOP') return 'outside'
    if (code === 'ENOENT') return 'missing'
    // What is no folder: a link, or a file where a folder should be.
    if (code === 'ENOTDIR') return (await isLink(path)) ? 'outside' : 'missing'
    // A socket, or a file that may not be read.
    return 'other'
  }
}

const pathOf = ({ place, way, part }: Child): string =>
  process.platform === 'linux' ? `/proc/self/fd/${place.fd}/${part}` : join(way, part)

const isLink = (path: string): Promise<boolean> =>
  lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  )

/** Bytes read at a time. */
const pieceBytes = 1_048_576

/** What an opened file holds, from its beginning, at most `bytes`: whatever still writes to it does not make it grow without bound. */
export async function* piecesOf(file: FileHandle, bytes: number): AsyncGenerator<Buffer, void, undefined> {
  let at = 0
  while (at < bytes) {
    const piece = Buffer.allocUnsafe(Math.min(pieceBytes, bytes - at))
    const { bytesRead } = await file.read(piece, 0, piece.length, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield piece.subarray(0, bytesRead)
  }
}
