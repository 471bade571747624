/** Gives types back to rows and states that a notice is made of. Trusted, as in `trusted.ts`: a row holds an event of the machine of its kind, and a state comes from that machine. */
import type { DrillState } from '../core/drill/types.ts'
import type { EnvironmentEvent } from '../core/environment.ts'
import type { IncidentState } from '../core/incident.ts'
import type { LedgerRow } from '../core/ledger/entry.ts'
import type { LineEvent } from '../core/line.ts'
import type { Moment } from '../core/notify/draft.ts'
import type { MessageState } from '../core/notify/message.ts'
import type { RunState } from '../core/pipeline/types.ts'
import type { ReleaseEvent } from '../core/release-machine.ts'
import type { RolloutState } from '../core/rollout/types.ts'
import type { TrainState } from '../core/train/types.ts'

/** The moment of a row whose event says all; null for one of another kind. */
export const momentOf = (row: LedgerRow, event: unknown): Moment | null => {
  switch (row.key.kind) {
    case 'environment':
      return { kind: 'environment', row, event: event as EnvironmentEvent }
    case 'release':
      return { kind: 'release', row, event: event as ReleaseEvent }
    case 'line':
      return { kind: 'line', row, event: event as LineEvent }
    default:
      return null
  }
}

/** The moment of a row between two states; null for a kind that is never told. */
export const momentAround = (row: LedgerRow, before: unknown, after: unknown): Moment | null => {
  switch (row.key.kind) {
    case 'run':
      return { kind: 'run', row, before: before as RunState, after: after as RunState }
    case 'rollout':
      return { kind: 'rollout', row, before: before as RolloutState, after: after as RolloutState }
    case 'incident':
      return { kind: 'incident', row, before: before as IncidentState, after: after as IncidentState }
    case 'drill':
      return { kind: 'drill', row, before: before as DrillState, after: after as DrillState }
    case 'train':
      return { kind: 'train', row, before: before as TrainState, after: after as TrainState }
    case 'message':
      return { kind: 'message', row, before: before as MessageState, after: after as MessageState }
    default:
      return null
  }
}
