/**
 * What configs of commits evaluate to, kept by commit: the same commit is the same config (it is evaluated with nothing of the caller's environment), and
 * evaluating one takes a checkout and a process. The value is kept as it was exported, so that another Sluice reads it by its own schema; what this one's schema
 * made of it is kept beside it, under the stamp of that schema, because loading the schema takes a third of the time that a small run takes.
 */
import { readdirSync, statSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Settings } from '../../core/config/settings.ts'
import type { CommitId } from '../../core/model.ts'
import { writeWhole } from '../../lib/files.ts'

/** What a schema made of a config. */
export type Read = { readonly stamp: string; readonly settings: Settings }

/** An evaluated config, before it is read by the schema, and what a schema made of it. */
export type Evaluated = {
  readonly read?: Read
  readonly file: string
  readonly text: string
  readonly value: unknown
  readonly packageJson: string | null
}

/** The config of a commit as it was evaluated before; null when it was not, or when what is kept cannot be read. */
export const recall = async (folder: string, commit: CommitId): Promise<Evaluated | null> => {
  try {
    // Documented parser: the file is this module's own, in a folder that only its owner may enter.
    const kept = JSON.parse(await readFile(pathOf(folder, commit), 'utf8')) as Partial<Evaluated>
    const { file, text, value, packageJson, read } = kept
    if (typeof file !== 'string' || typeof text !== 'string' || packageJson === undefined) return null
    return { file, text, value, packageJson, ...(read === undefined ? {} : { read }) }
  } catch {
    return null
  }
}

/** Keeps an evaluated config. A disk that refuses it costs time at the next run, and nothing else. */
export const remember = async (folder: string, commit: CommitId, evaluated: Evaluated): Promise<void> => {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeWhole(pathOf(folder, commit), JSON.stringify(evaluated))
  } catch {
    // See above.
  }
}

const pathOf = (folder: string, commit: CommitId): string => join(folder, `${commit}-${process.version}.json`)

/** Changes with the files of the schema: names, sizes and times of the folder that holds it; where only what was built is there, one of the names is a hash of them. */
export const schemaStamp = (): string => {
  const folder = fileURLToPath(new URL('../../core/config/', import.meta.url))
  const files = readdirSync(folder).toSorted()
  return files
    .map((file) => {
      const { size, mtimeMs } = statSync(join(folder, file))
      return `${file}:${size}:${Math.round(mtimeMs)}`
    })
    .join(' ')
}
