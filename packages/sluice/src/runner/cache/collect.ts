/** Takes files of a folder into the cache. */
import { hash } from 'node:crypto'
import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { SluiceError } from '../../core/errors.ts'
import { limits } from '../../core/limits.ts'
import type { CacheFile, contentDigest } from '../../core/pipeline/cache/entry.ts'
import { isInnerLink } from '../../lib/inner-link.ts'
import type { Packer } from './pack.ts'

/** Files taken, and the rows that their digest is made of. */
export type Collected = {
  readonly files: readonly CacheFile[]
  readonly rows: Parameters<typeof contentDigest>[0]
}

/** What to take. `named` gives a path's name in the entry. */
export type CollectRequest = {
  readonly directory: string
  readonly paths: readonly string[]
  readonly packer: Packer
  readonly named: (path: string) => string
}

type Row = Collected['rows'][number]

/** Files packed between two turns of the loop. */
const filesPerTurn = 128

/**
 * Packs files and links; `artifact_mismatch` for what cannot be given back elsewhere, such as a link that leads out of the folder. What goes away meanwhile is not
 * part of it.
 */
export const collect = async (request: CollectRequest, signal: AbortSignal): Promise<Collected> => {
  const { directory, paths, named } = request
  if (paths.length > limits.cacheFilesMax)
    throw new SluiceError('artifact_mismatch', {
      detail: `${paths.length} files are more than a cache entry holds (${limits.cacheFilesMax})`,
      hint: 'name fewer outputs',
    })
  const files: CacheFile[] = []
  const rows: Row[] = []
  for (const [index, path] of paths.entries()) {
    const seen = lstatSync(join(directory, path), { throwIfNoEntry: false })
    if (seen === undefined) continue
    const taken = seen.isSymbolicLink() ? takeLink(directory, path) : await takeFile(request, path, signal)
    files.push({ ...taken.file, path: named(path) })
    rows.push({ ...taken.row, path: named(path) })
    if (index % filesPerTurn !== filesPerTurn - 1) continue
    await nextTurn()
    signal.throwIfAborted()
  }
  return { files, rows }
}

type Taken = { readonly file: CacheFile; readonly row: Row }

const takeLink = (directory: string, path: string): Taken => {
  const target = readlinkSync(join(directory, path))
  if (!isInnerLink(path, target))
    throw new SluiceError('artifact_mismatch', {
      detail: `the link ${path} → ${target} leads out of the folder, or may with another link`,
      hint: 'replace the link by what it leads to, or leave it out of the outputs',
    })
  return { file: { kind: 'link', path, target }, row: { path, kind: 'link', content: target } }
}

const takeFile = async ({ directory, packer }: CollectRequest, path: string, signal: AbortSignal): Promise<Taken> => {
  const full = join(directory, path)
  const { size, mode } = lstatSync(full)
  const isExecutable = (mode & 0o100) !== 0
  const kind = isExecutable ? 'executable' : 'file'
  if (size >= limits.cacheOwnBlobBytesMin) {
    const { sha256, ...part } = await packer.addFile(full, signal)
    return { file: { kind: 'file', path, isExecutable, part }, row: { path, kind, content: sha256 } }
  }
  const content = readFileSync(full)
  const part = await packer.add(content, signal)
  return { file: { kind: 'file', path, isExecutable, part }, row: { path, kind, content: hash('sha256', content) } }
}
