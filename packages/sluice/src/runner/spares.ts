/**
 * Folders of jobs that are over, for those that follow, also in the next process. To make the three folders of a job and to remove them again costs more than all
 * else that is done for one that does little; a rename costs a tenth. Only what looks as if it were just made is used again: three folders, and nothing else.
 */
import { randomBytes } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, renameSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { limits } from '../core/limits.ts'

/** The folders of a state directory that wait for a job. */
export class Spares {
  readonly #folder: string
  /** Null before anybody looked which there are. */
  #waiting: string[] | null = null

  constructor(stateDir: string) {
    this.#folder = join(stateDir, 'spare')
  }

  /** Puts one in the place of a job's folder, where nothing is; does nothing where there is none. */
  give(folder: string): void {
    const waiting = this.#known()
    for (let spare = waiting.pop(); spare !== undefined; spare = waiting.pop()) {
      try {
        // One that somebody has put something into stays where it is.
        if (!isBare(spare, [])) continue
        renameSync(spare, folder)
        return
      } catch {
        // The job makes its own.
      }
    }
  }

  /** Keeps the folder of a job that is over. False, and all is as it was, where that is not to be used again. */
  keep(folder: string): boolean {
    const waiting = this.#known()
    if (waiting.length >= limits.spareFoldersMax) return false
    try {
      if (!isBare(folder, ['script'])) return false
      unlinkSync(join(folder, 't', '0', 'script'))
      const spare = join(this.#folder, randomBytes(8).toString('hex'))
      renameSync(folder, spare)
      waiting.push(spare)
      return true
    } catch {
      return false
    }
  }

  #known(): string[] {
    if (this.#waiting !== null) return this.#waiting
    this.#waiting = []
    try {
      mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
      this.#waiting = readdirSync(this.#folder).map((name) => join(this.#folder, name))
    } catch {
      // Jobs do without.
    }
    return this.#waiting
  }
}

/** Whether there is nothing in a job's folder but the folder of one step, and in that only `files`; see `workspace.ts` and `step-files.ts` for what there may be. */
const isBare = (folder: string, files: readonly string[]): boolean => {
  const temporary = join(folder, 't')
  const step = join(temporary, '0')
  const holds = (path: string, names: readonly string[]): boolean => readdirSync(path).join() === names.join()
  const isEmpty = holds(folder, ['t']) && holds(temporary, ['0']) && holds(step, files)
  return isEmpty && isAsMade({ folder, temporary, step })
}

/** As `openWorkspace` and `makeStepFolder` make them, by whom this process runs as. */
const isAsMade = (paths: { readonly folder: string; readonly temporary: string; readonly step: string }): boolean => {
  const [folder, temporary, step] = [lstatSync(paths.folder), lstatSync(paths.temporary), lstatSync(paths.step)]
  const own = process.getuid?.()
  return (
    [folder, temporary, step].every((place) => place.isDirectory() && place.uid === own && place.gid === folder.gid) &&
    modeOf(temporary.mode) === modeOf(folder.mode) &&
    modeOf(step.mode) === 0o700
  )
}

const modeOf = (mode: number): number => mode & 0o7777
