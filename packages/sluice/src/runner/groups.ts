/** Process groups of jobs on record, for systems where nobody can see which processes belong to a job. */
import { appendFile, readFile, rm } from 'node:fs/promises'
import { endGroup } from '../lib/process-group.ts'
import { identify, isRunning, type ProcessIdentity } from '../lib/process-identity.ts'

/** Remembers the leader of a group, so that the next process can end what this one leaves. */
export const recordGroup = (path: string, leader: number): void => {
  const identity = identify(leader)
  if (identity !== null) void appendFile(path, `${JSON.stringify(identity)}\n`).catch(() => {})
}

/** Ends the groups on record, and forgets them. */
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
