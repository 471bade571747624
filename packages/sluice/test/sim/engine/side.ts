/** Something that goes on beside the rollouts of a schedule, in a share of all schedules: people are told, commits arrive, a train goes. */
import type { Ports } from '../../../src/engine/ports.ts'
import type { Setting } from '../core/setting.ts'
import type { Incarnation } from './network.ts'

/** See the file's header. */
export interface Side {
  /** The world of one control plane, with what this side puts into it. */
  over(ports: Ports, process: Incarnation): Ports
  /** Between any two events while the weather is bad. */
  strike(): void
  /** Every now and then once the weather is fine: somebody looks after what waits for somebody. */
  lookAfter(): void
  /** Whether nothing of it is under way. */
  isOver(): boolean
  /** Throws where something does not hold, once everything is at rest. */
  mustHold(): void
}

/** What goes wrong with something beside the rollouts is no excuse for them. */
export const aside = <Result>(setting: Setting, work: () => Result): Result => {
  const { harmed, losses } = setting
  const result = work()
  setting.harmed = harmed
  setting.losses = losses
  return result
}
