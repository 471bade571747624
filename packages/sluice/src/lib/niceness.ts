/**
 * How far a process steps back for others. On Linux niceness belongs to each thread; and where each session gets the same share of the
 * processor (sched_autogroup, the default of desktops and of many servers), niceness orders only the threads of one session, and the session
 * has a niceness of its own. A process that leads a session needs both. Sources: sched(7), setpriority(2), capabilities(7).
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { allProcesses, groupOf } from './process-group.ts'

/** Of what may wait for others. It still gets a tenth of a core that one other wants; with 19 that would be a hundredth, and nothing would ever start. */
export const behindNiceness = 10

/** Bits of a capability set. */
const capSysAdmin = 21n
const capSysNice = 23n

/**
 * Whether what was made nicer can be made as before. Elsewhere than on Linux the answer is no: other processes of a group could not be found.
 * A session's niceness may be changed by everybody, but only ten times a second on the whole machine, unless one is CAP_SYS_ADMIN.
 */
export const canUndoNiceness = (): boolean => {
  if (process.platform !== 'linux') return false
  const effective = BigInt(`0x${fieldOf('/proc/self/status', /^CapEff:\s+([0-9a-f]+)$/m) ?? '0'}`)
  const has = (bit: bigint): boolean => ((effective >> bit) & 1n) === 1n
  // The limit is 20 minus the lowest niceness that one may return to.
  const limit = fieldOf('/proc/self/limits', /^Max nice priority\s+(\S+)/m)
  const allowed = limit === 'unlimited' || Number(limit ?? 0) >= 20 - os.getPriority()
  return (has(capSysNice) || allowed) && (has(capSysAdmin) || !existsSync('/proc/self/autogroup'))
}

/** Sets the niceness (−20 to 19) of a process and, if it leads a session, of that. False where that is not allowed, or it is gone. */
export const setNiceness = (pid: number, niceness: number): boolean => {
  try {
    os.setPriority(pid, niceness)
    if (process.platform !== 'linux') return true
    settle(() => [pid], niceness)
    if (leadsSession(pid) && existsSync(autogroupOf(pid))) writeFileSync(autogroupOf(pid), String(niceness))
    return true
  } catch {
    return false
  }
}

/**
 * The same for every process of the group that this one leads. Looked at are those whose niceness is another: to ask the system for that is a hundredth of the work of reading to which group
 * a process belongs, and a machine may have thousands.
 */
export const setGroupNiceness = (leader: number, niceness: number): boolean => {
  const members = new Set([leader])
  const membersNow = (): readonly number[] => {
    for (const pid of allProcesses()) {
      if (!members.has(pid) && nicenessOf(pid) !== niceness && groupOf(pid) === leader) members.add(pid)
    }
    return [...members]
  }
  settle(membersNow, niceness)
  return setNiceness(leader, niceness)
}

const roundsMax = 5

/** Until every thread has it: one that was made meanwhile has the niceness of its maker. */
const settle = (pidsNow: () => readonly number[], niceness: number): void => {
  for (let round = 0; round < roundsMax; round += 1) {
    const others = pidsNow()
      .flatMap(threadsOf)
      .filter((thread) => nicenessOf(thread) !== niceness)
    if (others.length === 0) return
    for (const thread of others) setThread(thread, niceness)
  }
}

const threadsOf = (pid: number): readonly number[] => {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number)
  } catch {
    // It ended while we looked.
    return []
  }
}

/** That of a process's first thread; null when it is gone. */
export const nicenessOf = (pid: number): number | null => {
  try {
    return os.getPriority(pid)
  } catch {
    return null
  }
}

const setThread = (thread: number, niceness: number): void => {
  try {
    os.setPriority(thread, niceness)
  } catch {
    // Gone, or not allowed; the process itself is set last, and tells.
  }
}

const autogroupOf = (pid: number): string => `/proc/${pid}/autogroup`

/** Field 6 of /proc/PID/stat is the session. */
const leadsSession = (pid: number): boolean => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3] === String(pid)
}

const fieldOf = (file: string, field: RegExp): string | null => field.exec(readFileSync(file, 'utf8'))?.[1] ?? null
