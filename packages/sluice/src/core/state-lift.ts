/**
 * Upgrade in flight: a state carries the version of the machine that made it, a newer binary lifts it purely, and an older one leaves it alone.
 * The plan inside (steps, policies, digests) was frozen at the start and is never made again.
 */
import { SluiceError } from './errors.ts'

/** Turns a state of one machine version into one of the next. Pure. */
export type StateLift = (state: unknown) => unknown

/** A state and the machine version that it was stored by. */
export type VersionedState = { readonly machineVersion: number; readonly state: unknown }

/** The state as today's machine understands it; `lifts[n]` goes from version n + 1 to n + 2. Throws `store_newer` for a state of a later machine. */
export const liftState = ({ machineVersion, state }: VersionedState, lifts: readonly StateLift[]): unknown => {
  const today = lifts.length + 1
  if (machineVersion > today) {
    throw new SluiceError('store_newer', {
      detail: `the state was made by machine version ${machineVersion}; this Sluice knows up to ${today}`,
      hint: 'use the newer Sluice that wrote it; nothing was changed',
    })
  }
  return lifts.slice(machineVersion - 1).reduce((lower, lift) => lift(lower), state)
}
