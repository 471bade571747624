/** Deterministic tar archives: the same files give the same bytes, whoever packs them and when. */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { chmod, lstat, mkdir, readdir, readFile, readlink, symlink } from 'node:fs/promises'
import { dirname, join, posix, relative, resolve, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Transform } from 'node:stream'
import { extract, pack } from 'tar-stream'
import { SluiceError } from '../core/errors.ts'

/** A file to pack that is not on disk. */
export type ExtraFile = { readonly path: string; readonly content: string }

/** Writes an archive of `paths` (files or folders below `directory`) and gives its SHA-256 and size. */
export const packTar = async (
  request: {
    readonly directory: string
    readonly paths: readonly string[]
    readonly extra: readonly ExtraFile[]
    readonly target: string
  },
  signal: AbortSignal,
): Promise<{ readonly sha256: string; readonly bytes: number }> => {
  const { directory, paths, extra, target } = request
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
  const written = pipeline(archive, counted, createWriteStream(target, { flags: 'w', mode: 0o600, flush: true }), {
    signal,
  })
  const filled = fill(archive, directory, await filesBelow(directory, paths), extra)
  await Promise.all([written, filled])
  return { sha256: hash.digest('hex'), bytes }
}

/** Unpacks into a folder. Names that lead out of it, and anything but files, folders and inner links, are refused with `artifact_mismatch`. */
export const unpackTar = async (archive: string, directory: string, signal: AbortSignal): Promise<void> => {
  const root = resolve(directory)
  await mkdir(root, { recursive: true })
  const reader = extract()
  const source = pipeline(createReadStream(archive), reader, { signal })
  source.catch(() => {})
  for await (const entry of reader) {
    const { name, type, linkname, mode } = entry.header
    const path = inside(root, name)
    await mkdir(type === 'directory' ? path : dirname(path), { recursive: true })
    if (type === 'symlink' && linkname) {
      inside(root, relative(root, resolve(dirname(path), linkname)))
      await symlink(linkname, path)
    } else if (type === 'file') {
      await pipeline(entry, createWriteStream(path, { flags: 'w' }), { signal })
      await chmod(path, mode !== undefined && (mode & 0o100) !== 0 ? 0o755 : 0o644)
    } else if (type !== 'directory')
      throw new SluiceError('artifact_mismatch', {
        detail: `${name} is a ${String(type)}, which artifacts do not hold`,
      })
    entry.resume()
  }
  await source
}

type Archive = ReturnType<typeof pack>

const epoch = new Date(0)

const fill = async (
  archive: Archive,
  directory: string,
  names: readonly string[],
  extra: readonly ExtraFile[],
): Promise<void> => {
  const added = new Map(extra.map(({ path, content }) => [path, content]))
  for (const name of [...names.filter((one) => !added.has(one)), ...added.keys()].toSorted()) {
    const content = added.get(name)
    const common = { name, mtime: epoch, uid: 0, gid: 0, uname: '', gname: '' }
    if (content !== undefined) {
      archive.entry({ ...common, type: 'file', mode: 0o644 }, content)
      continue
    }
    const path = join(directory, name)
    const found = await lstat(path)
    if (found.isSymbolicLink())
      archive.entry({ ...common, type: 'symlink', mode: 0o777, linkname: await readlink(path) })
    else
      archive.entry({ ...common, type: 'file', mode: (found.mode & 0o100) === 0 ? 0o644 : 0o755 }, await readFile(path))
  }
  archive.finalize()
}

/** Every file and link below the paths, as POSIX names relative to the directory. */
const filesBelow = async (directory: string, paths: readonly string[]): Promise<readonly string[]> => {
  const root = resolve(directory)
  const names = new Set<string>()
  for (const path of paths) {
    const full = inside(root, path)
    const found = await lstat(full).catch(() => null)
    if (found === null)
      throw new SluiceError('artifact_missing', {
        detail: `the artifact's path ${path} is not there after the job`,
        hint: 'check what the job writes',
      })
    if (!found.isDirectory()) names.add(toName(root, full))
    else
      for (const entry of await readdir(full, { recursive: true, withFileTypes: true }))
        if (!entry.isDirectory()) names.add(toName(root, join(entry.parentPath, entry.name)))
  }
  return [...names]
}

const toName = (root: string, path: string): string => relative(root, path).split(sep).join(posix.sep)

const inside = (root: string, name: string): string => {
  const path = resolve(root, name)
  if (path === root || path.startsWith(root + sep)) return path
  throw new SluiceError('artifact_mismatch', {
    detail: `${JSON.stringify(name)} leads out of the folder it belongs to`,
  })
}
