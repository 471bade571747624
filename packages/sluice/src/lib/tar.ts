/**
 * Deterministic tar archives: the same files give the same bytes, whoever packs them and when. Names sorted, times 0, no owner, modes 644 or 755,
 * links kept when they lead nowhere outside; folders only as parts of names, so an empty one is not kept.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { chmod, lstat, mkdir, readdir, readlink, realpath, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join, posix, relative, resolve, sep } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Pack } from 'tar-stream'
import { SluiceError } from '../core/errors.ts'
import { isInnerLink } from './inner-link.ts'

/** A file to pack that is not on disk. */
export type ExtraFile = { readonly path: string; readonly content: string }

/** What to pack, and the archive to write. */
export type PackRequest = {
  readonly directory: string
  /** Files or folders below `directory`. */
  readonly paths: readonly string[]
  /** Wins over a file of the same name. */
  readonly extra: readonly ExtraFile[]
  readonly target: string
}

/**
 * Writes an archive and gives its SHA-256 and size; durable when it resolves. `artifact_missing` when a path is not there,
 * `artifact_mismatch` for what an archive cannot give back: a link that leads outside, a socket, a pipe. Memory does not grow with the size.
 */
export const packTar = async (
  { directory, paths, extra, target }: PackRequest,
  signal: AbortSignal,
): Promise<{ readonly sha256: string; readonly bytes: number }> => {
  // Before anything is opened: the usual mistakes show here.
  const names = await filesBelow(directory, paths)
  const { pack } = await import('tar-stream')
  const archive = pack()
  const hash = createHash('sha256')
  let bytes = 0
  const counted = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk)
      bytes += chunk.length
      done(null, chunk)
    },
  })
  const file = createWriteStream(target, { flags: 'w', mode: 0o600, flush: true })
  const written = pipeline(archive, counted, file, { signal })
  const filled = fill(archive, { directory, names, extra }, signal).catch((error: unknown) => {
    archive.destroy()
    throw error
  })
  const [writing, filling] = await Promise.allSettled([written, filled])
  // First cause wins: a file that cannot be packed ends the writing, and a disk that is full ends the filling.
  if (filling.status === 'rejected' && !isConsequence(filling.reason)) throw filling.reason
  if (writing.status === 'rejected') throw writing.reason
  if (filling.status === 'rejected') throw filling.reason
  return { sha256: hash.digest('hex'), bytes }
}

/**
 * Unpacks into a folder; safe to repeat. Names that lead out of it, and anything but files, folders and inner links, are refused with
 * `artifact_mismatch`. Links are made last, files never written through one, and none goes up again after a name, so that no chain of links leads outside, with what
 * other archives have beside them neither.
 */
export const unpackTar = async (archive: string, directory: string, signal: AbortSignal): Promise<void> => {
  await mkdir(directory, { recursive: true })
  const root = await realpath(directory)
  const { extract } = await import('tar-stream')
  const reader = extract()
  const source = pipeline(createReadStream(archive), reader, { signal })
  source.catch(() => {})
  const links = new Map<string, string>()
  for await (const entry of reader) {
    const { name, type, linkname, mode } = entry.header
    const path = inside(root, name)
    if (type === 'symlink' && linkname) links.set(path, linkname)
    else if (type === 'directory') await makeFolder(root, path)
    else if (type === 'file') {
      await makeFolder(root, dirname(path))
      await clear(root, path)
      await pipeline(entry, createWriteStream(path, { flags: 'wx' }), { signal })
      await chmod(path, mode !== undefined && (mode & 0o100) !== 0 ? 0o755 : 0o644)
    } else {
      throw new SluiceError('artifact_mismatch', {
        detail: `${name} is a ${type ?? 'thing without a type'}, which artifacts do not hold`,
      })
    }
    entry.resume()
  }
  await source
  for (const [path, target] of links) await makeLink(root, path, target)
  // Only now: a link that led nowhere when it was made may lead somewhere by one that was made later.
  for (const [path, target] of links) await requireInner(root, path, target)
}

const epoch = new Date(0)

/** What a stream says that was ended because something else went wrong. */
const isConsequence = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'

const fill = async (
  archive: Pack,
  { directory, names, extra }: Pick<PackRequest, 'directory' | 'extra'> & { readonly names: readonly string[] },
  signal: AbortSignal,
): Promise<void> => {
  const added = new Map(extra.map(({ path, content }) => [path, content]))
  for (const name of [...names.filter((one) => !added.has(one)), ...added.keys()].toSorted()) {
    const content = added.get(name)
    const common = { name, mtime: epoch, uid: 0, gid: 0, uname: '', gname: '' }
    if (content !== undefined) archive.entry({ ...common, type: 'file', mode: 0o644 }, content)
    else await addFromDisk(archive, { ...common, directory }, signal)
  }
  archive.finalize()
}

