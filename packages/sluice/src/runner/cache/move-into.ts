/** Moves what is in one folder into another on the same disk. */
import { type Dirent, lstatSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { SluiceError } from '../../core/errors.ts'

/** Moves everything: a folder that is not there yet goes as a whole, files replace files. Nothing is moved (`artifact_mismatch`) when a folder would have to go through a link, or a file stands where a folder is wanted. */
export const moveInto = (from: string, to: string): void => {
  const moves = plan(from, to)
  for (const [source, target] of moves) renameSync(source, target)
}

/** Whether a file may be put at a path below a folder: its parents are folders or not there yet, and it does not replace a folder. `artifact_mismatch` otherwise. */
export const requireRoom = (folder: string, path: string): void => {
  const parts = path.split('/')
  for (const end of parts.keys()) {
    const place = join(folder, ...parts.slice(0, end + 1))
    const found = lstatSync(place, { throwIfNoEntry: false })
    if (found === undefined) return
    const isLast = end === parts.length - 1
    if (found.isDirectory() === isLast) throw inTheWay(place, found.isDirectory())
  }
}

type Move = readonly [source: string, target: string]

const plan = (from: string, to: string): readonly Move[] => {
  const entries: readonly Dirent[] = readdirSync(from, { withFileTypes: true })
  return entries.flatMap((entry): readonly Move[] => {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    const found = lstatSync(target, { throwIfNoEntry: false })
    if (found === undefined) return [[source, target]]
    if (entry.isDirectory() !== found.isDirectory()) throw inTheWay(target, found.isDirectory())
    return entry.isDirectory() ? plan(source, target) : [[source, target]]
  })
}

const inTheWay = (path: string, isFolder: boolean): SluiceError =>
  new SluiceError('artifact_mismatch', {
    detail: `${path} is ${isFolder ? 'a folder' : 'no folder'} here, and ${isFolder ? 'no folder' : 'a folder'} in the cache`,
    hint: 'remove it, or take it out of the outputs',
  })
