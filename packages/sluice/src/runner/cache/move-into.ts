/** Moves what is in one folder into another on the same disk. */
import { type Dirent, lstatSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { SluiceError } from '../../core/errors.ts'

/** Moves everything: a folder that is not there yet goes as a whole, files replace files. Nothing is moved (`artifact_mismatch`) when a folder would have to go through a link, or a file stands where a folder is wanted. */
export const moveInto = (from: string, to: string): void => {
  const moves = plan(from, to)
  for (const [source, target] of moves) renameSync(source, target)
}

type Move = readonly [source: string, target: string]

const plan = (from: string, to: string): readonly Move[] => {
  const entries: readonly Dirent[] = readdirSync(from, { withFileTypes: true })
  return entries.flatMap((entry): readonly Move[] => {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    const found = lstatSync(target, { throwIfNoEntry: false })
    if (found === undefined) return [[source, target]]
    if (entry.isDirectory() !== found.isDirectory())
      throw new SluiceError('artifact_mismatch', {
        detail: `${target} is ${found.isDirectory() ? 'a folder' : 'no folder'} here, and ${entry.isDirectory() ? 'a folder' : 'no folder'} in the cache`,
        hint: 'remove it, or take it out of the outputs',
      })
    return entry.isDirectory() ? plan(source, target) : [[source, target]]
  })
}
