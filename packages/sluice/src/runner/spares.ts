/**
 * Folders of jobs that are over, for those that follow. To make the three folders of a job and to remove them again costs more than all else that is done for one
 * that does little; a rename costs a tenth. Only what looks as if it were just made is used again: three folders, and nothing in them but the step's script.
 */
import { randomBytes } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, renameSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { limits } from '../core/limits.ts'

/** The folders of a state directory that wait for a job; the next process removes those of one that was killed. */
export class Spares {
  readonly #folder: string
  readonly #waiting: string[] = []

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'spare')
  }

  /** Puts one in the place of a job's folder, where nothing is; does nothing without one. */
  give(folder: string): void {
    const spare = this.#waiting.pop()
    if (spare === undefined) return
    try {
      renameSync(spare, folder)
    } catch {
      // The job makes its own.
    }
  }

  /** Keeps the folder of a job that is over. False, and all is as it was, where that is not to be used again. */
  keep(folder: string): boolean {
    if (this.#waiting.length >= limits.spareFoldersMax) return false
    try {
      if (!isBare(folder)) return false
      if (this.#waiting.length === 0) mkdirSync(this.#folder, { recursive: true })
      const spare = join(this.#folder, randomBytes(8).toString('hex'))
      renameSync(folder, spare)
      this.#waiting.push(spare)
      return true
    } catch {
      return false
    }
  }

  /** Lets go of all of them, and of what an earlier process left; gives the folder that they are in. */
  release(): string {
    this.#waiting.length = 0
    return this.#folder
  }
}

/** Empties the folder of the only step. See `workspace.ts` and `step-files.ts` for what there is in a job's folder. */
const isBare = (folder: string): boolean => {
  const temporary = join(folder, 't')
  const step = join(temporary, '0')
  const [names, below, files] = [readdirSync(folder), readdirSync(temporary), readdirSync(step)]
  if (names.join() !== 't' || below.join() !== '0' || files.join() !== 'script') return false
  const made = lstatSync(folder)
  const places = [lstatSync(temporary), lstatSync(step)]
  const isAsMade = places.every(
    (place, index) =>
      place.isDirectory() &&
      place.uid === made.uid &&
      place.gid === made.gid &&
      (index === 1 ? ownOnly : made.mode & 0o7777) === (place.mode & 0o7777),
  )
  if (!isAsMade || made.uid !== process.getuid?.()) return false
  unlinkSync(join(step, 'script'))
  return true
}

/** As `makeStepFolder` makes it. */
const ownOnly = 0o700
