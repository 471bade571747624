/** When all traffic was on the release of a rollout, by its ledger rows. */
import type { LedgerEntry } from '../ledger/entry.ts'
import type { ReleaseId } from '../model.ts'
import { rolloutMachine } from '../rollout/machine.ts'
import type { RolloutEvent, RolloutState } from '../rollout/types.ts'

/** The time of the first confirmed shift of all traffic to the release, epoch ms; null when there was none. The rows are those of one rollout, from its first. */
export const switchedAt = (rows: readonly LedgerEntry[], release: ReleaseId): number | null => {
  let state: RolloutState = { status: 'absent' }
  for (const { body } of rows) {
    const event = eventOf(body)
    if (event.type === 'effect_succeeded' && isSwitch(state, event.sequence, release)) return event.at
    state = rolloutMachine.decide(state, event).state
  }
  return null
}

/** Trusted: the bodies of a rollout's rows are what its machine accepted. */
const eventOf = (body: unknown): RolloutEvent => body as RolloutEvent

const isSwitch = (state: RolloutState, sequence: number, release: ReleaseId): boolean => {
  if (state.status !== 'advancing' || state.stage.kind !== 'performing') return false
  const { effect } = state.stage
  if (effect.sequence !== sequence || effect.action.kind !== 'shift') return false
  return effect.action.shares.some((share) => share.release === release && share.shareBp === 10_000)
}
