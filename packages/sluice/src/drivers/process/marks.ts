/** Finds processes of this driver that no record names (daemons of an instance; all, when the record was lost) by the marks in their environment. Linux only; elsewhere it finds none. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { identify } from '../../lib/process-identity.ts'
import type { ProcessIdentity } from '../../lib/process-identity.ts'
import { groupOf } from './groups.ts'
import { stateVariable } from './requests.ts'

/** The mark of the processes of a state directory (its real path). */
export const markOf = (directory: string): string => createHash('sha256').update(directory).digest('hex').slice(0, 16)

/** A running process that carries our mark. */
export type MarkedProcess = {
  readonly process: ProcessIdentity
  /** Whether it leads its process group, as every process that the driver starts does. */
  readonly leads: boolean
  readonly instance: string
  readonly release: string
  readonly service: string
  readonly environment: string
  readonly port: number
}

/** Every running process marked with this state directory's mark, oldest first. */
export const findMarked = async (stateMark: string): Promise<readonly MarkedProcess[]> => {
  if (process.platform !== 'linux') return []
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(pids.map((pid) => readMarked(pid, `${stateVariable}=${stateMark}`)))
  return found
    .filter((one) => one !== null)
    .toSorted((a, b) => Number(a.process.startTime) - Number(b.process.startTime))
}

const readMarked = async (pid: string, mark: string): Promise<MarkedProcess | null> => {
  // Processes of other users, and those that end while we look, cannot be read and are not ours.
  const text = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
  const entries = text.split('\0')
  if (!entries.includes(mark)) return null
  const value = (name: string): string =>
    entries.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? ''
  const identity = identify(Number(pid))
  if (identity === null) return null
  return {
    process: identity,
    leads: (await groupOf(pid)) === pid,
    instance: value('SLUICE_INSTANCE'),
    release: value('SLUICE_RELEASE'),
    service: value('SLUICE_SERVICE'),
    environment: value('SLUICE_ENVIRONMENT'),
    port: Number(value('PORT')),
  }
}
