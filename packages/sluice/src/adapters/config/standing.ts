/**
 * What the config of a working directory came to, kept for as long as none of the files that it was made of has changed. A control plane asks for it every minute, and to evaluate one takes a
 * process of Node and the schema. Kept in memory and on disk, so that a control plane that starts again needs neither. What cannot be told to be unchanged (a config that reads files by itself, starts
 * programs, imports a package by its name, or asks for the time, the network or its process; a file that was only just written) is evaluated each time.
 */
import { createHash } from 'node:crypto'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Settings } from '../../core/config/settings.ts'
import { limits } from '../../core/limits.ts'
import { writeWhole } from '../../lib/files.ts'
import { configFiles } from '../../core/config/file-names.ts'

/** A file as it was: anything that a change of it changes. */
type Seen = { readonly path: string; readonly mark: string }

/** Settings, and what they were made of: the schema, and every file that was read for them. */
export type Standing = {
  readonly stamp: string
  /** The config's own file name, before which no other may have come up. */
  readonly file: string
  readonly files: readonly Seen[]
  readonly settings: Settings
}

/** Whether everything is as it was. */
export const stillStands = async (directory: string, standing: Standing, stamp: string): Promise<boolean> => {
  if (standing.stamp !== stamp) return false
  for (const file of configFiles.slice(0, configFiles.indexOf(standing.file))) {
    if ((await markOf(join(directory, file))) !== null) return false
  }
  for (const { path, mark } of standing.files) if ((await markOf(path))?.text !== mark) return false
  return true
}

/** What was made of these files by an evaluation that began at `begunAt`, epoch ms; null when one may have changed under its hands. */
export const standingOf = async (
  made: Omit<Standing, 'files'> & { readonly paths: readonly string[]; readonly begunAt: number },
): Promise<Standing | null> => {
  const { paths, begunAt, ...rest } = made
  const files: Seen[] = []
  for (const path of paths) {
    const mark = await markOf(path)
    if (mark === null || mark.changedAt > begunAt - limits.cacheNoteAgeMs) return null
    files.push({ path, mark: mark.text })
  }
  return { ...rest, files }
}

/** What was kept of a directory; null when nothing was, or it cannot be read. */
export const recallStanding = async (folder: string, directory: string): Promise<Standing | null> => {
  try {
    // Documented parser: the file is this module's own, in a folder that only its owner may enter.
    const kept = JSON.parse(await readFile(pathOf(folder, directory), 'utf8')) as Partial<Standing>
    const { stamp, file, files, settings } = kept
    return stamp === undefined || file === undefined || files === undefined || settings === undefined
      ? null
      : { stamp, file, files, settings }
  } catch {
    return null
  }
}

/** Keeps it. A disk that refuses costs time at the next start, and nothing else. */
export const keepStanding = async (folder: string, directory: string, standing: Standing): Promise<void> => {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeWhole(pathOf(folder, directory), JSON.stringify(standing))
  } catch {
    // See above.
  }
}

const pathOf = (folder: string, directory: string): string =>
  join(folder, `standing-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}-${process.version}.json`)

/** Null for a file that is not there, or cannot be looked at. */
const markOf = async (path: string): Promise<{ readonly text: string; readonly changedAt: number } | null> => {
  try {
    const { ino, size, mtimeNs, ctimeNs, ctimeMs } = await stat(path, { bigint: true })
    return { text: `${ino} ${size} ${mtimeNs} ${ctimeNs}`, changedAt: Number(ctimeMs) }
  } catch {
    return null
  }
}
