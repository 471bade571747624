/** What must hold of a disk on which somebody stopped the line. */
import type { MemoryDisk } from '../../../src/adapters/store/memory.ts'
import type { LineState } from '../../../src/core/line.ts'
import type { RolloutEvent } from '../../../src/core/rollout/types.ts'
import { demand } from '../breach.ts'
import { liveRolloutOn } from './ledger-laws.ts'

/** Whether a drill, or a rollback that somebody else asked for, may be under way. */
export const goesBackByItself = (disk: MemoryDisk): boolean =>
  disk.rows().some(({ key }) => key.kind === 'drill') || liveRolloutOn(disk)?.plan.purpose === 'rollback'

/** Whether somebody has stopped the line, as the disk has it. */
export const isLineStopped = (disk: MemoryDisk): boolean =>
  [...disk.aggregates()].some(({ key, state }) => key.kind === 'line' && (state as LineState).status === 'stopped')

/** Invariant: while the line was stopped, nothing was let in but ways back. */
export const mustHaveKeptOut = (disk: MemoryDisk): void => {
  let isStopped = false
  for (const { type, body } of disk.rows()) {
    if (type === 'line_stopped') isStopped = true
    else if (type === 'line_resumed') isStopped = false
    else if (type === 'rollout_started' && isStopped) {
      const { plan } = body as Extract<RolloutEvent, { type: 'rollout_started' }>
      demand(plan.purpose === 'rollback', 'a stopped line let something in')
    }
  }
}
