/**
 * What a job wrote into its workspace, where no overlay tells: files whose `ctime` is later than the job's beginning by the clock of the disk. `ctime`, because
 * archives and package managers set `mtime` back.
 */
import { type Dirent, lstatSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Listing } from './listing.ts'

/** The moment before a job, as the disk of its workspace counts. */
export type Beginning = { readonly directory: string; readonly at: number }

/** Marks the beginning of a job; takes one tick of the disk's clock (some milliseconds), so that what was there before looks older than what comes. */
export const markBeginning = async (directory: string): Promise<Beginning> => {
  const first = diskTime(directory)
  for (;;) {
    await sleep(1)
    const at = diskTime(directory)
    if (at > first) return { directory, at }
  }
}

/** Files looked at between two turns of the loop. */
const filesPerTurn = 2_000

/** What was written or removed since, paths sorted. `.git` is not looked into. */
export const findWritten = async (
  { directory, at }: Beginning,
  { paths }: Pick<Listing, 'paths'>,
): Promise<{ readonly written: readonly string[]; readonly removed: readonly string[] }> => {
  const written: string[] = []
  const present = new Set<string>()
  const folders = ['']
  let count = 0
  for (const folder of folders) {
    const entries: readonly Dirent[] = readdirSync(join(directory, folder), { withFileTypes: true })
    for (const entry of entries) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) {
        if (entry.name !== '.git') folders.push(path)
        continue
      }
      present.add(path)
      if (changedAt(join(directory, path)) >= at) written.push(path)
      count += 1
      if (count % filesPerTurn === 0) await nextTurn()
    }
  }
  return { written: written.toSorted(), removed: paths.filter((path) => !present.has(path)) }
}

/** When a file changed. One with several names (package managers link from their stores) changes whenever another name comes or goes; there the content's time counts. */
const changedAt = (path: string): number => {
  const seen = lstatSync(path, { throwIfNoEntry: false })
  if (seen === undefined) return 0
  return seen.nlink > 1 ? seen.mtimeMs : seen.ctimeMs
}

const diskTime = (directory: string): number => {
  const path = join(directory, '.sluice-clock')
  writeFileSync(path, '')
  const { ctimeMs } = lstatSync(path)
  rmSync(path)
  return ctimeMs
}