const addFromDisk = async (
  archive: Pack,
  { directory, ...common }: { readonly name: string; readonly directory: string },
  signal: AbortSignal,
): Promise<void> => {
  const path = join(directory, common.name)
  const found = await lstat(path)
  if (found.isSymbolicLink()) {
    const linkname = await readlink(path)
    checkLink(common.name, linkname)
    archive.entry({ ...common, type: 'symlink', mode: 0o777, linkname })
  } else if (found.isFile()) {
    const header = {
      ...common,
      type: 'file',
      mode: (found.mode & 0o100) === 0 ? 0o644 : 0o755,
      size: found.size,
    } as const
    // Up to the last byte counted: a file that still grows is packed as it was when it was measured.
    if (found.size === 0) archive.entry(header, '')
    else await pipeline(createReadStream(path, { end: found.size - 1 }), archive.entry(header), { signal })
  } else {
    throw new SluiceError('artifact_mismatch', {
      detail: `${common.name} is neither a file, a folder nor a link, and cannot be kept`,
    })
  }
}

/** Every file and link below the paths, as POSIX names relative to the directory. */
const filesBelow = async (directory: string, paths: readonly string[]): Promise<readonly string[]> => {
  const root = resolve(directory)
  const names = new Set<string>()
  for (const path of paths) {
    const full = inside(root, path)
    // The folder itself may be reached by a link, as a job's own view of its files is.
    const found = await (full === root ? stat(full) : lstat(full)).catch(() => null)
    if (found === null) {
      throw new SluiceError('artifact_missing', {
        detail: `the artifact's path ${path} is not there after the job`,
        hint: 'check what the job writes',
      })
    }
    if (!found.isDirectory()) names.add(toName(root, full))
    else
      for (const entry of await readdir(full, { recursive: true, withFileTypes: true }))
        if (!entry.isDirectory()) names.add(toName(root, join(entry.parentPath, entry.name)))
  }
  // A checkout's own `.git` holds where it lies; it is no output of a job, and would make the same content another archive.
  return [...names].filter((name) => name !== '.git' && !name.startsWith('.git/'))
}

const toName = (root: string, path: string): string => relative(root, path).split(sep).join(posix.sep)

const inside = (root: string, name: string): string => {
  const path = resolve(root, name)
  if (path === root || path.startsWith(root + sep)) return path
  throw new SluiceError('artifact_mismatch', {
    detail: `${JSON.stringify(name)} leads out of the folder it belongs to`,
  })
}

/** Absolute ones are refused too, because the folder will have another place when it is unpacked. */
const checkLink = (name: string, target: string): void => {
  if (isInnerLink(name, target)) return
  throw new SluiceError('artifact_mismatch', {
    detail: `the link ${name} → ${target} leads out of the folder it belongs to, or may with another link`,
    hint: 'write it with its .. first and inside of the folder, replace it by what it leads to, or leave it out of the artifact',
  })
}

/** Makes a folder unless a link stands in its way: that would let later files out of the root. */
const makeFolder = async (root: string, path: string): Promise<void> => {
  await mkdir(path, { recursive: true })
  if ((await realpath(path)) === path) return
  throw new SluiceError('artifact_mismatch', {
    detail: `${toName(root, path)} goes through a link`,
  })
}

const makeLink = async (root: string, path: string, target: string): Promise<void> => {
  checkLink(toName(root, path), target)
  await makeFolder(root, dirname(path))
  await clear(root, path)
  await symlink(target, path)
}

/** By its words a link stays inside, but another on its way may lead elsewhere: one that was there before. One that leads nowhere is harmless. */
const requireInner = async (root: string, path: string, target: string): Promise<void> => {
  const real = await realpath(path).catch(() => null)
  if (real === null || real === root || real.startsWith(root + sep)) return
  await rm(path, { force: true })
  throw new SluiceError('artifact_mismatch', {
    detail: `the link ${toName(root, path)} → ${target} leads out of the folder it belongs to`,
  })
}

/** Takes away what an earlier unpacking left; a folder in the place of a file is no work of ours. */
const clear = async (root: string, path: string): Promise<void> => {
  if ((await lstat(path).catch(() => null))?.isDirectory() !== true) return rm(path, { force: true })
  throw new SluiceError('artifact_mismatch', { detail: `${toName(root, path)} is a folder and something else too` })
}
