/** Folded records as files: `cache/projections/<name>.json` in the state directory, which may be removed at any time. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeWhole } from '../../lib/files.ts'
import type { Projections } from '../../ports/projections.ts'

/** The records of a state directory. */
export const keptProjections = (stateDirectory: string): Projections => {
  const pathOf = (name: string): string => join(stateDirectory, 'cache', 'projections', `${name}.json`)
  return {
    read: (name) => readFile(pathOf(name), 'utf8').catch(() => null),
    keep: (name, text) => writeWhole(pathOf(name), text),
  }
}
