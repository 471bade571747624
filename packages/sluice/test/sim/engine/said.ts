/** What people say in the engine simulator. */
import type { CommandEvent } from '../../../src/core/rollout/commands.ts'
import type { Caller, Engine } from '../../../src/engine/engine.ts'
import type { MaintenanceWish } from '../../../src/engine/commands/maintenance.ts'
import { faults } from '../core/faults.ts'
import type { Prng } from '../prng.ts'

/** What somebody says to a rollout, by the number of the fault that it is. */
export const commandOf: Readonly<Record<number, CommandEvent['type']>> = {
  [faults.command_abort]: 'abort_requested',
  [faults.command_pause]: 'pause_requested',
  [faults.command_resume]: 'resume_requested',
  [faults.command_skip]: 'skip_requested',
  [faults.command_promote]: 'promote_requested',
  [faults.command_retry]: 'retry_requested',
}

/** Somebody lets things go forward again. */
export const resumingLine = (engine: Engine, caller: Caller): Promise<unknown> => engine.governance.resumeLine(caller)

/** What somebody puts between clients and the release: nothing any more, a wait, or a page. */
export const drawWish = (random: Prng): MaintenanceWish | null => {
  const dice = random.next() & 3
  if (dice === 0) return null
  return dice === 1
    ? { kind: 'hold', holdMs: 1 + random.below(50_000) }
    : { kind: 'page', html: null, retryAfterMs: 1_000 }
}
