/** Finding the drill that is under way. */
import { SluiceError } from '../../core/errors.ts'
import type { Desk } from '../desk.ts'
import { asDrill, type Drilling } from '../trusted.ts'

type Place = { readonly service: string; readonly environment: string }

/**
 * The drill that is under way in an environment; null when none is. Throws `overloaded` while nobody knows: after a write that failed drills are taken up again, and one that is between its two
 * ways has nothing else to show for itself.
 */
export const liveDrill = ({ loop }: Pick<Desk, 'loop'>, { service, environment }: Place): Drilling | null => {
  if (loop.isRunning && !loop.isWhole)
    throw new SluiceError('overloaded', { detail: 'a write failed, and what is under way is read again; ask again' })
  for (const key of loop.live('drill')) {
    const state = asDrill(loop.heldState(key))
    if (state.status !== 'drilling') continue
    if (state.plan.service === service && state.plan.environment === environment) return state
  }
  return null
}

/** The same, once it is known. */
export const knownDrill = async ({ loop }: Pick<Desk, 'loop'>, place: Place): Promise<Drilling | null> => {
  while (loop.isRunning && !loop.isWhole) await loop.whole()
  return liveDrill({ loop }, place)
}
