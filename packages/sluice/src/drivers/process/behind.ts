/**
 * A new instance starts behind everybody else: to load a program takes a good part of a second of a whole core, and that is taken from
 * traffic that is being served. It steps forward once it listens, and after a while in any case: on a machine that has nothing to spare it would never come up.
 * Where it could not be made as before afterwards, it is left as it is. So nothing that serves is ever left behind, not even by a control plane that was killed: whoever takes a process up lets it catch up.
 */
import { getPriority } from 'node:os'
import { limits } from '../../core/limits.ts'
import { behindNiceness, canUndoNiceness, nicenessOf, setGroupNiceness, setNiceness } from '../../lib/niceness.ts'
import { isRunning } from '../../lib/process-identity.ts'
import type { ProcessIdentity } from '../../lib/process-identity.ts'

/** A start behind everybody else. */
export type Behind = {
  readonly isOn: () => boolean
  /** Lets the process catch up; safe to repeat. */
  readonly end: () => void
}

/** Begins, for one that waits at its gate and has started nothing yet; null where it could not be undone, or is so already. */
export const startBehind = (identity: ProcessIdentity): Behind | null => {
  if (getPriority() >= behindNiceness || !canUndoNiceness() || !setNiceness(identity.pid, behindNiceness)) return null
  let isOn = true
  const end = (): void => {
    if (!isOn) return
    isOn = false
    clearTimeout(timer)
    catchUp(identity)
  }
  const timer = setTimeout(end, limits.startBehindMs)
  timer.unref()
  return { isOn: () => isOn, end }
}

/** Makes a process that is behind, and all of its group, as important as this one. */
export const catchUp = (identity: ProcessIdentity): void => {
  if (nicenessOf(identity.pid) === behindNiceness && isRunning(identity)) setGroupNiceness(identity.pid, getPriority())
}
