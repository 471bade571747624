/** Process groups that were written down, for systems where a process's environment cannot be read. */
import { readFile, rm } from 'node:fs/promises'
import { endGroup } from '../lib/process-group.ts'
import { isRunning, type ProcessIdentity } from '../lib/process-identity.ts'

/** Ends every group of a list that still runs, and removes the list. */
export const endRecorded = async (path: string, graceMs: number): Promise<void> => {
  const text = await readFile(path, 'utf8').catch(() => '')
  for (const line of text.split('\n')) {
    const leader = parseIdentity(line)
    if (leader !== null && isRunning(leader)) await endGroup(leader.pid, graceMs)
  }
  await rm(path, { force: true })
}

const parseIdentity = (line: string): ProcessIdentity | null => {
  try {
    const record: unknown = JSON.parse(line)
    if (typeof record !== 'object' || record === null || !('pid' in record && 'startTime' in record)) return null
    const { pid, startTime } = record
    return typeof pid === 'number' && typeof startTime === 'string' ? { pid, startTime } : null
  } catch {
    return null
  }
}
