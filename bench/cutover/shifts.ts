/** When traffic was shifted, as the ledger tells it: the events of a rollout, decided again. */
import { rolloutMachine } from '../../packages/sluice/src/core/rollout/machine.ts'
import type { RolloutEvent, RolloutState } from '../../packages/sluice/src/core/rollout/types.ts'
import type { ControlPlane } from '../../packages/sluice/src/app.ts'

/** One shift of an environment's traffic, epoch ms. */
export type RecordedShift = { readonly environment: string; readonly at: number }

const pageRows = 1_000

/** Every shift in the ledger. */
export const recordedShifts = async ({ engine }: ControlPlane): Promise<readonly RecordedShift[]> => {
  const states = new Map<string, RolloutState>()
  const shifts: RecordedShift[] = []
  for (let after = 0; ;) {
    const rows = await engine.ledger({ after, limit: pageRows })
    for (const { key, body } of rows) {
      if (key.kind !== 'rollout') continue
      // Documented parser: a rollout's rows hold what its machine was given.
      const event = body as RolloutEvent
      const { state, effects } = rolloutMachine.decide(states.get(key.id) ?? { status: 'absent' }, event)
      states.set(key.id, state)
      if (state.status === 'absent' || !effects.some(({ action }) => action.kind === 'shift')) continue
      shifts.push({ environment: state.plan.spec.name, at: event.at })
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageRows) return shifts
    after = last.seq
  }
}
