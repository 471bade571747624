/** Ending a process and everything that it started. */
import { setTimeout as sleep } from 'node:timers/promises'
import { readdirSync, readFileSync } from 'node:fs'

/** Whether any process of the group is alive (zombies do not count where /proc tells). */
export const isGroupAlive = (group: number): boolean => {
  try {
    process.kill(-group, 0)
  } catch {
    return false
  }
  return process.platform !== 'linux' || hasLiveMember(group)
}

/** SIGTERM to the group, a grace, SIGKILL. Resolves once nothing of it is left; safe to repeat. */
export const endGroup = async (group: number, graceMs: number): Promise<void> => {
  send(group, 'SIGTERM')
  const deadline = performance.now() + graceMs
  while (isGroupAlive(group)) {
    if (performance.now() >= deadline) break
    await sleep(10)
  }
  while (isGroupAlive(group)) {
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

/** Processes of the group that are alive; Linux only, elsewhere none is found. */
export const membersOf = (group: number): readonly number[] =>
  process.platform === 'linux' ? [...livePids(group)] : []

const hasLiveMember = (group: number): boolean => livePids(group).next().done !== true

function* livePids(group: number): Generator<number> {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const [state, , memberOf] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (memberOf !== String(group) || state === 'Z' || state === 'X') continue
    } catch {
      // It ended while we looked.
      continue
    }
    yield Number(name)
  }
}
