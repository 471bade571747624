/**
 * What configs of commits evaluate to, kept by commit: the same commit is the same config (it is evaluated with nothing of the caller's environment), and
 * evaluating one takes a checkout and a process. The value is kept as it was exported, so that a newer Sluice reads it by its own schema.
 */
import { readFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { CommitId } from '../../core/model.ts'
import { writeWhole } from '../../lib/files.ts'

/** An evaluated config, before it is read by the schema. */
export type Evaluated = {
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
    const { file, text, value, packageJson } = kept
    if (typeof file !== 'string' || typeof text !== 'string' || packageJson === undefined) return null
    return { file, text, value, packageJson }
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
