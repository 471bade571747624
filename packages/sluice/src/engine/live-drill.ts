/** Finding the drill that is under way. */
import type { Desk } from './desk.ts'
import { asDrill, type Drilling } from './trusted.ts'

/** The drill that is under way in an environment; null when none is. */
export const liveDrill = (
  { loop }: Pick<Desk, 'loop'>,
  { service, environment }: { readonly service: string; readonly environment: string },
): Drilling | null => {
  for (const key of loop.live('drill')) {
    const state = asDrill(loop.heldState(key))
    if (state.status !== 'drilling') continue
    if (state.plan.service === service && state.plan.environment === environment) return state
  }
  return null
}
