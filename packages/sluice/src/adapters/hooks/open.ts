/** Hooks, loaded with the first call: most environments have none. */
import type { Hooks } from '../../ports/hooks.ts'
import type { CommandPlace } from './command.ts'

/** See `localHooks`. */
export const openHooks = (place: CommandPlace): Hooks => ({
  call: async (target, call, signal) => (await import('./hooks.ts')).localHooks(place).call(target, call, signal),
})
