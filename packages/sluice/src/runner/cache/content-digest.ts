/** Digest of files by their content alone: of what a job without a cache hands on, so that jobs after it are found when it made the same again. */
import { lstatSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { contentDigest } from '../../core/pipeline/cache/entry.ts'
import { hashFile } from '../../lib/hash-file.ts'
import { findFiles, readGlobs } from './globs.ts'
import { sha256 } from './inputs.ts'

type Row = Parameters<typeof contentDigest>[0][number]

/** 64 hex digits over paths, kinds and contents; the digest of an entry with the same files and no outputs. `config_invalid` for globs that lead out of the folder. */
export const digestFiles = async (
  directory: string,
  globs: readonly string[],
  signal: AbortSignal,
): Promise<string> => {
  const rows: Row[] = []
  for (const path of findFiles(directory, readGlobs(globs))) {
    const full = join(directory, path)
    const seen = lstatSync(full)
    if (seen.isSymbolicLink()) rows.push({ path, kind: 'link', content: readlinkSync(full) })
    else {
      const kind = (seen.mode & 0o100) === 0 ? 'file' : 'executable'
      rows.push({ path, kind, content: (await hashFile(full, signal)).sha256 })
    }
  }
  return contentDigest(rows, {}, sha256)
}
