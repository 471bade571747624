/** The end of every instance of a state directory, while no control plane runs. What should run stays written down: the next one starts it again. */
import { realpathSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { endGroup } from '../../lib/process-group.ts'
import { isRunning } from '../../lib/process-identity.ts'
import { findMarked, markOf } from './marks.ts'
import { decodeRecord, parseRecordFileName } from './records.ts'

/** Ends the processes on record, and those without one that carry the mark. Gives how many groups were ended; safe to repeat. */
export const endInstances = async (stateDir: string, graceMs: number): Promise<number> => {
  const directory = realpathSync(stateDir)
  const recorded = await recordedLeaders(join(directory, 'instances'))
  const marked = (await findMarked(markOf(directory))).filter(({ leads }) => leads).map((one) => one.process.pid)
  const groups = new Set([...recorded, ...marked])
  await Promise.all([...groups].map((group) => endGroup(group, graceMs)))
  return groups.size
}

const recordedLeaders = async (folder: string): Promise<readonly number[]> => {
  const names = (await readdir(folder).catch(() => [])).filter((name) => parseRecordFileName(name) !== null)
  const records = await Promise.all(
    names.map(async (name) => decodeRecord(await readFile(join(folder, name), 'utf8'), name)),
  )
  return records
    .flatMap(({ instances, leaving }) => [...instances, ...leaving])
    .flatMap(({ process }) => (process !== null && isRunning(process) ? [process.pid] : []))
}
