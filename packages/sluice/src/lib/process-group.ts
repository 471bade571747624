/** Ending a process and everything that it started. */
import { setTimeout as sleep } from 'node:timers/promises'
import { readdirSync, readFileSync } from 'node:fs'
import { limits } from '../core/limits.ts'

/** Whether any process of the group is alive (zombies do not count where /proc tells). */
export const isGroupAlive = (group: number): boolean => {
  try {
    process.kill(-group, 0)
  } catch {
    return false
  }
  return process.platform !== 'linux' || hasLiveMember(group)
}

/** Sends to every process of a group but its leader: whoever only watches over the others must live on to tell how they ended. Linux only; elsewhere to all. */
export const signalMembers = (leader: number, name: NodeJS.Signals): void => {
  if (process.platform !== 'linux') return send(leader, name)
  for (const pid of membersOf(leader)) if (pid !== leader) sendOne(pid, name)
}

/** Direct children of a process, oldest first; Linux only, elsewhere none. Source: proc(5), `children`, with a look at every process where the kernel has no such file. */
export const childrenOf = (pid: number): readonly number[] => {
  try {
    return numbers(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' '))
  } catch {
    return process.platform === 'linux' ? allProcesses().filter((one) => statOf(one)?.parent === pid) : []
  }
}

/** How a group is looked at; the system's look and the limit, when absent. */
export type GroupLook = { readonly isAlive?: (group: number) => boolean; readonly killWaitMs?: number }

/**
 * Waits until a process that was just started leads its group: on a busy machine whoever started it is told of it before it has come to that, and a signal to the group would find nobody. Linux
 * only; elsewhere it does not wait.
 */
export const groupBegun = async (leader: number): Promise<void> => {
  const until = performance.now() + limits.groupBeginMs
  while (performance.now() < until) {
    const stat = statOf(leader)
    if (stat === null || stat.group === leader) return
    await sleep(1)
  }
}

/**
 * SIGTERM to the group, a grace, SIGKILL. Resolves once nothing of it is left, or only what has its SIGKILL and sits in the kernel, where no signal reaches it: that ends
 * when it comes back, and nobody can wait for it. Safe to repeat.
 */
export const endGroup = async (
  group: number,
  graceMs: number,
  { isAlive = isGroupAlive, killWaitMs = limits.killWaitMs }: GroupLook = {},
): Promise<void> => {
  await groupBegun(group)
  send(group, 'SIGTERM')
  const deadline = performance.now() + graceMs
  while (isAlive(group)) {
    if (performance.now() >= deadline) break
    await sleep(10)
  }
  const givenUpAt = performance.now() + killWaitMs
  while (isAlive(group) && performance.now() < givenUpAt) {
    send(group, 'SIGKILL')
    await sleep(5)
  }
}

const send = (group: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(-group, signal)
  } catch {
    // Nothing there to send to: that is what was wanted.
  }
}

const sendOne = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {
    // It ended while we looked.
  }
}

/** The leader is asked first: a look at every process of the machine is dear. */
const hasLiveMember = (group: number): boolean => statOf(group)?.group === group || membersOf(group).length > 0

/** Processes of the group that are alive; Linux only, elsewhere none is found. */
export const membersOf = (group: number): readonly number[] => allProcesses().filter((pid) => groupOf(pid) === group)

/** Every process; Linux only, elsewhere none. */
export const allProcesses = (): readonly number[] => (process.platform === 'linux' ? numbers(readdirSync('/proc')) : [])

const numbers = (names: readonly string[]): readonly number[] => names.filter((name) => /^\d+$/.test(name)).map(Number)

/** The group of a process; null for one that is gone, or a zombie. Linux only. */
export const groupOf = (pid: number): number | null => statOf(pid)?.group ?? null

/** Null for a process that is gone, or a zombie. Of the some fifty fields only the first are made: this is asked of every process of a machine. */
const statOf = (pid: number): { readonly parent: number; readonly group: number } | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [state, parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ', 3)
    return state === 'Z' || state === 'X' ? null : { parent: Number(parent), group: Number(group) }
  } catch {
    // It ended while we looked.
    return null
  }
}
